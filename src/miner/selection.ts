/**
 * Selection: which of the payments that wait go into a block, so that its miner earns much.
 *
 * A payment brings those before it along, so what counts is the fee rate of that whole package. The
 * best one is taken, what is behind it is reckoned anew, and so on. Most payments stand alone: they
 * are sorted once, and only those whose package changes are kept in a heap. Core: addPackageTxs.
 */
import { Heap } from '../mempool/heap.ts';
import { aloneIn, type Member } from '../mempool/member.ts';
import { compareRates, minus, type Package } from '../mempool/package.ts';
import type { Hash } from '../primitives/codec.ts';
import type { Steps } from '../primitives/steps.ts';
import { weight } from '../primitives/transaction.ts';

/** A payment that can be chosen. */
interface Choice {
  readonly member: Member;
  /** It and those before it that were not taken yet. */
  before: Package;
  /** What that pays a byte, as near as a float comes to it. */
  rate: number;
  state: 'sorted' | 'changed' | 'closed';
}

/** All of the pool with parents before their children; what is chosen fits in so much weight. */
export function* select(pool: readonly Member[], room: number): Steps<readonly Member[]> {
  const choices = new Choices(pool);
  yield;
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
  /** All of them, the best first as they stood at the beginning. */
  readonly #sorted: readonly Choice[];
  /** Before this place none is left that is as it was. */
  #place = 0;
  readonly #changed = new Heap<Choice>(isBetter);
  readonly #byId = new Map<Hash, Choice>();

  constructor(pool: readonly Member[]) {
    const choices = pool.map((member): Choice => {
      const before = member.ancestors;
      return { member, before, rate: rateOf(before), state: 'sorted' };
    });
    for (const choice of choices) this.#byId.set(choice.member.id, choice);
    this.#sorted = choices.sort((one, other) => (isBetter(one, other) ? -1 : 1));
  }

  get best(): Choice | undefined {
    while (this.#sorted[this.#place] && this.#sorted[this.#place]?.state !== 'sorted') {
      this.#place++;
    }
    const [sorted, changed] = [this.#sorted[this.#place], this.#changed.first];
    return sorted && changed && isBetter(changed, sorted) ? changed : (sorted ?? changed);
  }

  /** It and those before it, in such an order, but for those that were taken. */
  missing(member: Member): readonly Member[] {
    return this.#closure(member, ({ parents }) => parents);
  }

  /** It is in the block: those behind it no longer bring it along. */
  take(member: Member): void {
    for (const behind of this.#closure(member, ({ children }) => children)) {
      const choice = this.#byId.get(behind.id);
      if (!choice || behind === member) continue;
      choice.before = minus(choice.before, aloneIn(member));
      choice.rate = rateOf(choice.before);
      choice.state = 'changed';
      this.#changed.set(choice);
    }
    this.#close(member);
  }

  /** It is not in the block, nor is anything behind it. */
  drop(member: Member): void {
    for (const each of this.#closure(member, ({ children }) => children)) this.#close(each);
  }

  #close({ id }: Member): void {
    const choice = this.#byId.get(id);
    if (choice?.state === 'changed') this.#changed.delete(choice);
    if (choice) choice.state = 'closed';
  }

  #closure(from: Member, next: (each: Member) => ReadonlySet<Hash>): readonly Member[] {
    if (next(from).size === 0) return [from];
    const found = new Set([from]);
    for (const each of found) {
      for (const id of next(each)) {
        const choice = this.#byId.get(id);
        if (choice && choice.state !== 'closed') found.add(choice.member);
      }
    }
    return [...found].toSorted((one, other) => one.number - other.number);
  }
}

/** Floats this near may stand in the wrong order: less is lost by each rounding. */
const nearly = 1e-12;

function rateOf({ fees, bytes }: Package): number {
  return Number(fees) / bytes;
}

/** Of equal ones the earlier, so that what is chosen hangs on the payments alone. */
function isBetter(one: Choice, other: Choice): boolean {
  const gap = one.rate - other.rate;
  if (Math.abs(gap) > nearly * Math.abs(one.rate)) return gap > 0;
  const difference = compareRates(one.before, other.before);
  return difference === 0 ? one.member.number < other.member.number : difference > 0;
}
