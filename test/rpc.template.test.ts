/** JSON-RPC for miners: templates that are waited for, and blocks of named payments. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { beforeEach, expect, test } from 'vitest';
import { addressOf } from '../src/primitives/address.ts';
import { Block, hashHeader } from '../src/primitives/block.ts';
import { decode, encode, parseHex } from '../src/primitives/codec.ts';
import { Transaction, txid } from '../src/primitives/transaction.ts';
import { keyOf, outputTo, ownOutput, pay } from './forge.ts';
import { type Asked, plantAsked } from './rpc.ts';

let asked: Asked;
let parent: Transaction;
let child: Transaction;
const unit = 100_000_000n;
const hexOf = (transaction: Transaction) => bytesToHex(encode(Transaction, transaction));
const address = addressOf(outputTo(3, 0n).script, 'bcrt') ?? '';

/** Two blocks; a payment that can wait, and one that spends what it makes. */
beforeEach(async () => {
  asked = await plantAsked();
  const { grove } = asked;
  await grove.mine('a1');
  await grove.mine('a2');
  parent = pay([grove.minted('a1')], { outputs: [outputTo(1, 50n * unit - 1_000n)] });
  const coin = ownOutput(parent, 0, keyOf(1));
  child = pay([coin], { outputs: [outputTo(2, 50n * unit - 2_000n)] });
});

interface Template {
  readonly longpollid: string;
  readonly height: number;
  readonly transactions: readonly { readonly txid: string; readonly depends: readonly number[] }[];
}

const ask = async (more: object = {}) =>
  (await asked.call('getblocktemplate', { rules: ['segwit'], ...more })) as Template;

test('a template that is waited for comes with the next tip', async () => {
  const { grove, clock } = asked;
  const { longpollid } = await ask();
  const waiting = ask({ longpollid });
  await clock.watched();
  await grove.mine('a3');
  expect(await waiting).toMatchObject({ height: 4 });
  // One of a parent that is the tip no more is not waited for.
  expect(await ask({ longpollid })).toMatchObject({ height: 4 });
  expect(clock.waiting).toBe(0);
});

test('a template that is waited for comes after a minute where a payment came', async () => {
  const { grove, clock } = asked;
  const { longpollid } = await ask();
  const waiting = ask({ longpollid });
  await clock.watched();
  await grove.pay(parent);
  clock.pass(59_999);
  expect(clock.waiting).toBe(1);
  clock.pass(1);
  const told = await waiting;
  expect(told.transactions.map((each) => each.txid)).toEqual([txid(parent)]);
  expect(told.longpollid).not.toBe(longpollid);
});

test('a template that is waited for does not come for nothing', async () => {
  const { grove, clock } = asked;
  const { longpollid } = await ask();
  const waiting = ask({ longpollid });
  await clock.watched();
  clock.pass(60_000);
  expect(clock.waiting).toBe(0);
  await clock.watched();
  await grove.pay(parent);
  clock.pass(10_000);
  expect((await waiting).transactions).toHaveLength(1);
});

test('a template is waited for until the node stops, or whoever asked has gone', async () => {
  const { clock, stopping, post } = asked;
  const { longpollid } = await ask();
  const params = [{ rules: ['segwit'], longpollid }];
  const client = new AbortController();
  const gone = post(JSON.stringify({ method: 'getblocktemplate', params }), client.signal);
  await clock.watched();
  client.abort();
  expect((await gone).body).toContain('"code":-9');
  const waiting = ask({ longpollid });
  await clock.watched();
  stopping.abort();
  expect(await waiting).toBe('-9: Shutting down');
});

