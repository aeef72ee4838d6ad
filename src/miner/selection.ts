/**
 * Selection: which of the payments that wait go into a block, so that its miner earns much.
 *
 * A payment brings those before it along, so what counts is the fee rate of that whole package. The
 * best one is taken, what is behind it is reckoned anew, and so on. Most payments stand alone: they
 * are sorted, and only those whose package changes are kept in a heap. Core: addPackageTxs.
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
  /** What that pays a byte, rounded: never the wrong way round, but it may not tell two apart. */
  rate: number;
  state: 'sorted' | 'changed' | 'closed';
}

/** About as many as a block holds: those behind are seldom asked for. */
const usualPortion = 8_192;

/**
 * All of the pool with parents before their children; what is chosen fits in so much weight. As
 * many as a portion are sorted at a time.
 */
export function* select(
  pool: readonly Member[],
  room: number,
  portion = usualPortion,
): Steps<readonly Member[]> {
  const choices = new Choices(pool, portion);
  yield;
  const chosen: Member[] = [];
  let left = room;
  for (let best = choices.best; best; best = choices.best) {
    // Such a sum is no fee that anybody paid: whoever may say so wants it in no block.
    if (best.before.fees < 0n || left < choices.lightest) break;
    const missing = choices.missing(best);
    const needed = missing.reduce((sum, { member }) => sum + weight(member.transaction), 0);
    if (needed > left) {
      // For good: whatever of it is taken with another, the room shrinks by as much as it does.
      choices.drop(best);
    } else {
      left -= needed;
      for (const choice of missing) choices.take(choice);
      for (const { member } of missing) chosen.push(member);
    }
    yield;
  }
  return chosen;
}

class Choices {
  /** In weight units; none is below it. */
  readonly lightest: number;
  /** All of them by portions: none is better than any of the portion before it. */
  readonly #portions: Iterator<readonly Choice[]>;
  /** Those of this portion, the best first as they stood at the beginning. */
  #sorted: readonly Choice[] = [];
  /** Before this place none is left that is as it was. */
  #place = 0;
  readonly #changed = new Heap<Choice>(isBetter);
  /** Those that do not stand alone. */
  readonly #linked = new Map<Hash, Choice>();

  constructor(pool: readonly Member[], portion: number) {
    const choices = pool.map((member): Choice => {
      const before = member.ancestors;
      return { member, before, rate: rateOf(before), state: 'sorted' };
    });
    for (const choice of choices) {
      const { id, parents, children } = choice.member;
      if (parents.size + children.size > 0) this.#linked.set(id, choice);
    }
    const bytes = pool.reduce((least, each) => Math.min(least, each.bytes), Number.MAX_VALUE);
    // A virtual byte is up to four weight units, and rounded up.
    this.lightest = 4 * bytes - 3;
    this.#portions = inPortions(choices, portion);
  }

  get best(): Choice | undefined {
    const sorted = this.#firstSorted();
    const changed = this.#changed.first;
    return sorted && changed && isBetter(changed, sorted) ? changed : (sorted ?? changed);
  }

  #firstSorted(): Choice | undefined {
    for (;;) {
      for (; this.#place < this.#sorted.length; this.#place++) {
        const choice = this.#sorted[this.#place];
        if (choice?.state === 'sorted') return choice;
      }
      const { done, value } = this.#portions.next();
      if (done) return undefined;
      [this.#sorted, this.#place] = [value, 0];
    }
  }

  /** It and those before it, in such an order, but for those that were taken. */
  missing(choice: Choice): readonly Choice[] {
    return this.#closure(choice, ({ parents }) => parents);
  }

  /** It is in the block: those behind it no longer bring it along. */
  take(choice: Choice): void {
    for (const behind of this.#closure(choice, ({ children }) => children)) {
      if (behind === choice) continue;
      behind.before = minus(behind.before, aloneIn(choice.member));
      behind.rate = rateOf(behind.before);
      behind.state = 'changed';
      this.#changed.set(behind);
    }
    this.#close(choice);
  }

  /** It is not in the block, nor is anything behind it. */
  drop(choice: Choice): void {
    for (const each of this.#closure(choice, ({ children }) => children)) this.#close(each);
  }

  #close(choice: Choice): void {
    if (choice.state === 'changed') this.#changed.delete(choice);
    choice.state = 'closed';
  }

  #closure(from: Choice, next: (each: Member) => ReadonlySet<Hash>): readonly Choice[] {
    if (next(from.member).size === 0) return [from];
    const found = new Set([from]);
    for (const each of found) {
      for (const id of next(each.member)) {
        const choice = this.#linked.get(id);
        if (choice && choice.state !== 'closed') found.add(choice);
      }
    }
    return [...found].toSorted((one, other) => one.member.number - other.member.number);
  }
}

function* inPortions(all: readonly Choice[], portion: number): Iterator<readonly Choice[]> {
  for (let left = all; ; ) {
    // Meanwhile some were taken with others, and some have changed.
    left = left.filter(({ state }) => state === 'sorted');
    if (left.length === 0) return;
    const rates = Float64Array.from(left, ({ rate }) => rate).sort();
    const floor = rates[Math.max(left.length - portion, 0)] ?? 0;
    const some = left.filter(({ rate }) => rate >= floor);
    left = left.filter(({ rate }) => rate < floor);
    yield some.sort((one, other) => (isBetter(one, other) ? -1 : 1));
  }
}

function rateOf({ fees, bytes }: Package): number {
  return Number(fees) / bytes;
}

/** Of equal ones the earlier, so that what is chosen hangs on the payments alone. */
function isBetter(one: Choice, other: Choice): boolean {
  if (one.rate !== other.rate) return one.rate > other.rate;
  const isSame = one.before.bytes === other.before.bytes && one.before.fees === other.before.fees;
  const difference = isSame ? 0 : compareRates(one.before, other.before);
  return difference === 0 ? one.member.number < other.member.number : difference > 0;
}
