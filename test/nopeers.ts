/**
 * The network as long as there is none: nodes can be added and banned, and all that is kept; but
 * nobody is connected, and nothing is sent.
 */
import type { AddedNode, Bans, Peer, Peering } from '../src/rpc/peering.ts';

export class NoPeers implements Peering {
  readonly bans: Bans;
  readonly #added = new Set<string>();
  #isActive = true;

  constructor(bans: Bans) {
    this.bans = bans;
  }

  peers(): readonly Peer[] {
    return [];
  }

  totals() {
    return { sentBytes: 0, receivedBytes: 0 };
  }

  added(): readonly AddedNode[] {
    return [...this.#added].map((address) => ({ address, connections: [] }));
  }

  add(address: string): boolean {
    const isNew = !this.#added.has(address);
    this.#added.add(address);
    return isNew;
  }

  remove(address: string): boolean {
    return this.#added.delete(address);
  }

  tryOnce(): void {}

  disconnect(): boolean {
    return false;
  }

  pingAll(): void {}

  get isActive(): boolean {
    return this.#isActive;
  }

  setActive(isActive: boolean): void {
    this.#isActive = isActive;
  }
}
