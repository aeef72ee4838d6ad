/** The methods of JSON-RPC: what each answers, and in which shape Core answers it. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { beforeAll, expect, test } from 'vitest';
import { Block, Header, hashHeader } from '../src/primitives/block.ts';
import { decode, encode, parseHex } from '../src/primitives/codec.ts';
import { Transaction, txid } from '../src/primitives/transaction.ts';
import { outputTo, pay } from './forge.ts';
import { type Asked, plantAsked } from './rpc.ts';

const unit = 100_000_000n;

let asked: Asked;
let paid: Transaction;
let child: Transaction;
const hash = (name: string) => hashHeader(asked.grove.block(name).header);
const hexOf = (transaction: Transaction) => bytesToHex(encode(Transaction, transaction));

/** Three blocks, the last with a payment; a side branch; and two payments that wait in a row. */
beforeAll(async () => {
  asked = await plantAsked();
  const { grove } = asked;
  await grove.mine('a1');
  await grove.mine('a2');
  await grove.mine('b2', { on: 'a1' });
  const fee = 10_000n;
  const half = 25n * unit;
  const outputs = [outputTo(1, half), outputTo(2, half - fee, 'p2tr')];
  await grove.mine('a3', { with: [pay([grove.minted('a1')], { outputs })], claim: 50n * unit });
  paid = pay([grove.minted('a2')], { outputs: [outputTo(0, 50n * unit - 1_000n)] });
  expect(await grove.pay(paid)).toBe('waits');
  const coin = { ...grove.minted('a2'), outPoint: { txid: txid(paid), index: 0 } };
  const spent = { ...coin, coin: { ...coin.coin, amount: 50n * unit - 1_000n } };
  child = pay([spent], { outputs: [outputTo(1, 50n * unit - 3_000n)], sequence: 0xffff_fffd });
  expect(await grove.pay(child)).toBe('waits');
});

test('the chain is told by its tip', async () => {
  const { call } = asked;
  expect(await call('getblockcount')).toBe(3);
  expect(await call('getbestblockhash')).toBe(hash('a3'));
  expect(await call('getblockhash', 2)).toBe(hash('a2'));
  expect(await call('getblockhash', 4)).toBe('-8: Block height out of range');
  expect(await call('getblockhash', -1)).toBe('-8: Block height out of range');
  expect(await call('getdifficulty')).toBe(4.656542373906925e-10);
});

test('the chain has the tips of all branches, the highest first', async () => {
  expect(await asked.call('getchaintips')).toEqual([
    { height: 3, hash: hash('a3'), branchlen: 0, status: 'active' },
    { height: 2, hash: hash('b2'), branchlen: 1, status: 'valid-headers' },
  ]);
});

test('the chain gives blocks and headers as bytes', async () => {
  const hex = await asked.call('getblock', hash('a3'), 0);
  expect(decode(Block, parseHex(String(hex)))).toEqual(asked.grove.block('a3'));
  const header = await asked.call('getblockheader', hash('a3'), false);
  expect(decode(Header, parseHex(String(header)))).toEqual(asked.grove.block('a3').header);
});

test('the chain tells a block in four grades', async () => {
  const { call } = asked;
  const ids = asked.grove.block('a3').transactions.map(txid);
  expect(await call('getblock', hash('a3'))).toMatchObject({ height: 3, nTx: 2, tx: ids });
  expect(await call('getblock', hash('a3'), true)).toMatchObject({ tx: ids });
  const payment = { txid: ids[1], fee: 0.0001 };
  const plain = await call('getblock', hash('a3'), 2);
  expect(plain).toMatchObject({ tx: [{}, payment] });
  expect(JSON.stringify(plain)).not.toContain('prevout');
  const prevout = { generated: true, height: 1, value: 50 };
  expect(await call('getblock', hash('a3'), 3)).toMatchObject({
    tx: [{}, { ...payment, vin: [{ prevout }] }],
  });
});

test('the chain writes amounts with eight places', async () => {
  expect(await asked.text('getblock', hash('a2'), 2)).toContain('"value":50.00000000,');
  expect(await asked.text('getblock', hash('a3'), 2)).toContain('"fee":0.00010000,');
});

test('the chain tells that a side branch is none of its own', async () => {
  const told = await asked.call('getblock', hash('b2'), 3);
  expect(told).toMatchObject({ confirmations: -1, height: 2 });
  expect(told).not.toHaveProperty('nextblockhash');
});

