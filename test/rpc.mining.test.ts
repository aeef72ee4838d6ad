/** JSON-RPC for miners, and the parameters of every method. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import { regtest } from '../src/consensus/params.ts';
import { addressOf } from '../src/primitives/address.ts';
import { Block, hashHeader } from '../src/primitives/block.ts';
import { encode } from '../src/primitives/codec.ts';
import { txid } from '../src/primitives/transaction.ts';
import { outputTo, pay } from './forge.ts';
import { plantAsked } from './rpc.ts';

const unit = 100_000_000n;

const genesis = hashHeader(regtest.genesis.header);

test('mining begins with a template, which becomes a block that is taken', async () => {
  const { call, grove } = await plantAsked();
  await grove.mine('a1');
  const payment = pay([grove.minted('a1')], { outputs: [outputTo(1, 49_9999_0000n)] });
  expect(await grove.pay(payment)).toBe('waits');
  expect(await call('getblocktemplate', {})).toMatch(/^-8: .*segwit rule set/);
  const told = await call('getblocktemplate', { rules: ['segwit'] });
  expect(told).toMatchObject({
    height: 2,
    coinbasevalue: 50_0001_0000,
    transactions: [{ txid: txid(payment), fee: 10_000, sigops: 1, depends: [] }],
  });
  const block = grove.draw('a2', { with: [payment] });
  const hex = bytesToHex(encode(Block, block));
  const propose = { mode: 'proposal', data: hex };
  expect(await call('getblocktemplate', propose)).toBeNull();
  const greedy = grove.draw('greedy', { with: [payment], claim: 51n * unit });
  const data = bytesToHex(encode(Block, greedy));
  expect(await call('getblocktemplate', { mode: 'proposal', data })).toBe('bad-cb-amount');
  expect(await call('getblockcount')).toBe(1);
  expect(await call('submitheader', hex.slice(0, 160))).toBeNull();
  expect(await call('submitblock', hex)).toBeNull();
  expect(await call('submitblock', hex)).toBe('duplicate');
  expect(await call('getblocktemplate', propose)).toBe('duplicate');
  expect(await call('submitblock', '00')).toBe('-22: Block decode failed');
  expect(await call('getblockcount')).toBe(2);
});

test('mining of a block whose parent is unknown is refused', async () => {
  const { call } = await plantAsked();
  const { grove } = await plantAsked();
  await grove.mine('x1', { time: 1_800_000_000 });
  const hex = bytesToHex(encode(Block, grove.draw('x2')));
  expect(await call('submitblock', hex)).toBe('prev-blk-not-found');
  const header = `-25: Must submit previous header (${hashHeader(grove.block('x1').header)}) first`;
  expect(await call('submitheader', hex.slice(0, 160))).toBe(header);
});

test('mining can be asked for', async () => {
  const { call } = await plantAsked({ params: regtest });
  const address = addressOf(outputTo(3, 0n).script, 'bcrt');
  const hashes = await call('generatetoaddress', 3, address);
  expect(hashes).toHaveLength(3);
  expect(await call('getblockcount')).toBe(3);
  expect(await call('generatetoaddress', 1, 'tc1q')).toBe('-5: Error: Invalid address');
});

test('parameters have names, and other names, and places', async () => {
  const { post } = await plantAsked();
  const ask = async (params: unknown) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getblock', params });
    return JSON.parse((await post(body)).body ?? '');
  };
  const blockhash = genesis;
  const { result } = await ask([blockhash, 0]);
  expect(typeof result).toBe('string');
  expect(await ask({ blockhash, verbosity: 0 })).toMatchObject({ result });
  expect(await ask({ blockhash, verbose: false })).toMatchObject({ result });
  expect(await ask({ args: [blockhash], verbosity: 0 })).toMatchObject({ result });
  const wrong = { error: { code: -8 } };
  expect(await ask({ args: [blockhash], blockhash })).toMatchObject(wrong);
  expect(await ask({ blockhash, verbose: false, verbosity: 0 })).toMatchObject(wrong);
  expect(await ask({ blockhash, x: 1 })).toMatchObject(wrong);
  expect(await ask({ args: 7 })).toMatchObject(wrong);
});

test('parameters are refused where they are too many, too few or of another type', async () => {
  const { call } = await plantAsked();
  expect(await call('getblockcount', 1)).toMatch(/^-1: getblockcount\n/);
  expect(await call('getblock')).toMatch(/^-1: getblock "blockhash" \( verbosity \)\n/);
  expect(await call('getblock', null)).toMatch(/^-3: Wrong type passed/);
  expect(await call('getblock', genesis, 'x')).toMatch(/^-3: /);
  expect(await call('getblock', genesis, 1.5)).toBe('-1: JSON integer out of range');
  expect(await call('getblockhash', 4_294_967_296)).toBe('-1: JSON integer out of range');
  expect(await call('getblock', 'g'.repeat(64))).toMatch(/^-8: .*hexadecimal string/);
  expect(await call('getblock', 'G'.repeat(63))).toMatch(/^-8: .*length 64 \(not 63/);
  expect(await call('toString')).toBe('-32601: Method not found');
  expect(await call('__proto__')).toBe('-32601: Method not found');
});
