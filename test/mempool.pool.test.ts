/** The pool: what it keeps of each payment is what one would reckon by walking all of them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Heap } from '../src/mempool/heap.ts';
import type { Member } from '../src/mempool/member.ts';
import type { Pool } from '../src/mempool/pool.ts';
import { type Hash, noHash } from '../src/primitives/codec.ts';
import { outPointName, txid } from '../src/primitives/transaction.ts';
import { outputTo } from './forge.ts';
import { checkMembers, type Drawn, draw, poolOf } from './pond.ts';

describe('a heap', () => {
  const change = fc.record({
    item: fc.nat({ max: 20 }),
    rank: fc.nat({ max: 10 }),
    isGone: fc.boolean(),
  });

  test('has the first of what was added, moved and deleted, at every time', () => {
    const property = fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const ranks = new Map<number, number>();
      const rankOf = (item: number) => (ranks.get(item) ?? 0) * 100 + item;
      const heap = new Heap<number>((one, other) => rankOf(one) < rankOf(other));
      for (const { item, rank, isGone } of changes) {
        if (isGone && ranks.has(item)) {
          heap.delete(item);
          ranks.delete(item);
        } else {
          ranks.set(item, rank);
          heap.set(item);
        }
        const [first] = [...ranks.keys()].toSorted((one, other) => rankOf(one) - rankOf(other));
        expect(heap.first).toBe(first);
      }
    });
    fc.assert(property, { numRuns: 300, seed: 1 });
  });

  test('does not delete what it does not hold', () => {
    const heap = new Heap<number>((one, other) => one < other);
    expect(() => heap.delete(1)).toThrow('assertion failed');
  });
});

/** Up to 14 payments, each spending up to three of those before it. */
const anyDrawn: fc.Arbitrary<readonly Drawn[]> = fc
  .array(
    fc.record({
      spends: fc.array(fc.nat({ max: 99 }), { maxLength: 3 }),
      fee: fc.nat({ max: 5_000 }),
    }),
    { minLength: 1, maxLength: 14 },
  )
  .map((all) =>
    all.map(({ spends, fee }, place) => ({
      fee,
      parents: place === 0 ? [] : [...new Set(spends.map((each) => each % place))],
    })),
  );

/** Holds everything that the pool knows against the transactions alone. */
function checkPool(pool: Pool): void {
  checkMembers(pool.list());
  const all = pool.list().map(({ bytes, fee, memoryBytes }) => ({ bytes, fee, memoryBytes }));
  expect(pool.total).toEqual({
    count: all.length,
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    fees: all.reduce((sum, { fee }) => sum + fee, 0n),
  });
  expect(pool.usage).toBe(all.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0));
  for (const { id, transaction } of pool.list()) {
    for (const { prevout } of transaction.inputs) expect(pool.spenderOf(prevout)).toBe(id);
  }
  const rate = ({ fees, bytes }: { fees: bigint; bytes: number }) => Number(fees) / bytes;
  const score = ({ modifiedFee, bytes, descendants }: Member) =>
    Math.max(rate({ fees: modifiedFee, bytes }), rate(descendants));
  const least = Math.min(...pool.list().map(score));
  if (pool.poorest) expect(score(pool.poorest)).toBeCloseTo(least, 9);
}