test('the chain counts its coins, and has a hash of them', async () => {
  expect(await asked.call('gettxoutsetinfo')).toMatchObject({
    height: 3,
    txouts: 4,
    total_amount: 149.9999,
    transactions: 3,
    bogosize: 3 * 72 + 84,
    hash_serialized_3: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(await asked.call('gettxoutsetinfo', 'none')).not.toHaveProperty('hash_serialized_3');
});

test('the chain reckons up a block', async () => {
  const { transactions } = asked.grove.block('a3');
  const payment = transactions[1] ?? transactions[0];
  const rate = Math.floor(10_000 / 172);
  expect(payment).toBeDefined();
  expect(await asked.call('getblockstats', 3)).toMatchObject({
    totalfee: 10_000,
    avgfee: 10_000,
    medianfee: 10_000,
    ins: 1,
    txs: 2,
    subsidy: 5_000_000_000,
    total_out: 4_999_990_000,
    utxo_increase_actual: 2,
    feerate_percentiles: [rate, rate, rate, rate, rate].map(() => expect.any(Number)),
  });
  expect(await asked.call('getblockstats', hash('a3'), ['height', 'txs'])).toEqual({
    height: 3,
    txs: 2,
  });
  expect(await asked.call('getblockstats', 4)).toMatch(/^-8: .* after current tip 3/);
});

test('the chain tells how fast payments came', async () => {
  expect(await asked.call('getchaintxstats', 2)).toMatchObject({
    window_block_count: 2,
    window_tx_count: 3,
  });
  expect(await asked.call('getchaintxstats', 3)).toMatch(/^-8: Invalid block count/);
});

test('a transaction is found where it lies', async () => {
  const [, payment] = asked.grove.block('a3').transactions;
  if (!payment) throw new Error('a3 holds no payment');
  const id = txid(payment);
  expect(await asked.call('getrawtransaction', id)).toBe(hexOf(payment));
  const told = await asked.call('getrawtransaction', id, 2);
  expect(told).toMatchObject({ blockhash: hash('a3'), confirmations: 1, fee: 0.0001 });
  expect(told).not.toHaveProperty('in_active_chain');
  const named = await asked.call('getrawtransaction', id, 1, hash('a3'));
  expect(named).toMatchObject({ in_active_chain: true, txid: id });
  expect(await asked.call('getrawtransaction', id, 1, hash('a2'))).toMatch(/^-5: No such/);
  expect(await asked.call('decoderawtransaction', hexOf(payment))).toMatchObject({ txid: id });
});

test('a transaction that waits is told without a block', async () => {
  const told = await asked.call('getrawtransaction', txid(paid), true);
  expect(told).toMatchObject({ hex: hexOf(paid) });
  expect(told).not.toHaveProperty('blockhash');
});

test('a transaction of genesis is none to be had', async () => {
  const [minted] = asked.grove.params.genesis.transactions;
  const id = minted && txid(minted);
  expect(await asked.call('getrawtransaction', id)).toMatch(/^-5: The genesis block coinbase/);
});

test('a transaction is refused with Core’s codes', async () => {
  const { call, grove } = asked;
  const again = pay([grove.minted('a1')]);
  const poor = pay([grove.minted('a3')], { outputs: [outputTo(1, 50n * unit)] });
  const dear = pay([grove.minted('a3')], { outputs: [outputTo(1, 49n * unit)] });
  expect(await call('sendrawtransaction', '00')).toMatch(/^-22: TX decode failed/);
  expect(await call('sendrawtransaction', hexOf(again))).toBe(
    '-25: bad-txns-inputs-missingorspent',
  );
  expect(await call('sendrawtransaction', hexOf(poor))).toMatch(/^-26: min relay fee not met, /);
  expect(await call('sendrawtransaction', hexOf(dear))).toMatch(/^-25: Fee exceeds maximum/);
  expect(await call('testmempoolaccept', [hexOf(again)])).toMatchObject([
    { allowed: false, 'reject-reason': 'missing-inputs' },
  ]);
  expect(await call('testmempoolaccept', [hexOf(dear)])).toMatchObject([
    { allowed: false, 'reject-reason': 'max-fee-exceeded' },
  ]);
  expect(await call('testmempoolaccept', [hexOf(dear)], 0)).toMatchObject([{ allowed: true }]);
  expect(await call('getmempoolinfo')).toMatchObject({ size: 2 });
});

test('a transaction that waits already is taken again without a word', async () => {
  expect(await asked.call('sendrawtransaction', hexOf(paid))).toBe(txid(paid));
});

test('what waits is told with its family', async () => {
  const { call } = asked;
  expect(await call('getrawmempool')).toEqual([txid(paid), txid(child)]);
  expect(await call('getmempoolentry', txid(child))).toMatchObject({
    depends: [txid(paid)],
    ancestorcount: 2,
    fees: { base: 0.00002, ancestor: 0.00003 },
    'bip125-replaceable': true,
  });
  expect(await call('getmempoolancestors', txid(child))).toEqual([txid(paid)]);
  expect(await call('getmempooldescendants', txid(paid))).toEqual([txid(child)]);
  expect(await call('getrawmempool', true)).toHaveProperty(txid(paid));
  expect(await call('getmempoolentry', hash('a1'))).toBe('-5: Transaction not in mempool');
});

test('what waits hides the coins that it spends', async () => {
  const { call, grove } = asked;
  const { outPoint } = grove.minted('a2');
  expect(await call('gettxout', outPoint.txid, 0)).toBeNull();
  expect(await call('gettxout', outPoint.txid, 0, false)).toMatchObject({ value: 50 });
  expect(await call('gettxout', txid(child), 0)).toMatchObject({ confirmations: 0 });
  expect(await call('gettxspendingprevout', [{ txid: outPoint.txid, vout: 0 }])).toEqual([
    { txid: outPoint.txid, vout: 0, spendingtxid: txid(paid) },
  ]);
});

test('the program tells of itself, and can be stopped', async () => {
  const { call, stops } = asked;
  expect(await call('uptime')).toBe(7);
  expect(await call('getnetworkinfo')).toMatchObject({ subversion: '/chain:1.2.3/' });
  expect(await call('getpeerinfo')).toEqual([]);
  expect(await call('getconnectioncount')).toBe(0);
  expect(await call('getrpcinfo')).toEqual({
    active_commands: [{ method: 'getrpcinfo', duration: 0 }],
    logpath: '',
  });
  expect(stops.count).toBe(0);
  expect(await call('stop')).toBe('chain stopping');
  expect(stops.count).toBe(1);
});

test('the program has a line of help for every method that it lists', async () => {
  const list = String(await asked.call('help'));
  const names = list.split('\n').flatMap((line) => /^[a-z]+/.exec(line)?.[0] ?? []);
  expect(names.length).toBeGreaterThan(40);
  for (const name of names) {
    const told = String(await asked.call('help', name));
    expect(told.split('\n\n')[1] ?? '', name).toMatch(/^[A-Z].*\.$/);
  }
});
