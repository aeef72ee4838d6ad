/** What a node passes on, and what it will not: each reason reached by the smallest step. */
import { describe, expect, test } from 'vitest';
import { carrierScript } from '../src/primitives/script.ts';
import {
  strippedBytes,
  type Transaction,
  virtualBytes,
  weight,
} from '../src/primitives/transaction.ts';
import {
  carriersOf,
  keyOf,
  type Owned,
  outputTo,
  own,
  ownOutput,
  type PaymentFields,
  pay,
  withWitness,
  witnessIn,
} from './forge.ts';
import { type Grove, grass, plant } from './grove.ts';

/** A chain of four blocks; what the last one minted is still immature. */
async function plantFour(): Promise<Grove> {
  const grove = await plant({ params: { ...grass, coinbaseMaturity: 2 } });
  for (const name of ['a1', 'a2', 'a3', 'a4']) await grove.mine(name);
  return grove;
}

/** Pays all of the coin to key 1, less a fee that is enough. */
function spend(coin: Owned, fee = 1000n, fields: PaymentFields = {}): Transaction {
  return pay([coin], { outputs: [outputTo(1, coin.coin.amount - fee)], ...fields });
}

/** A payment whose fee is this much more than its virtual bytes. */
function spendAtRate(coin: Owned, more: bigint): Transaction {
  for (let fee = 100n; fee < 130n; fee++) {
    const payment = spend(coin, fee);
    if (fee - BigInt(virtualBytes(payment)) === more) return payment;
  }
  throw new Error('no such payment was found');
}

/** The heaviest payment of at most this weight, by carriers that hold nothing; or one byte more. */
function spendOfWeight(coin: Owned, most: number, moreBytes: number): Transaction {
  const build = (bytes: number) => pay([coin], { outputs: carriersOf(bytes) });
  let bytes = 99_000;
  bytes += (most - weight(build(bytes))) >> 2;
  while (weight(build(bytes)) > most) bytes--;
  return build(bytes + moreBytes);
}

/** A payment of so many bytes without its witness, all for a fee. */
function spendOfBytes(coin: Owned, bytes: number): Transaction {
  const script = carrierScript(new Uint8Array(bytes - 62));
  const payment = pay([coin], { outputs: [{ amount: 0n, script }] });
  expect(strippedBytes(payment)).toBe(bytes);
  return payment;
}

const medianTimePast = (grove: Grove) => grove.node.chain.tip.medianTimePast;
/** In units of 512 seconds, how long before the last median time past the coin's age begins. */
const unitsSince = (grove: Grove, time: number) => Math.floor((medianTimePast(grove) - time) / 512);
const timed = (units: number) => 0x0040_0000 | units;

type Draw = (grove: Grove) => Transaction;

const a2 = (grove: Grove) => grove.minted('a2');

/** The reason, what it is about, a payment that just waits, one that just does not. */
const rows: readonly (readonly [string, string, Draw, Draw])[] = [
  [
    'min relay fee not met',
    'a fee of a unit for each virtual byte',
    (grove) => spendAtRate(a2(grove), 0n),
    (grove) => spendAtRate(a2(grove), -1n),
  ],
  [
    'dust',
    'a P2WPKH output of 294 units',
    (grove) => pay([a2(grove)], { outputs: [outputTo(1, 294n)] }),
    (grove) => pay([a2(grove)], { outputs: [outputTo(1, 5000n), outputTo(1, 293n)] }),
  ],
  [
    'dust',
    'a P2TR output of 330 units',
    (grove) => pay([a2(grove)], { outputs: [outputTo(1, 330n, 'p2tr')] }),
    (grove) => pay([a2(grove)], { outputs: [outputTo(1, 329n, 'p2tr')] }),
  ],
  [
    'tx-size',
    'a weight of 400,000',
    (grove) => spendOfWeight(a2(grove), 400_000, 0),
    (grove) => spendOfWeight(a2(grove), 400_000, 1),
  ],
  [
    'tx-size-small',
    'a stripped size of 65 bytes, for 64 are no transaction at all,',
    (grove) => spendOfBytes(a2(grove), 65),
    (grove) => spendOfBytes(a2(grove), 63),
  ],
  [
    'bad-txns-size',
    'a stripped size of 65 bytes',
    (grove) => spendOfBytes(a2(grove), 65),
    (grove) => spendOfBytes(a2(grove), 64),
  ],
  [
    'non-final',
    'a lock to the height of the tip',
    (grove) => spend(a2(grove), 1000n, { lockTime: 4, sequence: 0 }),
    (grove) => spend(a2(grove), 1000n, { lockTime: 5, sequence: 0 }),
  ],
  [
    'non-final',
    'a lock to a second before the median time past',
    (grove) => spend(a2(grove), 1000n, { lockTime: medianTimePast(grove) - 1, sequence: 0 }),
    (grove) => spend(a2(grove), 1000n, { lockTime: medianTimePast(grove), sequence: 0 }),
  ],
  [
    'non-BIP68-final',
    'a relative lock of as many blocks as the coin has',
    (grove) => spend(a2(grove), 1000n, { sequence: 3 }),
    (grove) => spend(a2(grove), 1000n, { sequence: 4 }),
  ],
  [
    'non-BIP68-final',
    'a relative lock of as many seconds as the coin has',
    (grove) => spend(a2(grove), 1000n, { sequence: timed(ageOf(grove)) }),
    (grove) => spend(a2(grove), 1000n, { sequence: timed(ageOf(grove) + 1) }),
  ],
  [
    'bad-txns-premature-spend-of-coinbase',
    'a minted coin that has matured',
    (grove) => spend(grove.minted('a3')),
    (grove) => spend(grove.minted('a4')),
  ],
  [
    'bad-txns-inputs-missingorspent',
    'a coin that exists',
    (grove) => spend(a2(grove)),
    () => spend(own(77, { amount: 5000n })),
  ],
  [
    'bad-txns-in-belowout',
    'a sum of outputs below that of the inputs',
    (grove) => spend(a2(grove)),
    (grove) => spend(a2(grove), -1n),
  ],
  [
    'mempool-script-verify-flag-failed',
    'a signature of this very payment',
    (grove) => spend(a2(grove)),
    (grove) => withWitness(spend(a2(grove)), witnessIn(spend(a2(grove), 1001n))),
  ],
  [
    'output-kind',
    'an output of a known kind',
    (grove) => spend(a2(grove)),
    (grove) => pay([a2(grove)], { outputs: [{ amount: 5000n, script: Uint8Array.of(0x51) }] }),
  ],
];

