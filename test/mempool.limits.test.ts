/** The limits of the mempool: rows of payments, memory, age; each reached, and not passed. */
import { describe, expect, test } from 'vitest';
import { isReject } from '../src/consensus/reject.ts';
import { memoryBytes } from '../src/mempool/member.ts';
import { type Transaction, txid, virtualBytes } from '../src/primitives/transaction.ts';
import { carriersOf, keyOf, type Owned, outputTo, ownOutput, pay } from './forge.ts';
import { type Grove, noon, plant } from './grove.ts';

/** Pays all of the coin to key 1, less a fee. */
function spend(coin: Owned, fee = 1000n): Transaction {
  return pay([coin], { outputs: [outputTo(1, coin.coin.amount - fee)] });
}

/** Spends the output of this place, which pays key 1. */
function follow(payment: Transaction, index = 0, fee = 1000n): Transaction {
  return spend(ownOutput(payment, index, keyOf(1)), fee);
}

/** Splits a coin into so many for key 1, at a fee that is enough. */
function split(coin: Owned, count: number): Transaction {
  const amount = coin.coin.amount / BigInt(count) - 5_000n;
  return pay([coin], { outputs: Array.from({ length: count }, () => outputTo(1, amount)) });
}

/** A payment of exactly so many virtual bytes, with a fee of 2 for each; its first output for 1. */
function spendOfBytes(coin: Owned, bytes: number): Transaction {
  const amount = coin.coin.amount - 2n * BigInt(bytes);
  const build = (filling: number) =>
    pay([coin], { outputs: [outputTo(1, amount), ...carriersOf(filling)] });
  for (let filling = bytes - 160; ; filling += bytes - virtualBytes(build(filling))) {
    if (virtualBytes(build(filling)) === bytes) return build(filling);
  }
}

async function plantWith(names: readonly string[], maxMempoolBytes?: number): Promise<Grove> {
  const grove = await plant(maxMempoolBytes === undefined ? {} : { maxMempoolBytes });
  for (const name of names) await grove.mine(name);
  return grove;
}

/** Hands in all of these, which will do. */
async function payAll(grove: Grove, payments: readonly Transaction[]): Promise<void> {
  for (const payment of payments) expect(await grove.pay(payment)).toBe('waits');
}

/** A row of so many payments, each spending the one before it. */
function rowFrom(coin: Owned, count: number): readonly Transaction[] {
  const row = [spend(coin)];
  while (row.length < count) row.push(follow(row.at(-1) ?? spend(coin)));
  return row;
}

describe('a row of payments', () => {
  test('may have 25 that follow one another, and no more until a block takes some', async () => {
    const grove = await plantWith(['a1']);
    const row = rowFrom(grove.minted('a1'), 26);
    await payAll(grove, row.slice(0, 25));
    const [last] = row.slice(25);
    if (!last) throw new Error('the row is too short');
    expect(await grove.node.submitPayment(last)).toMatchObject({
      reason: 'too-long-mempool-chain',
      kind: 'later',
      facts: { limit: 'ancestors', count: 26, most: 25 },
    });
    await grove.mine('a2', { with: row.slice(0, 1) });
    expect(await grove.pay(last)).toBe('waits');
  });

  test('may have 24 behind one, whether beside or behind one another', async () => {
    const grove = await plantWith(['a1']);
    const first = split(grove.minted('a1'), 30);
    const beside = Array.from({ length: 23 }, (_, i) => follow(first, i));
    const behind = follow(beside[0] ?? first);
    await payAll(grove, [first, ...beside, behind]);
    const answer = await grove.node.submitPayment(follow(first, 24));
    expect(answer).toMatchObject({
      reason: 'too-long-mempool-chain',
      facts: { limit: 'descendants', count: 26, most: 25 },
    });
    expect(grove.node.mempool.get(txid(first))?.descendants.count).toBe(25);
    // One that takes the place of another makes the row no longer.
    expect(await grove.pay(follow(first, 22, 9000n))).toBe('waits');
  });

  test('may have 24 before one, of which none follows another', async () => {
    const grove = await plantWith(['a1']);
    const source = split(grove.minted('a1'), 25);
    await grove.mine('a2', { with: [source] });
    const parents = Array.from({ length: 25 }, (_, i) => follow(source, i));
    await payAll(grove, parents);
    const coins = parents.map((parent) => ownOutput(parent, 0, keyOf(1)));
    const join = (count: number) => pay(coins.slice(0, count), { outputs: [outputTo(1, 5000n)] });
    expect(await grove.node.submitPayment(join(25))).toMatchObject({
      reason: 'too-long-mempool-chain',
      facts: { limit: 'ancestors', count: 26 },
    });
    expect(await grove.pay(join(24))).toBe('waits');
  });
});

describe('a package', () => {
  test('may weigh 101,000 virtual bytes from the last payment back', async () => {
    const grove = await plantWith(['a1']);
    const first = spendOfBytes(grove.minted('a1'), 90_000);
    await payAll(grove, [first]);
    const coin = ownOutput(first, 0, keyOf(1));
    expect(await grove.node.submitPayment(spendOfBytes(coin, 11_001))).toMatchObject({
      reason: 'too-long-mempool-chain',
      facts: { limit: 'ancestors-bytes', bytes: 101_001, most: 101_000 },
    });
    expect(await grove.pay(spendOfBytes(coin, 11_000))).toBe('waits');
  });

  test('may weigh 101,000 virtual bytes from the first payment on', async () => {
    const grove = await plantWith(['a1']);
    const first = split(grove.minted('a1'), 2);
    const second = spendOfBytes(ownOutput(first, 0, keyOf(1)), 90_000);
    await payAll(grove, [first, second]);
    const left = 101_000 - 90_000 - virtualBytes(first);
    const coin = ownOutput(first, 1, keyOf(1));
    expect(await grove.node.submitPayment(spendOfBytes(coin, left + 1))).toMatchObject({
      reason: 'too-long-mempool-chain',
      facts: { limit: 'descendants-bytes', bytes: 101_001 },
    });
    expect(await grove.pay(spendOfBytes(coin, left))).toBe('waits');
  });
});

/** Coins of one size for key 1, in the chain. */
async function plantCoins(count: number, maxMempoolBytes?: number) {
  const grove = await plantWith(['a1'], maxMempoolBytes);
  const source = split(grove.minted('a1'), count);
  await grove.mine('a2', { with: [source] });
  const coins = source.outputs.map((_, index) => ownOutput(source, index, keyOf(1)));
  return { grove, coins };
}

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
    await grove.reopen();
    expect(grove.waiting).toEqual([first, third, rich]);
  });

  test('has no room for a payment that pays less than all that wait', async () => {
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

  test('keeps a poor payment for its rich child, and lets both go where both pay little', async () => {
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
