/** The limits of the mempool: memory and age; each reached, and not passed. */
import { describe, expect, test } from 'vitest';
import { isReject } from '../src/consensus/reject.ts';
import { memoryBytes } from '../src/mempool/member.ts';
import { virtualBytes } from '../src/primitives/transaction.ts';
import { outputTo, pay } from './forge.ts';
import { noon, recordsIn } from './grove.ts';
import { follow, payAll, plantCoins, plantWith, spend } from './payments.ts';

/** What so many payments of one input and one output take; signatures vary by a byte or two. */
const roomFor = (count: number) => count * 5_300;

describe('a mempool that is full', () => {
  test('lets the payment go that pays least, and asks a step more than it paid', async () => {
    const { grove, coins } = await plantCoins(4, roomFor(3));
    const payments = coins.map((coin, i) => spend(coin, [2000n, 1000n, 3000n, 4000n][i]));
    const [first, poor, third, rich] = payments;
    if (!first || !poor || !third || !rich) throw new Error('there are too few coins');
    await payAll(grove, [first, poor, third]);
    expect(grove.node.mempool.minFeeRate(noon)).toBe(0n);
    expect(await grove.pay(rich)).toBe('waits');
    expect(grove.waiting).toEqual([first, third, rich]);

    const rate = 1_000_000n / BigInt(virtualBytes(poor)) + 1_000n;
    expect(grove.node.mempool.minFeeRate(noon)).toBe(rate);
    expect(await grove.pay(poor)).toBe('mempool min fee not met');
    expect((await recordsIn(grove.database, 'w', 'x')).length).toBe(3);
    await grove.reopen();
    expect(grove.waiting).toEqual([first, third, rich]);
  });

  test('asks half as much twelve hours after the next block', async () => {
    const { grove, coins } = await plantCoins(2, roomFor(1));
    await payAll(
      grove,
      coins.map((coin, i) => spend(coin, 2000n + 2000n * BigInt(i))),
    );
    const { mempool } = grove.node;
    const rate = Number(mempool.minFeeRate(noon));
    const later = noon + 12 * 3600;
    expect(Number(mempool.minFeeRate(later))).toBe(rate);
    await grove.mine('a3');
    expect(Number(mempool.minFeeRate(later))).toBe(Math.round(rate / 2));
  });
});

describe('a mempool without room', () => {
  test('has none for a payment that pays less than all that wait', async () => {
    const { grove, coins } = await plantCoins(3, roomFor(2));
    const [first, second, third] = coins.map((coin, i) => spend(coin, 3000n - 100n * BigInt(i)));
    if (!first || !second || !third) throw new Error('there are too few coins');
    await payAll(grove, [first, second]);
    const answer = await grove.node.submitPayment(third);
    expect(answer).toMatchObject({ reason: 'mempool full', kind: 'later' });
    expect(grove.waiting).toEqual([first, second]);
    await grove.reopen();
    expect(grove.waiting).toEqual([first, second]);
  });

  test('asks just the fee that it says, and takes no unit less', async () => {
    const { grove, coins } = await plantCoins(3, roomFor(1));
    const [one, two, three] = coins;
    if (!one || !two || !three) throw new Error('there are too few coins');
    await payAll(grove, [spend(one, 1000n), spend(two, 2000n)]);
    const rate = grove.node.mempool.minFeeRate(noon);
    const atFloor = (fee: bigint): bigint => {
      const least = (rate * BigInt(virtualBytes(spend(three, fee))) + 999n) / 1000n;
      return least === fee ? fee : atFloor(least);
    };
    const fee = atFloor(1200n);
    expect(await grove.pay(spend(three, fee - 1n))).toBe('mempool min fee not met');
    expect(await grove.pay(spend(three, fee))).toBe('mempool full');
  });

  test('keeps a poor payment for a rich child, and lets two poor ones go', async () => {
    const { grove, coins } = await plantCoins(3, roomFor(4));
    const [one, two, three] = coins;
    if (!one || !two || !three) throw new Error('there are too few coins');
    const helped = spend(one, 200n);
    const helper = follow(helped, 0, 9000n);
    const poor = spend(two, 1000n);
    const poorer = follow(poor, 0, 1100n);
    await payAll(grove, [helped, helper, poor, poorer]);
    const late = spend(three, 3000n);
    expect(await grove.pay(late)).toBe('waits');
    expect(grove.waiting).toEqual([helped, helper, late]);
    // The rate of the two as one, and a step.
    const bytes = virtualBytes(poor) + virtualBytes(poorer);
    expect(grove.node.mempool.minFeeRate(noon)).toBe(2_100_000n / BigInt(bytes) + 1_000n);
  });
});

