/** What was found to be signed well once is not checked again; anything else is. */
import { describe, expect, test } from 'vitest';
import type { VerifyAll } from '../src/chain/chain.ts';
import { Proven } from '../src/chain/proven.ts';
import { type Transaction, txid, wtxid } from '../src/primitives/transaction.ts';
import { outputTo, pay, turnBit, withWitness, witnessIn } from './forge.ts';
import { plant, verifyInline } from './grove.ts';

//   genesis ── a0 ── a1 (payment)
//              └──── b1 (payment) ── b2
async function plantCounting() {
  const asked: string[] = [];
  const verifyAll: VerifyAll = async (checks) => {
    asked.push(...checks.map((check) => check.txid));
    return verifyInline(checks);
  };
  const grove = await plant({ verifyAll });
  await grove.mine('a0');
  const coin = grove.minted('a0');
  const payment = pay([coin], { outputs: [outputTo(1, coin.coin.amount - 1000n)] });
  return { grove, asked, payment };
}

/** The same txid, but its signature is wrong in a bit of `s`. */
function forged(payment: Transaction): Transaction {
  const [signature = new Uint8Array(0), ...others] = witnessIn(payment);
  const wrong = turnBit(signature, (signature.length - 4) * 8);
  return withWitness(payment, [wrong, ...others]);
}

describe('a signature', () => {
  test('is checked when a payment comes to wait, and not again in a block', async () => {
    const { grove, asked, payment } = await plantCounting();
    expect(await grove.pay(payment)).toBe('waits');
    expect(asked).toEqual([txid(payment)]);
    await grove.mine('a1', { with: [payment] });
    expect(asked).toEqual([txid(payment)]);
  });

  test('is checked in a block whose payment never waited, and once on all branches', async () => {
    const { grove, asked, payment } = await plantCounting();
    await grove.mine('a1', { with: [payment] });
    expect(asked).toEqual([txid(payment)]);
    await grove.mine('b1', { on: 'a0', with: [payment] });
    await grove.mine('b2', { on: 'b1' });
    expect(grove.node.chain.tip.height).toBe(3);
    expect(asked).toEqual([txid(payment)]);
  });

  test('of another form than the one that was checked is checked too', async () => {
    const { grove, payment } = await plantCounting();
    expect(await grove.pay(payment)).toBe('waits');
    const twin = forged(payment);
    expect([txid(twin) === txid(payment), wtxid(twin) === wtxid(payment)]).toEqual([true, false]);
    expect(await grove.mine('bad', { with: [twin] })).toBe('block-script-verify-flag-failed');
  });

  test('that does not hold is not remembered as one that does', async () => {
    const { grove, asked, payment } = await plantCounting();
    const twin = forged(payment);
    for (const _ of ['once', 'again']) {
      expect(await grove.pay(twin)).toBe('mempool-script-verify-flag-failed');
    }
    expect(asked).toHaveLength(2);
  });
});

describe('what is proven', () => {
  test('is forgotten when fifty thousand others were proven since', () => {
    const proven = new Proven();
    const payment = (lockTime: number) => ({ version: 2, inputs: [], outputs: [], lockTime });
    const all = Array.from({ length: 50_001 }, (_, i) => payment(i));
    for (const each of all.slice(0, 50_000)) proven.add(each);
    expect(proven.has(payment(0))).toBe(true);
    proven.add(payment(50_000));
    expect([0, 1, 50_000].map((i) => proven.has(payment(i)))).toEqual([false, true, true]);
  });
});
