/** Payments that follow one another, and groves whose coins they spend. */
import { expect } from 'vitest';
import type { Transaction } from '../src/primitives/transaction.ts';
import { keyOf, type Owned, outputTo, ownOutput, pay } from './forge.ts';
import { type Grove, plant } from './grove.ts';

/** Pays all of the coin to key 1, less a fee. */
export function spend(coin: Owned, fee = 1000n): Transaction {
  return pay([coin], { outputs: [outputTo(1, coin.coin.amount - fee)] });
}

/** Spends the output of this place, which pays key 1. */
export function follow(payment: Transaction, index = 0, fee = 1000n): Transaction {
  return spend(ownOutput(payment, index, keyOf(1)), fee);
}

/** Splits a coin into so many for key 1, at a fee that is enough. */
export function split(coin: Owned, count: number): Transaction {
  const amount = coin.coin.amount / BigInt(count) - 5_000n;
  return pay([coin], { outputs: Array.from({ length: count }, () => outputTo(1, amount)) });
}

/** A chain of these blocks; the mempool may take so much of the memory. */
export async function plantWith(
  names: readonly string[],
  maxMempoolBytes?: number,
): Promise<Grove> {
  const grove = await plant(maxMempoolBytes === undefined ? {} : { maxMempoolBytes });
  for (const name of names) await grove.mine(name);
  return grove;
}

/** Hands in all of these, which will do. */
export async function payAll(grove: Grove, payments: readonly Transaction[]): Promise<void> {
  for (const payment of payments) expect(await grove.pay(payment)).toBe('waits');
}

/** Coins of one size for key 1, in the chain. */
export async function plantCoins(count: number, maxMempoolBytes?: number) {
  const grove = await plantWith(['a1'], maxMempoolBytes);
  const source = split(grove.minted('a1'), count);
  await grove.mine('a2', { with: [source] });
  const coins = source.outputs.map((_, index) => ownOutput(source, index, keyOf(1)));
  return { grove, coins };
}
