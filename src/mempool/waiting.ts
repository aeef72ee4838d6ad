/** Payments that wait for a block, as the database keeps them between two runs. */
import { type Operation, Table, U32Sorted } from '../chain/database.ts';
import type { Guard } from '../chain/guard.ts';
import { I64, struct, U32, type ValueOf } from '../primitives/codec.ts';
import { Transaction } from '../primitives/transaction.ts';

export const Waiting = struct({
  transaction: Transaction,
  /** In base units. */
  fee: I64,
  /** When it was accepted, in seconds since 1970. */
  time: U32,
});
export interface Waiting extends ValueOf<typeof Waiting> {}

/** `w` and a number that counts up, so that a payment is read after those whose coins it spends. */
const table = new Table('w', U32Sorted, Waiting);

export class WaitingTable {
  readonly #guard: Guard;

  constructor(guard: Guard) {
    this.#guard = guard;
  }

  /** All of them by their numbers, parents before their children. */
  async load(): Promise<Map<number, Waiting>> {
    const found = new Map<number, Waiting>();
    for await (const [number, waiting] of table.scan(this.#guard)) found.set(number, waiting);
    return found;
  }

  /** Adds and removes in one step that outlives a loss of power. */
  async write(added: ReadonlyMap<number, Waiting>, removed: readonly number[]): Promise<void> {
    const operations: Operation[] = [
      ...removed.map((number) => table.del(number)),
      ...[...added].map(([number, waiting]) => table.put(number, waiting)),
    ];
    if (operations.length > 0) await this.#guard.batch(operations, { sync: true });
  }
}
