/** Rows of payments that follow one another: how long they may be, and how heavy. */
import { describe, expect, test } from 'vitest';
import { type Transaction, txid, virtualBytes } from '../src/primitives/transaction.ts';
import { carriersOf, keyOf, type Owned, outputTo, ownOutput, pay } from './forge.ts';
import { follow, payAll, plantWith, spend, split } from './payments.ts';

/** A payment of exactly so many virtual bytes, with a fee of 2 for each; its first output for 1. */
function spendOfBytes(coin: Owned, bytes: number): Transaction {
  const amount = coin.coin.amount - 2n * BigInt(bytes);
  const build = (filling: number) =>
    pay([coin], { outputs: [outputTo(1, amount), ...carriersOf(filling)] });
  for (let filling = bytes - 160; ; filling += bytes - virtualBytes(build(filling))) {
    if (virtualBytes(build(filling)) === bytes) return build(filling);
  }
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
