/** A gate before a database: a test sees each thing that is asked of it, and may fail it. */
import type { Database, Operation } from '../src/chain/database.ts';

export class Gate implements Database {
  readonly #under: Database;
  /** Called whenever anything is asked or was written. */
  onAsk: () => void = () => {};
  /** Called before each write. */
  onWrite: (operations: readonly Operation[]) => void = () => {};

  constructor(under: Database) {
    this.#under = under;
  }

  async get(...asked: Parameters<Database['get']>) {
    this.onAsk();
    return this.#under.get(...asked);
  }

  async getMany(...asked: Parameters<Database['getMany']>) {
    this.onAsk();
    return this.#under.getMany(...asked);
  }

  iterator(...asked: Parameters<Database['iterator']>) {
    this.onAsk();
    return this.#under.iterator(...asked);
  }

  snapshot() {
    return this.#under.snapshot();
  }

  async batch(operations: Operation[], options: { readonly sync: boolean }) {
    this.onAsk();
    this.onWrite(operations);
    await this.#under.batch(operations, options);
    this.onAsk();
  }
}