describe('the memory', () => {
  test('may be taken to the last byte', async () => {
    const { grove, coins } = await plantCoins(2);
    const payments = coins.map((coin) => spend(coin));
    const taken = payments.map(memoryBytes).reduce((sum, bytes) => sum + bytes, 0);
    for (const [maxBytes, word] of [
      [taken, 'waits'],
      [taken - 1, 'mempool full'],
    ] as const) {
      const { grove: other } = await plantCoins(2, maxBytes);
      await payAll(other, payments.slice(0, 1));
      const late = payments[1] ?? spend(grove.minted('a1'));
      expect(await other.pay(late)).toBe(word);
    }
  });

  test('is left by the later of two payments that pay the same', async () => {
    const grove = await plantWith(['a1'], 10_700);
    const half = grove.minted('a1').coin.amount / 3n;
    const outputs = [1, 1, 1].map((to) => outputTo(to, half - 5_000n, 'p2tr'));
    const source = pay([grove.minted('a1')], { outputs });
    await grove.mine('a2', { with: [source] });
    const [first, second, third] = outputs.map((_, i) => follow(source, i));
    if (!first || !second || !third) throw new Error('there are too few coins');
    await payAll(grove, [first, second]);
    expect(await grove.pay(third)).toBe('mempool full');
    expect(grove.waiting).toEqual([first, second]);
  });

  test('is counted by the estimate of what each payment takes', async () => {
    const { grove, coins } = await plantCoins(3);
    const payments = coins.map((coin) => spend(coin));
    await payAll(grove, payments);
    const { mempool } = grove.node;
    const taken = payments.map(memoryBytes).reduce((sum, bytes) => sum + bytes, 0);
    expect(mempool.usage).toBe(taken);
    expect(mempool.fees).toBe(3000n);
    expect(mempool.bytes).toBe(payments.map(virtualBytes).reduce((sum, each) => sum + each, 0));
    expect(mempool.maxBytes).toBe(100_000_000);
    await grove.mine('a3', { with: payments });
    expect([mempool.usage, mempool.fees, mempool.bytes, mempool.size]).toEqual([0, 0n, 0, 0]);
  });

  test('may be less after a restart, and what pays most is kept', async () => {
    const { grove, coins } = await plantCoins(3);
    const payments = coins.map((coin, i) => spend(coin, 1000n + BigInt(i)));
    await payAll(grove, payments);
    grove.maxMempoolBytes = roomFor(2);
    await grove.reopen();
    expect(grove.waiting).toEqual(payments.slice(1));
    expect(grove.node.mempool.minFeeRate(noon)).toBeGreaterThan(1_000n);
  });
});

describe('a payment that waits too long', () => {
  const fortnight = 14 * 24 * 3600;

  test('leaves after fourteen days, with those behind it', async () => {
    const { grove, coins } = await plantCoins(4);
    const [one, two, three, four] = coins.map((coin) => spend(coin));
    if (!one || !two || !three || !four) throw new Error('there are too few coins');
    await payAll(grove, [one, two]);
    grove.clock = noon + 1;
    await payAll(grove, [follow(one), three]);
    grove.clock = noon + fortnight;
    await grove.pay(four);
    expect(grove.waiting).toEqual([one, two, follow(one), three, four]);

    grove.clock++;
    expect(await grove.pay(one)).toBe('waits');
    expect(grove.waiting).toEqual([three, four, one]);
  });

  test('is not taken up again by a program that was away so long', async () => {
    const { grove, coins } = await plantCoins(2);
    const [one, two] = coins.map((coin) => spend(coin));
    if (!one || !two) throw new Error('there are too few coins');
    await payAll(grove, [one]);
    grove.clock = noon + 1;
    await payAll(grove, [two]);
    grove.clock = noon + fortnight + 1;
    await grove.reopen();
    expect(grove.waiting).toEqual([two]);
    expect(isReject(await grove.node.submitPayment(two))).toBe(true);
  });
});
