/**
 * Mining in a thread of its own, so that the rest of the program can go on.
 *
 * This file is both sides: the class here starts it as a worker, and there it answers each search
 * with the nonce that it found. What the threads of one search share is its board.
 */
import { isMainThread, parentPort } from 'node:worker_threads';
import type { Kernel, Search } from '../miner/kernel.ts';
import { workLast } from './priority.ts';
import { Thread } from './thread.ts';

/**
 * Memory that all threads of a search see: three numbers of 64 bits. How many nonces were taken,
 * how many were tried, and whether the search is over.
 */
export type Board = BigUint64Array<SharedArrayBuffer>;

const [taken, tried, over] = [0, 1, 2];

export function newBoard(): Board {
  return new BigUint64Array(new SharedArrayBuffer(24));
}

export function triedOn(board: Board): number {
  return Number(Atomics.load(board, tried));
}

/** Tells all threads of this search to leave it. */
export function endSearch(board: Board): void {
  Atomics.store(board, over, 1n);
}

/** One thread's part: takes what nobody took before, until something is found or nothing left. */
export function searchTogether(
  search: Search,
  board: Board,
  kernels: Generator<Kernel, never>,
): number | undefined {
  while (Atomics.load(board, over) === 0n) {
    const kernel = kernels.next().value;
    const begin = Number(Atomics.add(board, taken, BigInt(kernel.noncesAtOnce)));
    const count = Math.min(kernel.noncesAtOnce, search.count - begin);
    if (count <= 0) return undefined;
    const firstNonce = search.firstNonce + begin;
    const nonce = kernel.search({ ...search, firstNonce, count });
    Atomics.add(board, tried, BigInt(nonce === undefined ? count : nonce - firstNonce + 1));
    if (nonce === undefined) continue;
    endSearch(board);
    return nonce;
  }
  return undefined;
}

interface Job {
  readonly search: Search;
  readonly board: Board;
}

export class MiningThread {
  readonly #thread = new Thread<Job, number | undefined>(
    import.meta.url,
    'mining',
    'a mining thread ended',
  );

  /** The nonce that this thread found, if it did. A thread that died is started anew. */
  search(search: Search, board: Board): Promise<number | undefined> {
    return this.#thread.ask({ search, board });
  }

  stop(): Promise<void> {
    return this.#thread.stop();
  }
}

if (!isMainThread) {
  workLast();
  // Who starts the thread has no use for it.
  const { chooseKernel, wasmKernels } = await import('../miner/kernelchoice.ts');
  const kernels = chooseKernel(wasmKernels, () => performance.now());
  parentPort?.on('message', ({ search, board }: Job) => {
    parentPort?.postMessage(searchTogether(search, board, kernels));
  });
}
