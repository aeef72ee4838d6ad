/** Selection: which payments a block takes, held against the rule as plainly told as it can be. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { select } from '../src/miner/selection.ts';
import { atOnce } from '../src/primitives/steps.ts';
import { txid, virtualBytes, weight } from '../src/primitives/transaction.ts';
import { type Drawn, type Drop, draw, placesOf, poolOf } from './pond.ts';

const weightOf = ({ transaction }: Drop) => weight(transaction);
const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

function selectFrom(drops: readonly Drop[], room: number, portion?: number): readonly number[] {
  return placesOf(drops, atOnce(select(poolOf(drops).list(), room, portion)));
}

/** The places of each payment's parents. */
function parentsIn(drops: readonly Drop[]): readonly (readonly number[])[] {
  const places = new Map(drops.map(({ transaction }, place) => [txid(transaction), place]));
  return drops.map(({ transaction }) =>
    transaction.inputs.flatMap(({ prevout }) => places.get(prevout.txid) ?? []),
  );
}

/**
 * The rule: of all packages that fit, take the one that pays most a byte, the earliest of equals;
 * begin anew. Nothing is remembered from one round to the next.
 */
function selectPlainly(drops: readonly Drop[], room: number): readonly number[] {
  const parents = parentsIn(drops);
  const chosen: number[] = [];
  const packageOf = (place: number): readonly number[] =>
    chosen.includes(place)
      ? []
      : [...new Set([...(parents[place] ?? []).flatMap(packageOf), place])];
  const of = (places: readonly number[]) => places.flatMap((place) => drops[place] ?? []);
  for (let left = room; ; ) {
    let best: { fees: number; bytes: number; members: readonly number[] } | undefined;
    for (const place of drops.keys()) {
      const members = packageOf(place);
      if (members.length === 0 || sum(of(members).map(weightOf)) > left) continue;
      const fees = sum(of(members).map(({ fee }) => Number(fee)));
      const bytes = sum(of(members).map(({ transaction }) => virtualBytes(transaction)));
      if (!best || fees * best.bytes > best.fees * bytes) best = { fees, bytes, members };
    }
    if (!best) return chosen;
    chosen.push(...best.members.toSorted((one, other) => one - other));
    left -= sum(of(best.members).map(weightOf));
  }
}

/** The most that any set earns which fits and lacks no parent, found by trying all of them. */
function mostFees(drops: readonly Drop[], room: number): number {
  const parents = parentsIn(drops);
  let most = 0;
  for (let set = 0; set < 2 ** drops.length; set++) {
    const has = (place: number) => (set & (1 << place)) !== 0;
    const places = [...drops.keys()].filter(has);
    if (places.some((place) => parents[place]?.some((parent) => !has(parent)))) continue;
    const members = places.flatMap((place) => drops[place] ?? []);
    if (sum(members.map(weightOf)) > room) continue;
    most = Math.max(most, sum(members.map(({ fee }) => Number(fee))));
  }
  return most;
}

const feesAt = (drops: readonly Drop[], places: readonly number[]) =>
  sum(places.map((place) => Number(drops[place]?.fee ?? 0n)));

/** Up to so many payments, each spending up to three of those before it, or none. */
function anyDrops(maxLength: number, maxParents = 3): fc.Arbitrary<readonly Drop[]> {
  const one = fc.record({
    spends: fc.array(fc.nat({ max: 99 }), { maxLength: maxParents }),
    fee: fc.nat({ max: 5_000 }),
    filling: fc.integer({ min: 70, max: 1_500 }),
  });
  return fc.array(one, { minLength: 1, maxLength }).map((all) =>
    draw(
      all.map(({ spends, ...rest }, place): Drawn => {
        const parents = place === 0 ? [] : [...new Set(spends.map((each) => each % place))];
        return { ...rest, parents };
      }),
    ),
  );
}

/** Room for this part of all of them, in a thousand. */
const roomFor = (drops: readonly Drop[], part: number) =>
  Math.floor((sum(drops.map(weightOf)) * part) / 1000);

const anyPart = fc.integer({ min: 0, max: 1000 });

