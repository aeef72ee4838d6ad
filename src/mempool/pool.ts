/**
 * The pool: the payments that wait, and how they hang together.
 *
 * It is kept, never searched: with each payment it knows those before and behind it, and what these
 * weigh and pay in sum; so to add one or to take one away touches its own package and no other.
 */
import type { Hash } from '../primitives/codec.ts';
import type { Coin, NamedCoin } from '../primitives/coin.ts';
import { isUnspendable } from '../primitives/script.ts';
import {
  type OutPoint,
  outPointName,
  type Transaction,
  txid,
  virtualBytes,
} from '../primitives/transaction.ts';
import { Heap } from './heap.ts';
import {
  aloneIn,
  type Candidate,
  isOlder,
  isPoorer,
  type Member,
  memoryBytes,
  paidBy,
  scriptKey,
  scriptsOf,
} from './member.ts';
import { minus, nothing, type Package, plus } from './package.ts';

/** A member as the pool itself sees it. */
interface Slot extends Member {
  /** As text: the scripts of the coins that it makes and spends. */
  readonly scripts: ReadonlySet<string>;
  readonly parents: Set<Hash>;
  readonly children: Set<Hash>;
  ancestors: Package;
  descendants: Package;
  modifiedFee: bigint;
}

/** By the id of a payment, which need not be here: what is added to its fee, in base units. */
export type Deltas = ReadonlyMap<Hash, bigint>;

/** Half of what a key of the table can say: those that come back go before all others. */
const firstNumber = 2 ** 52;

export class Pool {
  readonly #slots = new Map<Hash, Slot>();
  /** By `outPointName`: which payment spends a coin. */
  readonly #spenders = new Map<string, Hash>();
  /** By script, as text: the payments that make or spend coins of it. */
  readonly #byScript = new Map<string, Set<Hash>>();
  readonly #oldest = new Heap<Slot>(isOlder);
  readonly #poorest = new Heap<Slot>(isPoorer);
  #next = firstNumber;
  #total = nothing;
  #usage = 0;
  /** What is added to the fees of payments, wherever they are compared. */
  readonly deltas: Deltas;

  constructor(deltas: Deltas = new Map()) {
    this.deltas = deltas;
  }

  get size(): number {
    return this.#slots.size;
  }

  /** All of them as one package, with what they truly pay. */
  get total(): Package {
    return this.#total;
  }

  /** The memory that they take, in bytes. */
  get usage(): number {
    return this.#usage;
  }

  /** The number of the next to arrive. */
  get next(): number {
    return this.#next;
  }

  /** The one whose package behind it pays least: the first to go when there are too many. */
  get poorest(): Member | undefined {
    return this.#poorest.first;
  }

