/** Payments as they are planned: which coins, what fee, what comes back. */

import { hexToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../src/primitives/fault.ts';
import { carrierScript, outputKind, p2trScript } from '../src/primitives/script.ts';
import { dustLimit } from '../src/primitives/standard.ts';
import type { Output } from '../src/primitives/transaction.ts';
import type { OwnedCoin } from '../src/wallet/coins.ts';
import { type Payment, type PaymentRequest, planPayment } from '../src/wallet/payment.ts';
import { anyRequest, coinsOf, faultOr, ownScript, requestOf } from './wallet.purse.ts';

/** An x that no point has, from BIP340's vectors. */
const noPoint = hexToBytes('eefdea4cdb677750a420fee807eacf21eb9898ae79b9768766e4faa04a2d4a34');

/** What one coin of ours, one payment and change weigh when they are P2WPKH: 141 virtual bytes. */
const usualFee = 141n;

describe('a planned payment', () => {
  test('pays, takes back the change and carries the memo, in this order', () => {
    const request = requestOf({ memo: 'lunch ☕' });
    const { transaction, spent, fee, change } = planPayment(request);
    expect(transaction).toMatchObject({ version: 2, lockTime: 0 });
    expect(transaction.inputs).toEqual([
      {
        prevout: request.coins[0]?.outPoint,
        scriptSig: new Uint8Array(0),
        sequence: 0xffff_fffd,
        witness: [],
      },
    ]);
    expect(transaction.outputs).toEqual([
      { amount: 100_000n, script: request.to },
      { amount: change, script: request.changeScript },
      { amount: 0n, script: carrierScript(new TextEncoder().encode('lunch ☕')) },
    ]);
    expect(spent).toEqual(request.coins);
    expect(change).toBe(900_000n - fee);
  });

  test('has no carrier where there is no memo, or an empty one', () => {
    for (const request of [requestOf(), requestOf({ memo: '' })]) {
      expect(planPayment(request)).toMatchObject({ fee: usualFee, change: 900_000n - usualFee });
    }
  });
});

describe('of the coins a payment', () => {
  test('spends confirmed coins before unconfirmed, and of each the largest first', () => {
    const coins = coinsOf([
      { amount: 90_000n, isConfirmed: false },
      { amount: 20_000n },
      { amount: 80_000n, isConfirmed: false },
      { amount: 30_000n },
    ]);
    const amounts = (amount: bigint) =>
      planPayment(requestOf({ coins, amount })).spent.map(({ output }) => output.amount);
    expect(amounts(29_000n)).toEqual([30_000n]);
    expect(amounts(30_000n)).toEqual([30_000n, 20_000n]);
    expect(amounts(50_000n)).toEqual([30_000n, 20_000n, 90_000n]);
    expect(amounts(200_000n)).toEqual([30_000n, 20_000n, 90_000n, 80_000n]);
  });

  test('spends no coin at the end of a full row while others do', () => {
    const rows = coinsOf([
      { amount: 90_000n, row: 25 },
      { amount: 80_000n, row: 3, isAtLimit: true },
      { amount: 70_000n, row: 20 },
      { amount: 60_000n, row: 5 },
      { amount: 50_000n, row: 4 },
    ]);
    const plan = (amount: bigint) => planPayment(requestOf({ coins: rows, amount }));
    const amounts = (amount: bigint) => plan(amount).spent.map(({ output }) => output.amount);
    expect(amounts(60_000n)).toEqual([70_000n]);
    // Twenty and four are a row of 25 with the payment itself; five would be one too many.
    expect(amounts(110_000n)).toEqual([70_000n, 50_000n]);
    expect(faultOr(() => plan(130_000n))).toBe('too-long-mempool-chain');
    expect(faultOr(() => plan(400_000n))).toBe('insufficient-funds');
    const all = () => planPayment(requestOf({ coins: rows, amount: 'all' }));
    expect(faultOr(all)).toBe('too-long-mempool-chain');
  });

  test('leaves a coin alone that costs more to spend than it brings', () => {
    // An input of P2WPKH is 68 virtual bytes, so at 1 unit each a coin of 68 brings nothing.
    const [large = 0n, small] = [10_000n, 68n];
    const coins = coinsOf([{ amount: large }, { amount: small }]);
    expect(faultOr(() => planPayment(requestOf({ coins, amount: large })))).toBe(
      'insufficient-funds',
    );
    const more = coinsOf([{ amount: large }, { amount: small + 111n }]);
    expect(planPayment(requestOf({ coins: more, amount: large })).spent).toHaveLength(2);
  });

  test('gives change below dust to the miner, and change at the limit back', () => {
    for (const [kind, limit, bytes] of [
      ['p2wpkh', 294n, 31n],
      ['p2tr', 330n, 43n],
    ] as const) {
      const changeScript = ownScript(kind, 6);
      const fee = 110n + bytes;
      const plan = (amount: bigint) =>
        planPayment(requestOf({ coins: coinsOf([{ amount }]), changeScript }));
      expect(plan(100_000n + fee + limit)).toMatchObject({ fee, change: limit });
      expect(plan(100_000n + fee + limit - 1n)).toMatchObject({
        fee: fee + limit - 1n,
        change: 0n,
      });
    }
  });

  test('rounds the fee up to a whole unit', () => {
    const feeOf = (feeRate: bigint) => planPayment(requestOf({ feeRate })).fee;
    expect([0n, 1n, 7n, 8n, 1_001n].map(feeOf)).toEqual([0n, 1n, 1n, 2n, 142n]);
  });
});

test('dust is what Core calls dust: 294 for P2WPKH, 330 for P2TR, nothing for a carrier', () => {
  expect(dustLimit(ownScript('p2wpkh'))).toBe(294n);
  expect(dustLimit(ownScript('p2tr'))).toBe(330n);
  expect(dustLimit(carrierScript(new Uint8Array(3)))).toBe(0n);
});

describe('a payment is refused', () => {
  const coins = (count: number, amount = 1_000n) =>
    coinsOf(Array.from({ length: count }, () => ({ amount })));
  const cases: readonly [string, Partial<PaymentRequest>, Partial<PaymentRequest>, string][] = [
    ['with dust for P2WPKH', { amount: 293n }, { amount: 294n }, 'amount-dust'],
    [
      'with dust for P2TR',
      { amount: 329n, to: ownScript('p2tr') },
      { amount: 330n, to: ownScript('p2tr') },
      'amount-dust',
    ],
    ['below zero', { amount: -1n }, { amount: 294n }, 'amount-dust'],
    ['without coins', { coins: [] }, { coins: coins(1, 200_000n) }, 'no-coins'],
    ['without coins, all of them', { coins: [], amount: 'all' }, { amount: 'all' }, 'no-coins'],
    [
      'a unit above what there is',
      { amount: 999_891n },
      { amount: 999_890n },
      'insufficient-funds',
    ],
    [
      'when all there is would be dust after the fee',
      { coins: coins(1, 110n + 293n), amount: 'all' },
      { coins: coins(1, 110n + 294n), amount: 'all' },
      'insufficient-funds',
    ],
    [
      'with a memo of 81 bytes',
      { memo: `e${'é'.repeat(40)}` },
      { memo: 'é'.repeat(40) },
      'memo-too-long',
    ],
    [
      'to a key that is no point',
      { to: p2trScript(noPoint) },
      { to: ownScript('p2tr') },
      'address-unspendable',
    ],
    [
      'when it weighs more than 400,000',
      { coins: coins(1_470), amount: 'all' },
      { coins: coins(1_469), amount: 'all' },
      'payment-too-large',
    ],
  ];

  test.each(cases)('%s, and the nearest that is right is not', (_, wrong, right, code) => {
    expect(faultOr(() => planPayment(requestOf(wrong)))).toBe(code);
    expect(faultOr(() => planPayment(requestOf(right)))).toBeTypeOf('object');
  });

  test('with a message that says what is there and what is needed, in coins', () => {
    const request = requestOf({ coins: coinsOf([{ amount: 50_000n }, { amount: 60n }]) });
    expect(() => planPayment(request)).toThrow(
      new Fault(
        'insufficient-funds',
        'there are 0.00050000 coins to spend (and 0.00000060 in coins too small to spend), ' +
          'and 0.00100110 are needed: 0.00100000 and a fee of 0.00000110',
      ),
    );
  });
});

const sum = (outputs: readonly Output[]) =>
  outputs.reduce((total, { amount }) => total + amount, 0n);
const sumIn = (spent: readonly OwnedCoin[]) => sum(spent.map(({ output }) => output));

/** Holds the property against many requests, and sees that enough of them were planned. */
function always(property: (payment: Payment, request: PaymentRequest) => void): void {
  let planned = 0;
  fc.assert(
    fc.property(anyRequest, (request) => {
      const payment = faultOr(() => planPayment(request));
      if (typeof payment === 'string') return;
      planned++;
      property(payment, request);
    }),
    { numRuns: 3_000 },
  );
  expect(planned).toBeGreaterThan(500);
}

describe('whatever is asked for', () => {
  test('what goes in comes out or is the fee, and the amount arrives to the last unit', () => {
    always(({ transaction, spent, fee, change }, { amount }) => {
      const [paid, back] = transaction.outputs;
      expect(sumIn(spent)).toBe(sum(transaction.outputs) + fee);
      expect(fee).toBeGreaterThanOrEqual(0n);
      if (amount !== 'all') expect(paid?.amount).toBe(amount);
      if (change > 0n) expect(back?.amount).toBe(change);
    });
  });

  test('no dust is left, for oneself or for others', () => {
    always(({ transaction }) => {
      for (const { amount, script } of transaction.outputs) {
        if (outputKind(script)?.kind === 'carrier') expect(amount).toBe(0n);
        else expect(amount).toBeGreaterThanOrEqual(dustLimit(script));
      }
    });
  });

  test('each coin is spent once, and its outpoint stands at its place', () => {
    always(({ transaction, spent }, { coins }) => {
      expect(transaction.inputs.map(({ prevout }) => prevout)).toEqual(
        spent.map(({ outPoint }) => outPoint),
      );
      expect(new Set(spent).size).toBe(spent.length);
      expect(spent.every((coin) => coins.includes(coin))).toBe(true);
    });
  });

  test('no unconfirmed coin is spent while the confirmed ones suffice', () => {
    always((payment, request) => {
      if (request.amount === 'all') return;
      const coins = request.coins.filter(({ ancestors }) => ancestors.length === 0);
      const withoutOthers = faultOr(() => planPayment({ ...request, coins }));
      if (typeof withoutOthers === 'object') expect(payment).toEqual(withoutOthers);
    });
  });

  test("'all' spends every coin and takes nothing back", () => {
    always(({ spent, transaction, change, fee }, { coins, amount }) => {
      if (amount !== 'all') return;
      expect(spent).toHaveLength(coins.length);
      expect(change).toBe(0n);
      expect(transaction.outputs[0]?.amount).toBe(sumIn(coins) - fee);
    });
  });
});

test('what is refused for want of funds could be paid by no choice of coins', () => {
  fc.assert(
    fc.property(anyRequest, (request) => {
      const coins = request.coins.slice(0, 6);
      const { amount, feeRate } = request;
      const answer = faultOr(() => planPayment({ ...request, coins }));
      if (answer !== 'insufficient-funds' || amount === 'all') return;
      for (let choice = 1; choice < 1 << coins.length; choice++) {
        const chosen = coins.filter((_, i) => (choice >> i) & 1);
        const all = faultOr(() => planPayment({ ...request, coins: chosen, amount: 'all' }));
        // Where half a virtual byte is rounded up, another choice may save that much.
        const most = amount + feeRate / 1_000n + 1n;
        if (typeof all === 'object') {
          expect(all.transaction.outputs[0]?.amount).toBeLessThan(most);
        }
      }
    }),
    { numRuns: 1_000 },
  );
});
