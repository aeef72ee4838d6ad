/** A machine that dies: a database that fails for good from one write on. */
import type { Database, Operation } from '../src/chain/database.ts';

/** A database whose machine dies before the write of this number, counted from zero. */
export class Mortal implements Database {
  readonly #under: Database;
  #left: number;

  constructor(under: Database, writes: number) {
    this.#under = under;
    this.#left = writes;
  }

  get(...asked: Parameters<Database['get']>) {
    return this.#under.get(...asked);
  }

  getMany(...asked: Parameters<Database['getMany']>) {
    return this.#under.getMany(...asked);
  }

  iterator(...asked: Parameters<Database['iterator']>) {
    return this.#under.iterator(...asked);
  }

  snapshot() {
    return this.#under.snapshot();
  }

  async batch(operations: Operation[], options: { readonly sync: boolean }) {
    if (this.#left-- <= 0) throw new Error('the machine is dead');
    await this.#under.batch(operations, options);
  }
}