describe('a pool', () => {
  test('knows of each payment those before and behind it, and their sums', () => {
    const property = fc.property(anyDrawn, (drawn) => checkPool(poolOf(draw(drawn))));
    fc.assert(property, { numRuns: 100, seed: 2 });
  });

  test('knows them still when blocks took some and others left', () => {
    const removal = fc.record({ place: fc.nat({ max: 13 }), isMined: fc.boolean() });
    const removals = fc.array(removal, { minLength: 1, maxLength: 6 });
    const property = fc.property(anyDrawn, removals, (drawn, all) => {
      const pool = poolOf(draw(drawn));
      for (const { place, isMined } of all) {
        const member = pool.list()[place % pool.size];
        if (!member) return;
        const { size } = pool;
        const gone = isMined ? pool.withAncestors([member]) : pool.withDescendants([member]);
        pool.remove(gone);
        expect(pool.size).toBe(size - gone.length);
        expect(pool.get(member.id)).toBeUndefined();
        checkPool(pool);
      }
    });
    fc.assert(property, { numRuns: 150, seed: 3 });
  });

  test('knows them still when payments count for more or less, then and later', () => {
    const shift = fc.record({
      place: fc.nat({ max: 13 }),
      by: fc.integer({ min: -9, max: 9_999 }),
    });
    const shifts = fc.array(shift, { minLength: 1, maxLength: 6 });
    const property = fc.property(anyDrawn, shifts, (drawn, all) => {
      const drops = draw(drawn);
      const deltas = new Map<Hash, bigint>();
      const pool = poolOf(drops, 0, deltas);
      for (const { place, by } of all) {
        const { id, modifiedFee } = pool.list()[place % pool.size] ?? { id: noHash };
        deltas.set(id, pool.deltaOf(id) + BigInt(by));
        pool.shift(id, BigInt(by));
        expect(pool.get(id)?.modifiedFee).toBe((modifiedFee ?? 0n) + BigInt(by));
        checkPool(pool);
      }
      // As if they had come after it.
      const fees = (each: Pool) => each.list().map(({ modifiedFee }) => modifiedFee);
      expect(fees(poolOf(drops, 0, deltas))).toEqual(fees(pool));
      checkPool(poolOf(drops, 0, deltas));
    });
    fc.assert(property, { numRuns: 100, seed: 4 });
  });

  test('lets no payment go that others come before and behind', () => {
    const pool = poolOf(
      draw([
        { parents: [], fee: 1 },
        { parents: [0], fee: 1 },
        { parents: [1], fee: 1 },
      ]),
    );
    const [, middle] = pool.list();
    expect(() => pool.remove(middle ? [middle] : [])).toThrow('a gap in the pool');
  });
});

describe('a pool, asked,', () => {
  test('finds the payments and coins of a script, without those that spend or make none', () => {
    const drops = draw([
      { parents: [], fee: 1 },
      { parents: [0], fee: 1 },
    ]);
    const pool = poolOf(drops);
    const ours = outputTo(1, 1000n).script;
    const { transaction } = drops[1] ?? { transaction: undefined };
    const spender = transaction && pool.get(txid(transaction));
    expect(pool.touching(ours)).toEqual(pool.list());
    const coins = pool.coinsOf(ours, 7);
    expect(coins.length).toBe(4);
    expect(coins[0]?.coin).toEqual({
      amount: 1000n,
      script: ours,
      height: 7,
      isCoinbase: false,
    });
    expect(new Set(coins.map(({ outPoint }) => outPointName(outPoint))).size).toBe(4);
    expect(pool.touching(outputTo(2, 0n).script)).toEqual([]);
    pool.remove(spender ? [spender] : []);
    expect(pool.coinsOf(ours, 7).length).toBe(2);
    pool.remove(pool.list());
    expect(pool.touching(ours)).toEqual([]);
  });

  test('finds the payments that spend a coin of a script', () => {
    const pool = poolOf([]);
    const theirs = outputTo(5, 1000n);
    const [drop] = draw([{ parents: [], fee: 1 }]);
    if (!drop) throw new Error('nothing was drawn');
    const coins = [{ ...theirs, height: 1, isCoinbase: false }];
    const member = pool.add({ ...drop, time: 0, height: 0, coins });
    expect(pool.touching(theirs.script)).toEqual([member]);
    expect(pool.coinsOf(theirs.script, 7)).toEqual([]);
    pool.remove([member]);
    expect(pool.touching(theirs.script)).toEqual([]);
  });
});
