/** JSON-RPC: several payments that are tried together, and bounds of what may be paid. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { beforeEach, expect, test } from 'vitest';
import { encode } from '../src/primitives/codec.ts';
import { Transaction, txid, wtxid } from '../src/primitives/transaction.ts';
import { keyOf, type Owned, outputTo, ownOutput, pay, withWitness, witnessIn } from './forge.ts';
import { type Asked, plantAsked } from './rpc.ts';

let asked: Asked;
const unit = 100_000_000n;
const hexOf = (transaction: Transaction) => bytesToHex(encode(Transaction, transaction));
const namesOf = (each: Transaction) => ({ txid: txid(each), wtxid: wtxid(each) });

/** Pays all of the coin to key 1, less a fee. */
const spend = (coin: Owned, fee = 1_000n) =>
  pay([coin], { outputs: [outputTo(1, coin.coin.amount - fee)] });
/** Spends what such a payment made. */
const follow = (payment: Transaction, fee = 1_000n) => spend(ownOutput(payment, 0, keyOf(1)), fee);
const tried = (...payments: readonly Transaction[]) =>
  asked.call('testmempoolaccept', payments.map(hexOf));

let parent: Transaction;
let child: Transaction;
let other: Transaction;

beforeEach(async () => {
  asked = await plantAsked();
  const { grove } = asked;
  for (const name of ['a1', 'a2', 'a3']) await grove.mine(name);
  parent = spend(grove.minted('a1'));
  child = follow(parent);
  other = spend(grove.minted('a2'));
});

test('a child is good with its parent and lacks its coin alone; nothing of it stays', async () => {
  expect(await tried(child)).toMatchObject([{ allowed: false, 'reject-reason': 'missing-inputs' }]);
  const fees = { base: 0.00001, 'effective-includes': [wtxid(child)] };
  expect(await tried(parent, child)).toMatchObject([
    { ...namesOf(parent), allowed: true, vsize: 110 },
    { ...namesOf(child), allowed: true, fees },
  ]);
  expect(await asked.call('getmempoolinfo')).toMatchObject({ size: 0 });
  expect(await asked.grove.pay(parent)).toBe('waits');
  expect(await tried(child, follow(child))).toMatchObject([{ allowed: true }, { allowed: true }]);
});

test('payments are no package where they come in another order, twice, or as rivals', async () => {
  const all = (problem: string, ...payments: readonly Transaction[]) =>
    payments.map((each) => ({ ...namesOf(each), 'package-error': problem }));
  expect(await tried(child, parent)).toEqual(all('package-not-sorted', child, parent));
  expect(await tried(parent, parent)).toEqual(all('package-contains-duplicates', parent, parent));
  const rival = spend(asked.grove.minted('a1'), 2_000n);
  expect(await tried(parent, rival)).toEqual(all('conflict-in-package', parent, rival));
});

test('payments of which one is bad are left open but for that one', async () => {
  const poor = follow(parent, 1n);
  expect(await tried(parent, poor, other)).toEqual([
    namesOf(parent),
    { ...namesOf(poor), allowed: false, ...refusal('min relay fee not met') },
    namesOf(other),
  ]);
  const [, key = new Uint8Array(0)] = witnessIn(child);
  const [signature = new Uint8Array(0)] = witnessIn(other);
  const forged = withWitness(child, [signature, key]);
  const reason = 'mempool-script-verify-flag-failed';
  expect(await tried(parent, forged, other)).toMatchObject([
    { ...namesOf(parent), allowed: true },
    { ...namesOf(forged), allowed: false, ...refusal(reason) },
    namesOf(other),
  ]);
});

function refusal(reason: string) {
  const details = expect.stringMatching(new RegExp(`^${reason}`));
  return { 'reject-reason': reason, 'reject-details': details };
}

test('payments of a package replace nothing, and are not those that wait already', async () => {
  const { grove } = asked;
  await grove.pay(other);
  const rival = spend(grove.minted('a2'), 50_000n);
  expect(await tried(rival)).toMatchObject([{ allowed: true }]);
  const disallowed = refusal('bip125-replacement-disallowed');
  expect(await tried(parent, rival)).toMatchObject([
    namesOf(parent),
    { allowed: false, ...disallowed },
  ]);
  const known = refusal('txn-already-in-mempool');
  expect(await tried(parent, other)).toMatchObject([namesOf(parent), { allowed: false, ...known }]);
});

test('payments are bounded in how long a row they make with those that wait', async () => {
  const row = [parent];
  for (let i = 1; i < 26; i++) row.push(follow(row.at(-1) ?? parent));
  for (const each of row.slice(0, 23)) expect(await asked.grove.pay(each)).toBe('waits');
  expect(await tried(...row.slice(23, 25))).toMatchObject([{ allowed: true }, { allowed: true }]);
  const problem = { 'package-error': 'package-mempool-limits' };
  expect(await tried(...row.slice(23, 26))).toMatchObject([problem, problem, problem]);
});

test('payments behind one that pays too much are left open', async () => {
  const dear = spend(asked.grove.minted('a1'), unit);
  expect(await tried(dear, other)).toEqual([
    { ...namesOf(dear), allowed: false, 'reject-reason': 'max-fee-exceeded' },
    namesOf(other),
  ]);
  expect(await tried(other, dear)).toMatchObject([{ allowed: true }, { allowed: false }]);
});

test('payments are refused in another number, in another form, or at an absurd rate', async () => {
  const { call } = asked;
  const count = '-8: Array must contain between 1 and 25 transactions.';
  expect(await call('testmempoolaccept', [])).toBe(count);
  expect(await call('testmempoolaccept', Array(26).fill('00'))).toBe(count);
  const form = '-22: TX decode failed: 00 Make sure the tx has at least one input.';
  expect(await call('testmempoolaccept', ['00'])).toBe(form);
  expect(await call('testmempoolaccept', '00')).toMatch(/^-3: /);
  const absurd = '-8: Fee rates larger than or equal to 1BTC/kvB are not accepted';
  expect(await call('testmempoolaccept', [hexOf(parent)], 1)).toBe(absurd);
  expect(await call('sendrawtransaction', hexOf(parent), 1)).toBe(absurd);
  expect(await call('sendrawtransaction', hexOf(parent), 0.99999999)).toBe(txid(parent));
});

test('a payment that burns coins says how many', async () => {
  const { call, grove } = asked;
  const carrier = { amount: 5n, script: Uint8Array.of(0x6a, 1, 1) };
  const outputs = [outputTo(1, 49n * unit + 99_000_000n), carrier];
  const burning = hexOf(pay([grove.minted('a3')], { outputs }));
  const rest = 'Unspendable output exceeds maximum configured by user (maxburnamount)';
  expect(await call('sendrawtransaction', burning, 0)).toBe(`-25: ${rest}`);
  expect(await call('sendrawtransaction', burning, 0, 0.00000004)).toBe(`-25: ${rest}`);
  expect(await call('sendrawtransaction', burning, 0, 0.00000005)).toMatch(/^[0-9a-f]{64}$/);
});
