/**
 * Threads that search together: they take nonces from one board, so that none is tried twice, and
 * the first hit ends the search for all.
 */
import { isHit, type Search } from '../miner/kernel.ts';
import { Fault } from '../primitives/fault.ts';
import { type Board, endSearch, MiningThread, newBoard, triedOn } from './miningthread.ts';

/** One who searches: a thread, as a rule. */
export type Searcher = Pick<MiningThread, 'search' | 'stop'>;

/** How many threads search: as many as are asked for, else all cores but one, and never more. */
export function threadCount(asked: number | undefined, cores: number): number {
  return Math.max(1, Math.min(asked ?? cores - 1, cores));
}

/** So many threads, each of which starts when it is first needed. */
export function newThreads(count: number): readonly Searcher[] {
  return Array.from({ length: count }, () => new MiningThread());
}

export class MiningPool {
  readonly #threads: readonly Searcher[];
  readonly #boards = new Set<Board>();
  #triedBefore = 0;

  constructor(threads: readonly Searcher[]) {
    this.#threads = threads;
  }

  /** How many nonces were tried so far, as the threads tell it. */
  get tried(): number {
    return [...this.#boards].reduce((sum, board) => sum + triedOn(board), this.#triedBefore);
  }

  /** The nonce; `undefined` where none will do, or once the signal says that it is in vain. */
  async search(search: Search, signal: AbortSignal): Promise<number | undefined> {
    const board = newBoard();
    const end = () => endSearch(board);
    if (signal.aborted) return undefined;
    signal.addEventListener('abort', end);
    this.#boards.add(board);
    try {
      const answers = this.#threads.map((thread) => thread.search(search, board));
      const nonce = (await Promise.all(answers)).find((each) => each !== undefined);
      if (nonce === undefined || isHit(search, nonce)) return nonce;
      throw new Fault('mining', `the kernel answered the nonce ${nonce}, which does not do`);
    } finally {
      end();
      signal.removeEventListener('abort', end);
      this.#boards.delete(board);
      this.#triedBefore += triedOn(board);
    }
  }

  /** Ends the threads; a search that goes on fails. */
  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }
}
