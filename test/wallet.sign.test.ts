/** Payments as they are signed: what they weigh, what they pay for it, and what is never signed. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { txid, virtualBytes } from '../src/primitives/transaction.ts';
import { planPayment } from '../src/wallet/payment.ts';
import { signPayment } from '../src/wallet/sign.ts';
import { anyRequest, coinsOf, faultOr, judge, keys, requestOf } from './wallet.purse.ts';

const zeros = (length: number) => new Uint8Array(length);

test('a signed payment holds by the rules, and pays the rate asked for and hardly more', () => {
  let signed = 0;
  fc.assert(
    fc.property(anyRequest, (request) => {
      const payment = faultOr(() => planPayment(request));
      if (typeof payment === 'string') return;
      signed++;
      const transaction = signPayment(payment, keys, zeros);
      expect(judge(transaction, payment)).toBe('valid');
      expect(txid(transaction)).toBe(txid(payment.transaction));

      const bytes = BigInt(virtualBytes(transaction));
      const { fee, change, spent } = payment;
      expect(fee * 1_000n).toBeGreaterThanOrEqual(bytes * request.feeRate);
      // A signature may turn out a few bytes shorter, of which four are a virtual byte.
      const most = (bytes + BigInt(spent.length)) * request.feeRate + 999n;
      if (change > 0n || request.amount === 'all') expect(fee * 1_000n).toBeLessThanOrEqual(most);
    }),
    { numRuns: 300 },
  );
  expect(signed).toBeGreaterThan(50);
});

test('the same payment is signed the same again, but for the random bytes in P2TR', () => {
  const payment = planPayment(
    requestOf({ coins: coinsOf([{ amount: 60_000n }, { amount: 60_000n, kind: 'p2tr' }]) }),
  );
  const sign = (filling: number) => {
    const { inputs } = signPayment(payment, keys, (length) => new Uint8Array(length).fill(filling));
    return inputs.map(({ witness }) => witness);
  };
  const [ecdsa, schnorr] = sign(1);
  expect(sign(1)).toEqual([ecdsa, schnorr]);
  expect(sign(2)[0]).toEqual(ecdsa);
  expect(sign(2)[1]).not.toEqual(schnorr);
});

test('32 random bytes are asked for each P2TR coin, and none for P2WPKH', () => {
  const asked: number[] = [];
  const kinds = ['p2tr', 'p2wpkh', 'p2tr'] as const;
  const coins = coinsOf(kinds.map((kind) => ({ amount: 50_000n, kind })));
  signPayment(planPayment(requestOf({ coins, amount: 'all' })), keys, (length) => {
    asked.push(length);
    return new Uint8Array(length);
  });
  expect(asked).toEqual([32, 32]);
});

test.each(['p2wpkh', 'p2tr'] as const)('a %s coin of another key is not signed', (kind) => {
  const coins = coinsOf([{ amount: 1_000_000n, kind }]).map((coin) => {
    return { ...coin, path: { ...coin.path, index: 1 } };
  });
  const payment = planPayment(requestOf({ coins }));
  expect(() => signPayment(payment, keys, zeros)).toThrow('assertion failed');
});
