/** Replacement: each rule of BIP125 that holds here, met to the unit and missed by one. */
import { expect, test } from 'vitest';
import { isReject } from '../src/consensus/reject.ts';
import { replacedBy } from '../src/mempool/replacement.ts';
import {
  type Output,
  type Transaction,
  txid,
  virtualBytes,
} from '../src/primitives/transaction.ts';
import { carriersOf, keyOf, type Owned, outputTo, own, ownOutput, pay } from './forge.ts';
import { payAll, plantCoins } from './payments.ts';
import { poolOf } from './pond.ts';

/** Pays these coins to key 1, less a fee. */
function spend(coins: readonly Owned[], fee: bigint, extra: readonly Output[] = []): Transaction {
  const total = coins.reduce((sum, { coin }) => sum + coin.amount, 0n);
  return pay(coins, { outputs: [outputTo(1, total - fee), ...extra] });
}

function follow(payment: Transaction, fee = 1000n, index = 0): Transaction {
  return spend([ownOutput(payment, index, keyOf(1))], fee);
}

/** A payment of these coins whose fee is what `least` says of its virtual bytes, and `more`. */
function spendFor(coins: readonly Owned[], least: (bytes: number) => bigint, more = 0n) {
  let fee = 0n;
  for (let tries = 0; tries < 50; tries++) {
    const payment = spend(coins, fee);
    const wanted = least(virtualBytes(payment)) + more;
    if (wanted === fee) return payment;
    fee = wanted;
  }
  throw new Error('no such payment was found');
}

test('a replacement pays what it replaces, and a unit for each of its own bytes', async () => {
  const { grove, coins } = await plantCoins(2);
  const apart = spend(coins.slice(1), 1000n);
  const first = spend(coins.slice(0, 1), 1000n);
  await payAll(grove, [first, apart]);
  const rule = (bytes: number) => 1000n + BigInt(bytes);
  const answer = await grove.node.submitPayment(spendFor(coins.slice(0, 1), rule, -1n));
  expect(answer).toMatchObject({ reason: 'insufficient fee', kind: 'later' });
  expect(grove.waiting).toEqual([first, apart]);
  const second = spendFor(coins.slice(0, 1), rule);
  expect(await grove.pay(second)).toBe('waits');
  expect(grove.waiting).toEqual([apart, second]);
  await grove.reopen();
  expect(grove.waiting).toEqual([apart, second]);
  expect(await grove.pay(follow(first))).toBe('bad-txns-inputs-missingorspent');
});

test('a replacement pays for all that is behind what it replaces too', async () => {
  const { grove, coins } = await plantCoins(1);
  const first = spend(coins, 1000n);
  const second = follow(first, 3000n);
  const third = follow(second, 5000n);
  await payAll(grove, [first, second, third]);
  const rule = (bytes: number) => 9000n + BigInt(bytes);
  expect(await grove.pay(spendFor(coins, rule, -1n))).toBe('insufficient fee');
  const other = spendFor(coins, rule);
  expect(await grove.pay(other)).toBe('waits');
  expect(grove.waiting).toEqual([other]);
});

test('a replacement pays more a byte than each that it contradicts', async () => {
  const { grove, coins } = await plantCoins(1);
  const first = spend(coins, 5000n);
  await payAll(grove, [first]);
  const bytes = virtualBytes(first);
  // So large that it pays for itself and the other long before it pays as much a byte.
  const build = (fee: bigint) => spend(coins, fee, carriersOf(bytes * 9));
  const size = virtualBytes(build(50_000n));
  const equal = (5000n * BigInt(size)) / BigInt(bytes);
  expect(virtualBytes(build(equal))).toBe(size);
  expect(await grove.node.submitPayment(build(equal))).toMatchObject({
    reason: 'insufficient fee',
    facts: { rival: txid(first) },
  });
  expect(await grove.pay(build(equal + 1n))).toBe('waits');
});

test('a replacement may contradict several, and outbids each of them', async () => {
  const { grove, coins } = await plantCoins(3);
  const [one, two] = coins.slice(0, 2).map((coin, i) => spend([coin], 1000n + 4000n * BigInt(i)));
  if (!one || !two) throw new Error('there are too few coins');
  await payAll(grove, [one, two]);
  // All three coins: enough for both as a sum, and less a byte than the richer one.
  expect(await grove.pay(spend(coins, 6500n))).toBe('insufficient fee');
  const both = spend(coins, 16_000n);
  expect(await grove.pay(both)).toBe('waits');
  expect(grove.waiting).toEqual([both]);
  for (const { outPoint } of coins) expect(grove.node.mempool.spenderOf(outPoint)).toBe(txid(both));
});

test('a replacement makes a hundred leave at most', async () => {
  const { grove, coins } = await plantCoins(5);
  for (const coin of coins.slice(0, 4)) {
    const fan = pay([coin], {
      outputs: Array.from({ length: 24 }, () => outputTo(1, coin.coin.amount / 24n - 500n)),
    });
    await payAll(grove, [fan, ...fan.outputs.map((_, index) => follow(fan, 1000n, index))]);
  }
  await payAll(grove, [spend(coins.slice(4), 1000n)]);
  expect(grove.waiting.length).toBe(101);
  expect(await grove.node.submitPayment(spend(coins, 900_000n))).toMatchObject({
    reason: 'too many potential replacements',
    kind: 'later',
    facts: { count: 101, most: 100 },
  });
  const hundred = spend(coins.slice(0, 4), 900_000n);
  expect(await grove.pay(hundred)).toBe('waits');
  expect(grove.waiting.length).toBe(2);
});

test('a replacement spends nothing of what it replaces', async () => {
  const { grove, coins } = await plantCoins(2);
  const first = spend(coins.slice(0, 1), 1000n);
  const second = follow(first);
  await payAll(grove, [first, second]);
  for (const made of [first, second]) {
    const both = spend([...coins.slice(0, 1), ownOutput(made, 0, keyOf(1))], 90_000n);
    expect(await grove.node.submitPayment(both)).toMatchObject({
      reason: 'bad-txns-spends-conflicting-tx',
      kind: 'never',
    });
  }
  // A sister of what leaves may stay: only the coin itself is contended.
  const sister = spend([ownOutput(second, 0, keyOf(1)), ...coins.slice(1)], 1000n);
  await payAll(grove, [sister]);
  const instead = spend([ownOutput(second, 0, keyOf(1))], 90_000n);
  expect(await grove.pay(instead)).toBe('waits');
  expect(grove.waiting).toEqual([first, second, instead]);
});

test('a replacement with a false signature makes nobody leave', async () => {
  const { grove, coins } = await plantCoins(1);
  const first = spend(coins, 1000n);
  await payAll(grove, [first]);
  const good = spend(coins, 9000n);
  const witness = spend(coins, 9001n).inputs[0]?.witness ?? [];
  const forged = { ...good, inputs: good.inputs.map((input) => ({ ...input, witness })) };
  expect(await grove.pay(forged)).toBe('mempool-script-verify-flag-failed');
  expect(grove.waiting).toEqual([first]);
});

test('one behind two that are replaced is counted for both, and leaves once', () => {
  const parents = [1, 2].map((seed) => ({ transaction: pay([own(seed)]), fee: 10n }));
  const made = parents.map(({ transaction }) => ownOutput(transaction, 0, keyOf(0)));
  const pool = poolOf([...parents, { transaction: pay(made), fee: 10n }]);
  const leaving = replacedBy(pay([own(1), own(2), own(3)]), pool);
  if (isReject(leaving)) throw new Error(leaving.reason);
  expect(leaving.length).toBe(3);
});