test('a template is refused for an id that is none', async () => {
  expect(await ask({ longpollid: 'aa' })).toMatch(/^-8: longpollid must be of length 64 \(not 2/);
  const other = { longpollid: 'z'.repeat(64) };
  expect(await ask(other)).toMatch(/^-8: longpollid must be hexadecimal string/);
  expect(await asked.call('getblocktemplate', { rules: ['csv'] })).toMatch(/^-8: .*segwit/);
  expect(await asked.call('getblocktemplate', { mode: 'x', rules: ['segwit'] })).toMatch(
    /^-8: Inv/,
  );
  expect(await asked.call('getblocktemplate', { mode: 'proposal' })).toMatch(/^-3: Missing data/);
});

test('a block is made of payments that wait and of bytes, and its fees are left', async () => {
  const { call, grove } = asked;
  await grove.pay(parent);
  const made = await call('generateblock', address, [txid(parent), hexOf(child)]);
  expect(made).toEqual({ hash: await call('getbestblockhash') });
  const block = await call('getblock', await call('getbestblockhash'), 2);
  expect(block).toMatchObject({
    height: 3,
    tx: [{ vout: [{ value: 50 }, {}] }, { txid: txid(parent) }, { txid: txid(child) }],
  });
  expect(grove.waiting).toEqual([]);
});

test('a block that is not to be handed in is told with its bytes', async () => {
  const { call } = asked;
  const { hash, hex } = (await call('generateblock', 'raw(6a)', [], false)) as Record<
    string,
    string
  >;
  const block = decode(Block, parseHex(hex ?? ''));
  expect(hashHeader(block.header)).toBe(hash);
  expect(block.transactions[0]?.outputs[0]?.script).toEqual(Uint8Array.of(0x6a));
  expect(await call('getblockcount')).toBe(2);
  expect(await call('submitblock', hex)).toBeNull();
});

test('a block is refused that would not be valid, or whose parts are unknown', async () => {
  const { call } = asked;
  const make = (...params: readonly unknown[]) => call('generateblock', ...params);
  const missing = 'bad-txns-inputs-missingorspent';
  expect(await make(address, [hexOf(child)])).toBe(`-25: TestBlockValidity failed: ${missing}`);
  expect(await make('raw(51)', [])).toBe('-25: TestBlockValidity failed: output-kind');
  const id = txid(parent);
  expect(await make(address, [id])).toBe(`-5: Transaction ${id} not in mempool.`);
  expect(await make(address, ['00'])).toMatch(/^-22: Transaction decode failed for 00\. Make sure/);
  expect(await make(address, [7])).toMatch(/^-22: /);
  expect(await make('x', [])).toBe('-5: Error: Invalid address or descriptor');
  expect(await make('addr(x)', [])).toBe('-5: Error: Invalid address or descriptor');
  expect(await make(address)).toMatch(/^-1: generateblock "output" transactions \( submit \)/);
  expect(await make(address, [], 1)).toMatch(/^-3: /);
  expect(await call('getblockcount')).toBe(2);
});

test('mining ends when the node stops', async () => {
  const { call, stopping } = asked;
  stopping.abort();
  expect(await call('generatetoaddress', 9, address)).toBe('-9: Shutting down');
  expect(await call('generateblock', address, [])).toBe('-9: Shutting down');
  expect(await call('getblockcount')).toBe(2);
});

test('a payment that counts for more goes first, and for less than nothing nowhere', async () => {
  const { call, grove } = asked;
  const rich = pay([grove.minted('a2')], { outputs: [outputTo(1, 50n * unit - 9_000n)] });
  for (const each of [parent, rich]) expect(await grove.pay(each)).toBe('waits');
  const chosen = async () => (await ask()).transactions.map((each) => each.txid);
  expect(await chosen()).toEqual([txid(rich), txid(parent)]);
  expect(await call('prioritisetransaction', txid(parent), 0, 9_000)).toBe(true);
  expect(await chosen()).toEqual([txid(parent), txid(rich)]);
  expect(await call('getmempoolentry', txid(parent))).toMatchObject({
    fees: { base: 0.00001, modified: 0.0001, ancestor: 0.0001, descendant: 0.0001 },
  });
  expect(await call('getmempoolinfo')).toMatchObject({ total_fee: 0.0001 });
  expect(await call('prioritisetransaction', txid(parent), null, -10_001)).toBe(true);
  expect(await chosen()).toEqual([txid(rich)]);
  expect(await call('getprioritisedtransactions')).toEqual({
    [txid(parent)]: { fee_delta: -1_001, in_mempool: true, modified_fee: -1 },
  });
});

test('what a payment counts for is known before it comes, and forgotten in a block', async () => {
  const { call, grove } = asked;
  const poor = pay([grove.minted('a2')], { outputs: [outputTo(1, 50n * unit)] });
  expect(await grove.pay(poor)).toBe('min relay fee not met');
  await call('prioritisetransaction', txid(poor), 0, 5_000);
  expect(await call('getprioritisedtransactions')).toEqual({
    [txid(poor)]: { fee_delta: 5_000, in_mempool: false },
  });
  expect(await grove.pay(poor)).toBe('waits');
  await grove.mine('a3', { with: [poor] });
  expect(await call('getprioritisedtransactions')).toEqual({});
  await call('prioritisetransaction', txid(parent), 0, 5);
  await call('prioritisetransaction', txid(parent), 0, -5);
  expect(await call('getprioritisedtransactions')).toEqual({});
});

test('priorities are refused in another form', async () => {
  const { call } = asked;
  const id = txid(parent);
  expect(await call('prioritisetransaction', id, 1, 5)).toMatch(/^-8: Priority is no longer supp/);
  expect(await call('prioritisetransaction', id, 0, 1.5)).toBe('-1: JSON integer out of range');
  expect(await call('prioritisetransaction', id, 5)).toMatch(
    /^-1: prioritisetransaction "txid" \( dummy \) fee_delta/,
  );
  expect(await call('prioritisetransaction', 'a', 0, 5)).toMatch(/^-8: txid must be of length 64/);
  expect(await call('prioritisetransaction', id, 0, '5')).toMatch(/^-3: /);
});
