/** JSON-RPC: all coins at once, counted, hashed and searched. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { beforeEach, expect, test } from 'vitest';
import { MuHash } from '../src/chain/muhash.ts';
import { addressOf } from '../src/primitives/address.ts';
import { hashHeader } from '../src/primitives/block.ts';
import { encode } from '../src/primitives/codec.ts';
import { NamedCoin } from '../src/primitives/coin.ts';
import { txid } from '../src/primitives/transaction.ts';
import { outputTo, pay } from './forge.ts';
import { type Asked, plantAsked } from './rpc.ts';

let asked: Asked;
const hash = (name: string) => hashHeader(asked.grove.block(name).header);
const unit = 100_000_000n;
const other = outputTo(1, 20n * unit);
const taproot = outputTo(2, 29n * unit, 'p2tr');
const address = addressOf(other.script, 'bcrt') ?? '';
/** With the checksum that stands in the help text of Core. */
const sample = 'raw(76a91411b366edfc0a8b66feebae5c2e25a7b6a5d1cf3188ac)#fm24fxxy';

beforeEach(async () => {
  asked = await plantAsked();
  const { grove } = asked;
  await grove.mine('a1');
  await grove.mine('a2', { with: [pay([grove.minted('a1')], { outputs: [other, taproot] })] });
});

test('the set is hashed in one of three ways, or not at all', async () => {
  const { call, grove } = asked;
  const muhash = new MuHash();
  for await (const coin of grove.node.chain.store.allCoins()) muhash.add(encode(NamedCoin, coin));
  const told = { height: 2, txouts: 3, transactions: 2, total_amount: 99 };
  const byMuHash = await call('gettxoutsetinfo', 'muhash');
  expect(byMuHash).toMatchObject({ ...told, muhash: muhash.digest() });
  expect(byMuHash).not.toHaveProperty('hash_serialized_3');
  expect(await call('gettxoutsetinfo')).toMatchObject({
    ...told,
    hash_serialized_3: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  const plain = await call('gettxoutsetinfo', 'none');
  expect(plain).toMatchObject(told);
  expect(JSON.stringify(plain)).not.toMatch(/hash_serialized_3|muhash/);
});

test('the set is refused by another hash, or of another height', async () => {
  const { call } = asked;
  expect(await call('gettxoutsetinfo', 'sha1')).toBe("-8: 'sha1' is not a valid hash_type");
  expect(await call('gettxoutsetinfo', 'none', 1)).toMatch(/^-8: Querying specific block heights/);
  expect(await call('gettxoutsetinfo', 1)).toMatch(/^-3: /);
});

test('a scan finds the coins of a script by its address, its bytes or its key', async () => {
  const { call, grove } = asked;
  const found = {
    txid: txid(grove.block('a2').transactions[1] ?? pay([])),
    vout: 0,
    scriptPubKey: bytesToHex(other.script),
    desc: expect.stringMatching(/^addr\(bcrt1q[a-z0-9]{38}\)#[a-z0-9]{8}$/),
    amount: 20,
    coinbase: false,
    height: 2,
    blockhash: hash('a2'),
    confirmations: 1,
  };
  const head = { success: true, txouts: 3, height: 2, bestblock: hash('a2') };
  const expected = { ...head, unspents: [found], total_amount: 20 };
  const raw = `raw(${bytesToHex(other.script)})`;
  for (const wanted of [`addr(${address})`, raw, { desc: raw, range: 5 }]) {
    expect(await call('scantxoutset', 'start', [wanted])).toEqual(expected);
  }
  const rawtr = `rawtr(${bytesToHex(taproot.script).slice(4)})`;
  expect(await call('scantxoutset', 'start', [rawtr, raw])).toMatchObject({ total_amount: 49 });
  const none = { ...head, unspents: [], total_amount: 0 };
  expect(await call('scantxoutset', 'start', [sample])).toEqual(none);
  expect(await call('scantxoutset', 'start', [])).toEqual(none);
});

test.each([
  [
    `${sample.slice(0, -1)}z`,
    /^-5: Provided checksum 'fm24fxxz' does not match computed.*fm24fxxy/,
  ],
  [sample.slice(0, -1), /^-5: Expected 8 character checksum, not 7 characters/],
  [`${sample}#`, /^-5: Multiple '#' symbols/],
  ['raw(é)', /^-5: Invalid characters in payload/],
  ['raw(0)', /^-5: Raw script is not hex/],
  ['addr(bc1q)', /^-5: Address is not valid/],
  ['rawtr(00)', /^-5: rawtr\(\): key '00' is not valid/],
  ['pkh(02)', /^-5: 'pkh' is not a valid descriptor function/],
  ['addr', /^-5: 'addr' is not/],
  [7, /^-8: Scan object needs to be either a string or an object/],
  [{ range: 1 }, /^-8: Descriptor needs to be provided in scan object/],
])('a scan for %j is refused', async (wanted, problem) => {
  expect(await asked.call('scantxoutset', 'start', [wanted])).toMatch(problem);
});

test('a scan is refused without objects, and so is another action', async () => {
  const { call } = asked;
  expect(await call('scantxoutset', 'start')).toMatch(/^-1: scanobjects argument is required/);
  expect(await call('scantxoutset', 'begin', [])).toBe("-8: Invalid action 'begin'");
  expect(await call('scantxoutset')).toMatch(/^-1: scantxoutset "action" \( scanobjects \)/);
});

/** So many coins that a scan of them rests in between. */
async function plantMany(): Promise<void> {
  const { grove } = asked;
  const outputs = Array.from({ length: 250 }, () => outputTo(4, 1_000_000n));
  await grove.mine('a3', { with: [pay([grove.minted('a2')], { outputs })] });
}

test('a scan that goes on can be asked of and ended, and is alone', async () => {
  const { call } = asked;
  await plantMany();
  expect(await call('scantxoutset', 'status')).toBeNull();
  expect(await call('scantxoutset', 'abort')).toBe(false);
  const scan = call('scantxoutset', 'start', [sample]);
  expect(await call('scantxoutset', 'status')).toEqual({ progress: expect.any(Number) });
  expect(await call('scantxoutset', 'start', [sample])).toMatch(/^-8: Scan already in progress/);
  expect(await call('scantxoutset', 'abort')).toBe(true);
  expect(await scan).toMatchObject({ success: false });
  expect(await call('scantxoutset', 'status')).toBeNull();
  expect(await call('scantxoutset', 'start', [sample])).toMatchObject({ success: true });
});

test('a walk over all coins lets others have their turn, and ends with the node', async () => {
  const { call, stopping } = asked;
  await plantMany();
  let turns = 0;
  const count = () => {
    turns++;
    counting = setImmediate(count);
  };
  let counting = setImmediate(count);
  for (const ask of [
    ['gettxoutsetinfo', 'muhash'],
    ['scantxoutset', 'start', [sample]],
  ] as const) {
    turns = 0;
    const [method, ...params] = ask;
    await call(method, ...params);
    expect(turns, method).toBeGreaterThan(1);
  }
  clearImmediate(counting);
  stopping.abort();
  expect(await call('gettxoutsetinfo')).toBe('-9: Shutting down');
  expect(await call('scantxoutset', 'start', [sample])).toBe('-9: Shutting down');
});
