/** `chain mine`: makes blocks now. */
import { availableParallelism } from 'node:os';
import type { Node, NodeOptions } from '../node/node.ts';
import { hashHeader } from '../primitives/block.ts';
import type { Hash } from '../primitives/codec.ts';
import type { Desk } from './desk.ts';
import { type Interruption, watchInterruption } from './interruption.ts';
import { MiningPool, newThreads, threadCount } from './miningpool.ts';

export interface MineOptions {
  readonly blocks: number;
  readonly to?: string;
  /** How many threads search; all cores but one where it is not said. */
  readonly threads?: number;
  /** Whether to keep transaction and address indexes, where there are some. */
  readonly index: boolean;
}

export async function mine(desk: Desk, options: MineOptions): Promise<void> {
  const { blocks, to, index } = options;
  const keyring = desk.keyring();
  const script = to === undefined ? keyring.defaultScript() : keyring.script(to);
  const miner = new Miner(desk, options.threads);
  const { search } = miner;
  const node = await desk.openNode(index ? { search } : { search, hasIndex: false });
  const hashes: Hash[] = [];
  for (let i = 0; i < blocks; i++) {
    const hash = await miner.mineBlock(node, script);
    hashes.push(hash);
    desk.say(hash);
  }
  desk.answer('', hashes);
}

/** Often enough to be seen moving. */
const progressMs = 250;

/** What a command mines with: threads, and an ear for interruptions. Both end with the command. */
export class Miner {
  readonly #desk: Desk;
  readonly #pool: MiningPool;
  readonly #interruption: Interruption;

  constructor(desk: Desk, threads: number | undefined) {
    this.#desk = desk;
    this.#pool = new MiningPool(newThreads(threadCount(threads, availableParallelism())));
    this.#interruption = watchInterruption();
    // The last to come is the first to end: nothing is open any more when a signal takes effect.
    desk.atEnd(async () => this.#interruption.end());
    desk.atEnd(() => this.#pool.stop());
  }

  /** How the node of this command searches. */
  readonly search: NodeOptions['search'] = (search, signal) => this.#pool.search(search, signal);

  /** Mines a block that pays this script, and tells how it goes while it lasts; its hash. */
  async mineBlock(node: Node, script: Uint8Array): Promise<Hash> {
    const { signal } = this.#interruption;
    const endProgress = this.#showProgress(`mining block ${node.chain.tip.height + 1} …`);
    signal.addEventListener('abort', endProgress);
    try {
      const { header } = await node.mine(script, signal);
      return hashHeader(header);
    } finally {
      signal.removeEventListener('abort', endProgress);
      endProgress();
    }
  }

  /** Shows this and how fast it goes, until the answer is called. */
  #showProgress(what: string): () => void {
    const begin = performance.now();
    const before = this.#pool.tried;
    const show = () => {
      const ms = performance.now() - begin;
      const rate = (this.#pool.tried - before) / ms / 1000;
      this.#desk.progress(`${what} ${rate.toFixed(2)} MH/s, ${Math.floor(ms / 1000)} s`);
    };
    this.#desk.progress(what);
    const timer = setInterval(show, progressMs);
    return () => {
      clearInterval(timer);
      this.#desk.progress('');
    };
  }
}
