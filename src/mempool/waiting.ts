/** Payments that wait for a block, as the database keeps them between two runs. */
import { type Operation, Table, U32Sorted } from '../chain/database.ts';
import type { Guard } from '../chain/guard.ts';
import { type Codec, Hash, I64, struct, U32, type ValueOf } from '../primitives/codec.ts';
import { Transaction } from '../primitives/transaction.ts';

export const Waiting = struct({
  transaction: Transaction,
  /** In base units. */
  fee: I64,
  /** When it was accepted, in seconds since 1970. */
  time: U32,
  /** The height of the tip at that time. */
  height: U32,
});
export interface Waiting extends ValueOf<typeof Waiting> {}

/** Eight bytes, big end first: in four, a flood of some weeks would wrap round. */
const Arrival: Codec<number> = {
  read: (from) => U32Sorted.read(from) * 2 ** 32 + U32Sorted.read(from),
  write: (value, to) => {
    U32Sorted.write(Math.floor(value / 2 ** 32), to);
    U32Sorted.write(value % 2 ** 32, to);
  },
};
const Nothing: Codec<undefined> = { read: () => undefined, write: () => {} };

/** `w` and a number that counts up, so that a payment is read after those whose coins it spends. */
const table = new Table('w', Arrival, Waiting);
/** `f` alone: the block that these payments were last judged after. */
const followed = new Table('f', Nothing, Hash);

/** What one step changes. */
export interface Step {
  readonly added?: ReadonlyMap<number, Waiting>;
  readonly removed?: Iterable<number>;
  /** The block that was followed, where one was. */
  readonly tip?: Hash;
}

export class WaitingTable {
  readonly #guard: Guard;

  constructor(guard: Guard) {
    this.#guard = guard;
  }

  /** All of them by their numbers, parents before their children. */
  async load(): Promise<ReadonlyMap<number, Waiting>> {
    const found = new Map<number, Waiting>();
    for await (const [number, waiting] of table.scan(this.#guard)) found.set(number, waiting);
    return found;
  }

  /** The block that the mempool followed last; `undefined` in a new database. */
  followed(): Promise<Hash | undefined> {
    return followed.get(this.#guard, undefined);
  }

  /** All that changes, in one batch that outlives a loss of power. */
  async write({ added = new Map(), removed = [], tip }: Step): Promise<void> {
    const operations: Operation[] = [
      ...[...removed].map((number) => table.del(number)),
      ...[...added].map(([number, waiting]) => table.put(number, waiting)),
      ...(tip === undefined ? [] : [followed.put(undefined, tip)]),
    ];
    if (operations.length > 0) await this.#guard.batch(operations, { sync: true });
  }
}
