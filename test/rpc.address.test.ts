/** JSON-RPC by address: what it owns, its coins, and what happened to it. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { beforeEach, expect, test } from 'vitest';
import { addressOf } from '../src/primitives/address.ts';
import { hashHeader } from '../src/primitives/block.ts';
import { type Transaction, txid } from '../src/primitives/transaction.ts';
import { outputTo, pay } from './forge.ts';
import { type Asked, plantAsked } from './rpc.ts';

let asked: Asked;
let paid: Transaction;
let waiting: Transaction;
const unit = 100_000_000n;
const scriptOf = (key: number) => outputTo(key, 0n).script;
const [miner = '', payee = '', nobody = ''] = [0, 1, 9].map((key) =>
  addressOf(scriptOf(key), 'bcrt'),
);

/** Key 0 mines twice, pays 20 of its first coin to key 1, and 5 more that wait. */
beforeEach(async () => {
  asked = await plantAsked();
  const { grove } = asked;
  await grove.mine('a1');
  paid = pay([grove.minted('a1')], { outputs: [outputTo(1, 20n * unit), outputTo(0, 30n * unit)] });
  await grove.mine('a2', { with: [paid] });
  const outputs = [outputTo(1, 5n * unit), outputTo(0, 45n * unit - 1_000n)];
  waiting = pay([grove.minted('a2')], { outputs });
  expect(await grove.pay(waiting)).toBe('waits');
});

test('an address owns what blocks gave it, whichever way it is named', async () => {
  const { call } = asked;
  const ofPayee = { balance: 20_0000_0000, received: 20_0000_0000 };
  for (const named of [payee, [payee], { addresses: [payee] }, { addresses: payee }]) {
    expect(await call('getaddressbalance', named)).toEqual(ofPayee);
  }
  // It gained 50 and 50, and spent 20 of the first.
  expect(await call('getaddressbalance', miner)).toEqual({
    balance: 80_0000_0000,
    received: 100_0000_0000,
  });
  expect(await call('getaddressbalance', [miner, payee, payee])).toEqual({
    balance: 100_0000_0000,
    received: 120_0000_0000,
  });
  expect(await call('getaddressbalance', nobody)).toEqual({ balance: 0, received: 0 });
});

test('an address has coins, the oldest first', async () => {
  const { call, grove } = asked;
  const coin = {
    address: payee,
    txid: txid(paid),
    outputIndex: 0,
    script: bytesToHex(scriptOf(1)),
    satoshis: 20_0000_0000,
    height: 2,
  };
  expect(await call('getaddressutxos', payee)).toEqual([coin]);
  expect(await call('getaddressutxos', { addresses: [payee], chainInfo: true })).toEqual({
    utxos: [coin],
    hash: hashHeader(grove.block('a2').header),
    height: 2,
  });
  expect(await call('getaddressutxos', nobody)).toEqual([]);
});

test('an address has a history, the latest first', async () => {
  const { call } = asked;
  const time = expect.any(Number);
  const lines = [
    { txid: txid(waiting), satoshis: 5_0000_0000, height: -1, time, confirmations: 0 },
    { txid: txid(paid), satoshis: 20_0000_0000, height: 2, time, confirmations: 1 },
  ];
  expect(await call('getaddresshistory', payee)).toEqual(lines);
  expect(await call('getaddresshistory', payee, 1)).toEqual(lines.slice(0, 1));
  expect(await call('getaddresshistory', nobody)).toEqual([]);
  expect(await call('getaddresshistory', payee, 0)).toMatch(/^-8: .*limit must be between 1/);
});

test.each(['getaddressbalance', 'getaddressutxos', 'getaddresshistory'])(
  '%s is refused without addresses, for a bad one, or without indexes',
  async (name) => {
    const { call, grove } = asked;
    expect(await call(name, `${payee}x`)).toMatch(/^-5: Invalid address: /);
    expect(await call(name, [payee, 7])).toMatch(/^-5: Invalid address: /);
    expect(await call(name, { address: payee })).toBe('-5: Addresses is expected to be an array');
    expect(await call(name, [])).toMatch(/^-8: Invalid parameter, addresses are missing/);
    expect(await call(name, Array(1_001).fill(payee))).toMatch(/^-8: .* at most 1000 addresses/);
    expect(await call(name)).toMatch(new RegExp(`^-1: ${name} addresses`));
    await grove.node.chain.writer.dropIndexes();
    expect(await call(name, payee)).toMatch(/^-1: no-index: .*chain reindex --only-index/);
  },
);