describe('a selection', () => {
  test('is that of the rule, in the same order', () => {
    const anyPortion = fc.integer({ min: 1, max: 12 });
    const property = fc.property(anyDrops(12), anyPart, anyPortion, (drops, part, portion) => {
      const room = roomFor(drops, part);
      expect(selectFrom(drops, room, portion)).toEqual(selectPlainly(drops, room));
    });
    fc.assert(property, { numRuns: 300, seed: 1 });
  });

  test('fits, holds nothing twice, and each payment after its parents', () => {
    const property = fc.property(anyDrops(30), anyPart, (drops, part) => {
      const room = roomFor(drops, part);
      const places = selectFrom(drops, room);
      expect(new Set(places).size).toBe(places.length);
      const parents = parentsIn(drops);
      for (const [i, place] of places.entries()) {
        expect(places.slice(0, i)).toEqual(expect.arrayContaining([...(parents[place] ?? [])]));
      }
      const weights = places.flatMap((place) => drops[place] ?? []).map(weightOf);
      expect(sum(weights)).toBeLessThanOrEqual(room);
    });
    fc.assert(property, { numRuns: 100, seed: 2 });
  });

  test('is all of them where all fit, and one payment by itself', () => {
    const property = fc.property(anyDrops(20), (drops) => {
      expect(selectFrom(drops, roomFor(drops, 1000)).length).toBe(drops.length);
    });
    fc.assert(property, { numRuns: 100, seed: 3 });
    const [only] = draw([{ parents: [], fee: 0 }]);
    if (!only) throw new Error('nothing was drawn');
    expect(selectFrom([only], weightOf(only))).toEqual([0]);
    expect(selectFrom([only], weightOf(only) - 1)).toEqual([]);
  });

  // What is left empty is less than the heaviest, and no part of the best would have paid more.
  test('of payments that spend no other earns nearly the most that there is', () => {
    let belowMost = 0;
    const property = fc.property(anyDrops(11, 0), anyPart, (drops, part) => {
      const room = roomFor(drops, part);
      const heaviest = Math.max(...drops.map(weightOf));
      const fees = feesAt(drops, selectFrom(drops, room));
      const most = mostFees(drops, room);
      expect(fees).toBeLessThanOrEqual(most);
      // Virtual bytes are rounded up, so the order by rate may be off by that little.
      expect(fees * room * 1.01).toBeGreaterThanOrEqual(most * (room - heaviest));
      if (fees < most) belowMost++;
    });
    fc.assert(property, { numRuns: 100, seed: 4 });
    expect(belowMost).toBeGreaterThan(0);
  });

  test('never earns more than the best set that lacks no parent', () => {
    let equal = 0;
    const property = fc.property(anyDrops(10), anyPart, (drops, part) => {
      const room = roomFor(drops, part);
      const fees = feesAt(drops, selectFrom(drops, room));
      const most = mostFees(drops, room);
      expect(fees).toBeLessThanOrEqual(most);
      if (fees === most) equal++;
    });
    fc.assert(property, { numRuns: 100, seed: 5 });
    expect(equal).toBeGreaterThan(50);
  });
});

describe('of two packages', () => {
  test('a child that pays for its parent brings it before a payment in between', () => {
    const drops = draw([
      { parents: [], fee: 1_000 },
      { parents: [], fee: 100 },
      { parents: [1], fee: 2_500 },
    ]);
    expect(selectFrom(drops, roomFor(drops, 1000))).toEqual([1, 2, 0]);
    expect(selectFrom(drops, roomFor(drops, 1000) - 1)).toEqual([1, 2]);
  });

  test('the earlier one comes first where they pay the same', () => {
    const drops = draw([
      { parents: [], fee: 1_000 },
      { parents: [], fee: 1_000 },
      { parents: [], fee: 1_001 },
    ]);
    expect(selectFrom(drops, roomFor(drops, 1000))).toEqual([2, 0, 1]);
  });

  test('a sister is reckoned without the parent that another one brought', () => {
    const drops = draw([
      { parents: [], fee: 0, filling: 1_000 },
      { parents: [0], fee: 30_000 },
      { parents: [], fee: 2_000 },
      { parents: [0], fee: 3_500 },
    ]);
    expect(selectFrom(drops, roomFor(drops, 1000))).toEqual([0, 1, 3, 2]);
  });
});
