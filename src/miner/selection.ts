/**
 * Selection: which of the payments that wait go into a block, so that its miner earns much.
 *
 * A payment brings those before it along, so what counts is the fee rate of that whole package. The
 * best one is taken, what is behind it is reckoned anew, and so on. Core: addPackageTxs.
 */
import { Heap } from '../mempool/heap.ts';
import { aloneIn, type Member } from '../mempool/member.ts';
import { compareRates, minus, type Package } from '../mempool/package.ts';
import type { Hash } from '../primitives/codec.ts';
import type { Steps } from '../primitives/steps.ts';
import { weight } from '../primitives/transaction.ts';

/** A payment that was not taken yet. */
interface Choice {
  readonly member: Member;
  /** It and those before it that were not taken yet. */
  before: Package;
}

/** All of the pool with parents before their children; what is chosen fits in so much weight. */
export function* select(pool: readonly Member[], room: number): Steps<readonly Member[]> {
  const choices = new Choices();
  for (const member of pool) {
    choices.add(member);
    yield;
  }
  const chosen: Member[] = [];
  let left = room;
  for (let choice = choices.best; choice; choice = choices.best) {
    // Such a sum is no fee that anybody paid: whoever may say so wants it in no block.
    if (choice.before.fees < 0n) break;
    const best = choice.member;
    const missing = choices.missing(best);
    const needed = missing.reduce((sum, { transaction }) => sum + weight(transaction), 0);
    if (needed > left) {
      // For good: whatever of it is taken with another, the room shrinks by as much as it does.
      choices.drop(best);
      yield;
      continue;
    }
    left -= needed;
    for (const member of missing) choices.take(member);
    chosen.push(...missing);
    yield;
  }
  return chosen;
}

class Choices {
  readonly #open = new Map<Hash, Choice>();
  readonly #heap = new Heap<Choice>(isBetter);

  add(member: Member): void {
    const choice = { member, before: member.ancestors };
    this.#open.set(member.id, choice);
    this.#heap.set(choice);
  }

  get best(): Choice | undefined {
    return this.#heap.first;
  }

  /** It and those before it, in such an order, but for those that were taken. */
  missing(member: Member): readonly Member[] {
    return this.#closure(member, ({ parents }) => parents);
  }

  /** It is in the block: those behind it no longer bring it along. */
  take(member: Member): void {
    for (const behind of this.#closure(member, ({ children }) => children)) {
      const choice = this.#open.get(behind.id);
      if (!choice) continue;
      choice.before = minus(choice.before, aloneIn(member));
      this.#heap.set(choice);
    }
    this.#close(member);
  }

  /** It is not in the block, nor is anything behind it. */
  drop(member: Member): void {
    for (const each of this.#closure(member, ({ children }) => children)) this.#close(each);
  }

  #close({ id }: Member): void {
    const choice = this.#open.get(id);
    if (!choice) return;
    this.#open.delete(id);
    this.#heap.delete(choice);
  }

  #closure(from: Member, next: (each: Member) => Iterable<Hash>): readonly Member[] {
    const found = new Set([from]);
    for (const each of found) {
      for (const id of next(each)) {
        const choice = this.#open.get(id);
        if (choice) found.add(choice.member);
      }
    }
    return [...found].toSorted((one, other) => one.number - other.number);
  }
}

/** Of equal ones the earlier, so that what is chosen hangs on the payments alone. */
function isBetter(one: Choice, other: Choice): boolean {
  const difference = compareRates(one.before, other.before);
  return difference === 0 ? one.member.number < other.member.number : difference > 0;
}
