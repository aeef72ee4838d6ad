/** Replacements as they are planned: what stays, where the fee comes from, and how much it is. */
import { describe, expect, test } from 'vitest';
import { Fault } from '../src/primitives/fault.ts';
import { carrierScript } from '../src/primitives/script.ts';
import { txid, virtualBytes } from '../src/primitives/transaction.ts';
import { type BumpRequest, planBump } from '../src/wallet/bump.ts';
import type { OwnedCoin } from '../src/wallet/coins.ts';
import { type PaymentRequest, planPayment } from '../src/wallet/payment.ts';
import { signPayment } from '../src/wallet/sign.ts';
import { coinsOf, faultOr, judge, keys, ownScript, requestOf } from './wallet.purse.ts';

const ownKeys = [
  keys.key({ kind: 'p2wpkh', isChange: false, index: 0 }),
  keys.key({ kind: 'p2wpkh', isChange: true, index: 0 }),
];
const change = keys.key({ kind: 'p2wpkh', isChange: true, index: 0 }).script;
const fresh = keys.key({ kind: 'p2wpkh', isChange: true, index: 1 }).script;
const random = (length: number) => new Uint8Array(length);

/** The payment that this asks for, as it waits, and the request to replace it. */
function waiting(asked: Partial<PaymentRequest> = {}, bump: Partial<BumpRequest> = {}) {
  const payment = planPayment(requestOf({ changeScript: change, ...asked }));
  const transaction = signPayment(payment, keys, random);
  const request: BumpRequest = {
    transaction,
    spent: payment.spent,
    leavingFees: payment.fee,
    floor: 0n,
    keys: ownKeys,
    coins: [],
    changeScript: fresh,
    ...bump,
  };
  return { payment, request };
}

/** Coins with outpoints of their own, beside those that the payments spend. */
function others(...amounts: readonly bigint[]): readonly OwnedCoin[] {
  return coinsOf([0n, 0n, 0n, 0n, ...amounts].map((amount) => ({ amount }))).slice(4);
}