  /** Parents before their children. */
  list(): readonly Member[] {
    return [...this.#slots.values()];
  }

  get(id: Hash): Member | undefined {
    return this.#slots.get(id);
  }

  /** The payment here that spends this coin. */
  spenderOf(outPoint: OutPoint): Hash | undefined {
    return this.#spenders.get(outPointName(outPoint));
  }

  /** Those here that spend a coin which this one spends too. */
  rivalsOf({ inputs }: Transaction): readonly Member[] {
    return this.#members(inputs.flatMap(({ prevout }) => this.spenderOf(prevout) ?? []));
  }

  /** The coin that a payment here makes, as a block of this height would hold it. */
  coin({ txid: id, index }: OutPoint, height: number): Coin | undefined {
    const output = this.#slots.get(id)?.transaction.outputs[index];
    if (!output || isUnspendable(output.script)) return undefined;
    return { ...output, height, isCoinbase: false };
  }

  /** The payments that make or spend a coin of this script, in the order of their arrival. */
  touching(script: Uint8Array): readonly Member[] {
    const found = this.#members(this.#byScript.get(scriptKey(script)) ?? []);
    return found.toSorted((one, other) => one.number - other.number);
  }

  /** The coins of this script that payments here make, as a block of this height would. */
  coinsOf(script: Uint8Array, height: number): readonly NamedCoin[] {
    const key = scriptKey(script);
    return this.touching(script).flatMap(({ id, transaction }) =>
      transaction.outputs.flatMap((output, index) => {
        const outPoint = { txid: id, index };
        const coin = scriptKey(output.script) === key ? this.coin(outPoint, height) : undefined;
        return coin ? { outPoint, coin } : [];
      }),
    );
  }

  /** Those here that make coins which it spends. */
  parentsOf({ inputs }: Transaction): readonly Member[] {
    return this.#members(inputs.map(({ prevout }) => prevout.txid));
  }

  /** These and all before them, in the order of their arrival. */
  withAncestors(from: Iterable<Member>): readonly Member[] {
    return this.#closure(from, ({ parents }) => parents);
  }

  /** These and all behind them, in the order of their arrival. */
  withDescendants(from: Iterable<Member>): readonly Member[] {
    return this.#closure(from, ({ children }) => children);
  }

  /** Those that arrived before this time, and all behind them. */
  before(time: number): readonly Member[] {
    const isLate = this.#oldest.first === undefined || this.#oldest.first.time >= time;
    return isLate ? [] : this.withDescendants(this.list().filter((each) => each.time < time));
  }

  /** Takes a payment whose coins are in the chain or made here, and spent by nobody here. */
  add(candidate: Candidate, number = this.#next): Member {
    const { transaction, fee } = candidate;
    const parents = this.parentsOf(transaction);
    const id = txid(transaction);
    const modifiedFee = fee + this.deltaOf(id);
    const alone = { count: 1, bytes: virtualBytes(transaction), fees: modifiedFee };
    const slot: Slot = {
      ...candidate,
      id,
      number,
      modifiedFee,
      bytes: alone.bytes,
      memoryBytes: memoryBytes(transaction),
      scripts: scriptsOf(candidate),
      parents: new Set(parents.map(({ id }) => id)),
      children: new Set(),
      ancestors: alone,
      descendants: alone,
    };
    this.#slots.set(slot.id, slot);
    for (const ancestor of this.#slotsOf(this.withAncestors(parents))) {
      slot.ancestors = plus(slot.ancestors, aloneIn(ancestor));
      this.#weigh(ancestor, plus(ancestor.descendants, alone));
    }
    for (const parent of this.#slotsOf(parents)) parent.children.add(slot.id);
    this.#next = Math.max(this.#next, number + 1);
    this.#index(slot);
    return slot;
  }

  /** What is added to the fee of this payment, be it here or not. */
  deltaOf(id: Hash): bigint {
    return this.deltas.get(id) ?? 0n;
  }

  /** Lets what this payment counts for change by so much, where it is here. */
  shift(id: Hash, by: bigint): void {
    const slot = this.#slots.get(id);
    if (!slot) return;
    const change = { count: 0, bytes: 0, fees: by };
    slot.modifiedFee += by;
    for (const each of this.#slotsOf(this.withAncestors([slot]))) {
      this.#weigh(each, plus(each.descendants, change));
    }
    for (const each of this.#slotsOf(this.withDescendants([slot]))) {
      each.ancestors = plus(each.ancestors, change);
    }
  }

  /**
   * Takes these away, of which none leaves a gap: with one go all before it, as when a block holds
   * it, or all behind it, as when it may not wait any longer.
   */
  remove(members: Iterable<Member>): void {
    const inOrder = [...members].toSorted((one, other) => one.number - other.number);
    for (const { id } of inOrder) {
      const slot = this.#slots.get(id);
      if (slot?.parents.size === 0) this.#removeFirst(slot);
    }
    for (const { id } of inOrder.toReversed()) {
      const slot = this.#slots.get(id);
      if (slot) this.#removeLast(slot);
    }
  }

  /** One that nothing here comes before. */
  #removeFirst(slot: Slot): void {
    const alone = aloneIn(slot);
    for (const each of this.#slotsOf(this.withDescendants([slot]))) {
      each.ancestors = minus(each.ancestors, alone);
    }
    for (const child of slot.children) this.#slots.get(child)?.parents.delete(slot.id);
    this.#forget(slot);
  }

  /** One that nothing here comes after. */
  #removeLast(slot: Slot): void {
    if (slot.children.size > 0) throw new Error('assertion failed: a gap in the pool');
    const alone = aloneIn(slot);
    for (const each of this.#slotsOf(this.withAncestors([slot]))) {
      this.#weigh(each, minus(each.descendants, alone));
    }
    for (const parent of slot.parents) this.#slots.get(parent)?.children.delete(slot.id);
    this.#forget(slot);
  }

  #weigh(slot: Slot, descendants: Package): void {
    slot.descendants = descendants;
    this.#poorest.set(slot);
  }

  #index(slot: Slot): void {
    this.#total = plus(this.#total, paidBy(slot));
    this.#usage += slot.memoryBytes;
    this.#oldest.set(slot);
    this.#poorest.set(slot);
    for (const { prevout } of slot.transaction.inputs) {
      this.#spenders.set(outPointName(prevout), slot.id);
    }
    for (const key of slot.scripts) {
      const known = this.#byScript.get(key);
      if (known) known.add(slot.id);
      else this.#byScript.set(key, new Set([slot.id]));
    }
  }

  #forget(slot: Slot): void {
    this.#slots.delete(slot.id);
    this.#total = minus(this.#total, paidBy(slot));
    this.#usage -= slot.memoryBytes;
    this.#oldest.delete(slot);
    this.#poorest.delete(slot);
    for (const { prevout } of slot.transaction.inputs) {
      this.#spenders.delete(outPointName(prevout));
    }
    for (const key of slot.scripts) {
      const left = this.#byScript.get(key);
      left?.delete(slot.id);
      if (left?.size === 0) this.#byScript.delete(key);
    }
  }

  /** A loop and a list, no recursion: what a stranger can make long must not fill the stack. */
  #closure(from: Iterable<Member>, next: (each: Member) => ReadonlySet<Hash>): readonly Member[] {
    const found = new Set(from);
    for (const each of found) {
      for (const id of next(each)) {
        const slot = this.#slots.get(id);
        if (slot) found.add(slot);
      }
    }
    return [...found].sort((one, other) => one.number - other.number);
  }

  #members(ids: Iterable<Hash>): readonly Member[] {
    return this.#slotsOf([...new Set(ids)].map((id) => ({ id })));
  }

  #slotsOf(members: readonly { readonly id: Hash }[]): readonly Slot[] {
    return members.flatMap(({ id }) => this.#slots.get(id) ?? []);
  }
}
