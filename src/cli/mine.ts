/** `chain mine`: makes blocks now. */
import type { Door, Mined } from '../node/door.ts';
import type { NodeOptions } from '../node/node.ts';
import type { Hash } from '../primitives/codec.ts';
import type { Desk } from './desk.ts';
import { type Interruption, watchInterruption } from './interruption.ts';
import type { MiningPool } from './miningpool.ts';

export interface MineOptions {
  readonly blocks: number;
  readonly to?: string;
  /** How many threads search; all cores but one where it is not said. */
  readonly threads?: number;
  /** Whether to keep transaction and address indexes, where there are some. */
  readonly index: boolean;
}

export async function mine(desk: Desk, options: MineOptions): Promise<void> {
  const { blocks, to, threads, index } = options;
  const keyring = desk.keyring();
  const script = to === undefined ? keyring.defaultScript() : keyring.script(to);
  const miner = new Miner(desk, threads);
  const { search } = miner;
  const { door, running } = await desk.openDoor(index ? { search } : { search, hasIndex: false });
  if (running && threads !== undefined) {
    desk.note('The node that runs here mines, with as many threads as it was started with.');
  }
  const hashes: Hash[] = [];
  for (let i = 0; i < blocks; i++) {
    const { hash } = await miner.mineBlock(door, script);
    hashes.push(hash);
    desk.say(hash);
  }
  desk.answer('', hashes);
}

/** Often enough to be seen moving. */
const progressMs = 250;

/**
 * What a command mines with: an ear for interruptions, and threads, unless a node searches. Both
 * end with the command.
 */
export class Miner {
  readonly #desk: Desk;
  readonly #threads: number | undefined;
  readonly #interruption: Interruption;
  #starting: Promise<MiningPool> | undefined;
  #pool: MiningPool | undefined;

  constructor(desk: Desk, threads: number | undefined) {
    this.#desk = desk;
    this.#threads = threads;
    this.#interruption = watchInterruption();
    // The last to come is the first to end: nothing is open any more when a signal takes effect.
    desk.atEnd(async () => this.#interruption.end());
    desk.atEnd(async () => (await this.#starting)?.stop());
  }

  /** How a node searches that was opened for this command. */
  readonly search: NodeOptions['search'] = async (search, signal) => {
    this.#starting ??= newPool(this.#threads);
    this.#pool = await this.#starting;
    return this.#pool.search(search, signal);
  };

  /** Mines a block that pays this script, and tells how it goes while it lasts. */
  async mineBlock(door: Door, script: Uint8Array): Promise<Mined> {
    const { signal } = this.#interruption;
    const { tip } = await door.status();
    const endProgress = this.#showProgress(`mining block ${tip.height + 1} …`);
    signal.addEventListener('abort', endProgress);
    try {
      return await door.mine(script, signal);
    } finally {
      signal.removeEventListener('abort', endProgress);
      endProgress();
    }
  }

  /** Shows this, and how fast it goes where that is known, until the answer is called. */
  #showProgress(what: string): () => void {
    const begin = performance.now();
    const before = this.#pool?.tried ?? 0;
    const show = () => {
      const ms = performance.now() - begin;
      const rate = this.#pool && (this.#pool.tried - before) / ms / 1000;
      const speed = rate === undefined ? '' : ` ${rate.toFixed(2)} MH/s,`;
      this.#desk.progress(`${what}${speed} ${Math.floor(ms / 1000)} s`);
    };
    this.#desk.progress(what);
    const timer = setInterval(show, progressMs);
    return () => {
      clearInterval(timer);
      this.#desk.progress('');
    };
  }
}

async function newPool(threads: number | undefined): Promise<MiningPool> {
  const { availableParallelism } = await import('node:os');
  const { MiningPool, newThreads, threadCount } = await import('./miningpool.ts');
  return new MiningPool(newThreads(threadCount(threads, availableParallelism())));
}