/** The message of the `Fault`. */
function messageOf(ask: () => unknown): string {
  try {
    ask();
  } catch (error) {
    if (error instanceof Fault) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error('expected a Fault');
}

describe('a replacement', () => {
  test('spends the same coins and pays others the same; its change pays the fee', () => {
    const { payment, request } = waiting({ memo: 'lunch' });
    const bumped = planBump(request);
    expect(bumped.spent).toEqual(payment.spent);
    const [paid, back, memo] = payment.transaction.outputs;
    const more = bumped.fee - payment.fee;
    expect(bumped.transaction.outputs).toEqual([
      paid,
      { script: change, amount: (back?.amount ?? 0n) - more },
      memo,
    ]);
    expect(bumped.change).toBe(payment.change - more);
    const signed = signPayment(bumped, keys, random);
    expect(judge(signed, bumped)).toBe('valid');
    expect(txid(signed)).not.toBe(txid(request.transaction));
  });
});

describe('its fee', () => {
  test('is one unit a byte more where nothing else is said', () => {
    expect(planBump(waiting().request).fee).toBe(282n);
    expect(planBump(waiting({ feeRate: 2_500n }).request).fee).toBe(353n + 141n);
  });

  test('pays for all that leaves with the payment, and for its own way', () => {
    const { request } = waiting({}, { leavingFees: 5_000n });
    expect(planBump(request).fee).toBe(5_141n);
  });

  test('is what is asked for want of room', () => {
    expect(planBump(waiting({}, { floor: 7_000n }).request).fee).toBe(7n * 141n);
  });

  test('has the rate that was asked for, and never less than is accepted', () => {
    const plan = (feeRate: bigint) => planBump(waiting({}, { feeRate }).request).fee;
    expect([2_000n, 2_001n, 20_500n].map(plan)).toEqual([282n, 283n, 2_891n]);
    expect(messageOf(() => plan(1_990n))).toBe(
      'fee-too-low: 1.99 a virtual byte is too little: say --fee-rate 2 at least',
    );
    const many = waiting({}, { leavingFees: 14_100n, feeRate: 100_990n }).request;
    expect(messageOf(() => planBump(many))).toContain('say --fee-rate 101 at least');
    expect(planBump({ ...many, feeRate: 101_000n }).fee).toBe(14_241n);
  });
});

describe('where the change does not suffice, a replacement', () => {
  test('leaves out change that would be dust, and gives the miner what is left of it', () => {
    const at = (back: bigint) =>
      planBump(waiting({ coins: coinsOf([{ amount: 100_000n + 282n + back }]) }).request);
    expect(at(294n)).toMatchObject({ fee: 282n, change: 294n });
    const without = at(293n);
    expect(without).toMatchObject({ fee: 282n + 293n, change: 0n });
    expect(without.transaction.outputs).toHaveLength(1);
  });

  test('takes further coins, and as few as will do', () => {
    const { payment, request } = waiting({ coins: coinsOf([{ amount: 100_500n }]) });
    const coins = others(3_000n, 9_000n);
    const bumped = planBump({ ...request, coins, feeRate: 20_000n });
    expect(bumped.spent).toEqual([...payment.spent, coins[1]]);
    expect(bumped.transaction.outputs).toEqual([
      payment.transaction.outputs[0],
      { script: change, amount: 100_500n + 9_000n - 100_000n - bumped.fee },
    ]);
    const signed = signPayment(bumped, keys, random);
    expect(judge(signed, bumped)).toBe('valid');
    expect(bumped.fee).toBeGreaterThanOrEqual(20n * BigInt(virtualBytes(signed)));
  });

  test('of a payment without change brings change to a fresh address', () => {
    const { request } = waiting({ amount: 'all' });
    const bumped = planBump({ ...request, coins: others(9_000n) });
    expect(bumped.transaction.outputs[0]).toEqual(request.transaction.outputs[0]);
    expect(bumped.transaction.outputs[1]).toEqual({ script: fresh, amount: bumped.change });
  });

  test('of a payment that spent the coins of an address only takes no others', () => {
    const changeScript = ownScript('p2wpkh');
    const elsewhere = coinsOf([{ amount: 1n }, { amount: 90_000n, index: 1 }]).slice(1);
    const coin = coinsOf([{ amount: 100_500n }]);
    const { request } = waiting({ coins: coin, changeScript }, { coins: elsewhere });
    expect(faultOr(() => planBump({ ...request, feeRate: 20_000n }))).toBe('insufficient-funds');
    const whole = waiting({ coins: coin }, { coins: elsewhere }).request;
    expect(planBump({ ...whole, feeRate: 20_000n }).spent).toHaveLength(2);
  });

  test('is refused without other coins, with what to do', () => {
    const { request } = waiting({ amount: 'all' });
    expect(messageOf(() => planBump(request))).toContain('pay this wallet first');
    expect(faultOr(() => planBump({ ...request, coins: others(100n) }))).toBe('insufficient-funds');
  });

  test('takes no coin that hangs on too long a row', () => {
    const { request } = waiting({ amount: 'all' });
    const full = others(9_000n).map((coin) => ({ ...coin, isAtLimit: true }));
    expect(faultOr(() => planBump({ ...request, coins: full }))).toBe('insufficient-funds');
  });
});

describe('what a wallet paid to itself', () => {
  test('is lowered where it is all that the payment pays', () => {
    const { payment, request } = waiting({ amount: 'all', to: ownScript('p2wpkh') });
    const { transaction, fee } = planBump(request);
    expect(transaction.outputs).toHaveLength(1);
    expect(transaction.outputs[0]?.amount).toBe(1_000_000n - fee);
    expect(fee).toBeGreaterThan(payment.fee);
  });

  test('is kept where there is change', () => {
    const { request } = waiting({ to: ownScript('p2wpkh') });
    expect(planBump(request).transaction.outputs[0]?.amount).toBe(100_000n);
  });

  test('is never thrown away, and the carrier is kept', () => {
    const small = coinsOf([{ amount: 800n }]);
    const asked = { amount: 'all', to: ownScript('p2wpkh'), coins: small, memo: 'm' } as const;
    const { request } = waiting(asked);
    const { transaction } = planBump(request);
    expect(transaction.outputs[1]?.script).toEqual(carrierScript(Uint8Array.of(0x6d)));
    expect(faultOr(() => planBump({ ...request, feeRate: 5_000n }))).toBe('insufficient-funds');
  });
});