/** How old the coin of a2 is, in whole units of 512 seconds; the median of a1 and genesis is a1. */
function ageOf(grove: Grove): number {
  return unitsSince(grove, grove.block('a1').header.time);
}

describe('a payment waits, and one a step further is refused', () => {
  test.each(rows)('%s: %s will do', async (reason, _, good, bad) => {
    const grove = await plantFour();
    expect(await grove.pay(bad(grove))).toBe(reason);
    expect(grove.waiting).toEqual([]);
    expect(await grove.pay(good(grove))).toBe('waits');
    expect(grove.waiting.length).toBe(1);
  });
});

test('a minted coin comes with a block and never by itself', async () => {
  const grove = await plantFour();
  const [coinbase] = grove.draw('a5').transactions;
  if (!coinbase) throw new Error('a5 mints nothing');
  expect(await grove.pay(coinbase)).toBe('coinbase');
});

test('of two payments that spend one coin and pay the same the first waits', async () => {
  const grove = await plantFour();
  const first = spend(a2(grove));
  expect(await grove.pay(first)).toBe('waits');
  expect(await grove.pay(spend(a2(grove), 1000n, { lockTime: 1 }))).toBe('insufficient fee');
  expect(grove.waiting).toEqual([first]);
});

test('a payment that waits is not taken twice, even with another signature', async () => {
  const grove = await plantFour();
  const first = spend(a2(grove));
  expect(await grove.pay(first)).toBe('waits');
  expect(await grove.pay(first)).toBe('txn-already-in-mempool');
  const other = withWitness(first, witnessIn(spend(a2(grove), 1001n)));
  expect(await grove.pay(other)).toBe('txn-same-nonwitness-data-in-mempool');
});

test('a payment that a block holds is known, until its coins are all spent', async () => {
  const grove = await plantFour();
  const first = spend(a2(grove));
  await grove.mine('a5', { with: [first] });
  expect(await grove.pay(first)).toBe('txn-already-known');
  await grove.mine('a6', { with: [spend(ownOutput(first, 0, keyOf(1)))] });
  expect(await grove.pay(first)).toBe('bad-txns-inputs-missingorspent');
});

test('only a false signature condemns a payment for ever among the reasons of policy', async () => {
  const grove = await plantFour();
  const forged = withWitness(spend(a2(grove)), witnessIn(spend(a2(grove), 1001n)));
  expect(await grove.node.submitPayment(forged)).toMatchObject({ kind: 'never' });
  const missing = spend(own(77, { amount: 5000n }));
  expect(await grove.node.submitPayment(missing)).toMatchObject({ kind: 'later' });
  const young = spend(grove.minted('a4'));
  expect(await grove.node.submitPayment(young)).toMatchObject({ kind: 'later' });
  const poor = spendAtRate(a2(grove), -1n);
  expect(await grove.node.submitPayment(poor)).toMatchObject({ kind: 'later' });
});
