/**
 * Mining in a thread of its own, so that the rest of the program can go on.
 *
 * This file is both sides: the class here starts it as a worker, and there it answers each search
 * with the nonce that it found. What the threads of one search share is its board.
 */
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { type Search, searchNonce } from '../miner/kernel.ts';
import { Fault } from '../primitives/fault.ts';
import { workLast } from './priority.ts';

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

/** Nonces that a thread takes at a time: in plain JavaScript a hundredth of a second. */
const noncesAtOnce = 10_000;

/** One thread's part: takes what nobody took before, until something is found or nothing left. */
export function searchTogether(
  search: Search,
  board: Board,
  kernel: typeof searchNonce = searchNonce,
): number | undefined {
  while (Atomics.load(board, over) === 0n) {
    const begin = Number(Atomics.add(board, taken, BigInt(noncesAtOnce)));
    const count = Math.min(noncesAtOnce, search.count - begin);
    if (count <= 0) return undefined;
    const firstNonce = search.firstNonce + begin;
    const nonce = kernel({ ...search, firstNonce, count });
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

interface Asker {
  readonly resolve: (nonce: number | undefined) => void;
  readonly reject: (problem: Fault) => void;
}

export class MiningThread {
  #worker: Worker | undefined;
  /** Those who wait for an answer, in the order in which they asked. */
  readonly #askers: Asker[] = [];

  /** The nonce that this thread found, if it did. A thread that died is started anew. */
  search(search: Search, board: Board): Promise<number | undefined> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      this.#askers.push({ resolve, reject });
      worker.postMessage({ search, board } satisfies Job);
    });
  }

  async stop(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL(import.meta.url));
    const end = (cause: unknown) => {
      // What fails ends as well: it is told once.
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      const problem = new Fault('mining', 'a mining thread ended', cause);
      for (const { reject } of this.#askers.splice(0)) reject(problem);
    };
    worker.on('error', end);
    worker.on('exit', end);
    worker.on('message', (nonce: number | undefined) => this.#askers.shift()?.resolve(nonce));
    return worker;
  }
}

if (!isMainThread) {
  workLast();
  parentPort?.on('message', ({ search, board }: Job) => {
    parentPort?.postMessage(searchTogether(search, board));
  });
}
