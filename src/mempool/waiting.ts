/** Payments that wait for a block, as the database keeps them between two runs. */
import { damaged, type Operation, Table, U32Sorted } from '../chain/database.ts';
import type { Guard } from '../chain/guard.ts';
import { type Codec, Hash, I64, noHash, struct, U32, type ValueOf } from '../primitives/codec.ts';
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
/** What was followed, and what a scan of the payments must come to. */
const Followed = struct({
  /** The block that these payments were last judged after; zeros before the first. */
  tip: Hash,
  count: U32,
  /** Of their numbers, modulo 2^32. */
  sum: U32,
});
/** `f` alone. */
const followed = new Table('f', Nothing, Followed);

/** What one step changes. */
export interface Step {
  readonly added?: ReadonlyMap<number, Waiting>;
  readonly removed?: Iterable<number>;
  /** The block that was followed, where one was. */
  readonly tip?: Hash;
}

export class WaitingTable {
  readonly #guard: Guard;
  /** The numbers of the payments that are there. */
  readonly #held = new Set<number>();
  #sum = 0;
  #tip: Hash = noHash;

  constructor(guard: Guard) {
    this.#guard = guard;
  }

  /** All of them by their numbers, parents before their children. */
  async load(): Promise<ReadonlyMap<number, Waiting>> {
    const found = new Map<number, Waiting>();
    for await (const [number, waiting] of table.scan(this.#guard)) found.set(number, waiting);
    for (const number of found.keys()) this.#hold(number);
    const expected = (await followed.get(this.#guard, undefined)) ?? { count: 0, sum: 0 };
    if (found.size !== expected.count || this.#sum !== expected.sum) {
      throw damaged(`${found.size} payments wait of ${expected.count}`);
    }
    return found;
  }

  /** The block that the mempool followed last; `undefined` in a new database. */
  async followed(): Promise<Hash | undefined> {
    this.#tip = (await followed.get(this.#guard, undefined))?.tip ?? noHash;
    return this.#tip === noHash ? undefined : this.#tip;
  }

  /**
   * All that changes, in one batch. It outlives a loss of power where a payment came or went; which
   * block was followed is found again.
   */
  async write({ added = new Map(), removed = [], tip = this.#tip }: Step): Promise<void> {
    const gone = [...removed];
    if (added.size === 0 && gone.length === 0 && tip === this.#tip) return;
    for (const number of gone) this.#drop(number);
    for (const number of added.keys()) this.#hold(number);
    this.#tip = tip;
    const known = { tip, count: this.#held.size, sum: this.#sum };
    function* operations(): Iterable<Operation> {
      for (const number of gone) yield table.del(number);
      for (const [number, waiting] of added) yield table.put(number, waiting);
      yield followed.put(undefined, known);
    }
    await this.#guard.batch(operations(), { sync: added.size > 0 || gone.length > 0 });
  }

  #hold(number: number): void {
    this.#held.add(number);
    this.#sum = (this.#sum + number) % 2 ** 32;
  }

  #drop(number: number): void {
    if (!this.#held.delete(number)) return;
    this.#sum = (this.#sum + 2 ** 32 - (number % 2 ** 32)) % 2 ** 32;
  }
}
