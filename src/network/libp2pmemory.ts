/**
 * What libp2p remembers: whoever it met, was told of nearby, or dialled in vain, for as long as the
 * node runs. Strangers can make up names without end, so whoever is not there is forgotten.
 */
import type { Libp2p } from '@libp2p/interface';

export class Memory {
  readonly #host: Pick<Libp2p, 'peerStore' | 'getConnections'>;
  /** Who was not there at the last look. */
  #absent: ReadonlySet<string> = new Set();

  constructor(host: Pick<Libp2p, 'peerStore' | 'getConnections'>) {
    this.#host = host;
  }

  /**
   * Forgets whoever was there neither now nor at the last look: gossipsub learns from what is
   * remembered of a peer that it went, a moment after it did.
   */
  async look(): Promise<void> {
    const { peerStore } = this.#host;
    const all = await peerStore.all();
    const absent = all.filter(({ id }) => this.#host.getConnections(id).length === 0);
    for (const { id } of absent) if (this.#absent.has(`${id}`)) await peerStore.delete(id);
    this.#absent = new Set(absent.map(({ id }) => `${id}`));
  }
}
