/**
 * Mining in a thread of its own, so that the rest of the program can go on.
 *
 * This file is both sides: the class here starts it as a worker, and there it answers each search
 * with the nonce that it found.
 */
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { type Search, searchNonce } from '../miner/kernel.ts';
import { Fault } from '../primitives/fault.ts';

export class MiningThread {
  #worker: Worker | undefined;

  /** The nonce, or `undefined` where none will do. One search at a time. */
  search(search: Search): Promise<number | undefined> {
    this.#worker ??= new Worker(new URL(import.meta.url));
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown) => {
        reject(new Fault('mining', 'the mining thread ended', cause));
      };
      worker.once('error', fail);
      worker.once('exit', fail);
      worker.once('message', (nonce: number | undefined) => {
        worker.off('error', fail);
        worker.off('exit', fail);
        resolve(nonce);
      });
      worker.postMessage(search);
    });
  }

  async stop(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }
}

if (!isMainThread) {
  parentPort?.on('message', (search: Search) => parentPort?.postMessage(searchNonce(search)));
}
