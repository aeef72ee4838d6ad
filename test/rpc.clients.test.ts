/**
 * Programs that were written for Bitcoin Core, unchanged, against a node in a process of its own:
 * the client of npm, a miner for himself, and two wallets.
 */
import { readFileSync } from 'node:fs';
import * as signer from '@scure/btc-signer';
import Client from 'bitcoin-core';
import { initEccLib, networks, Psbt, payments } from 'bitcoinjs-lib';
import { ECPairFactory } from 'ecpair';
import * as ecc from 'tiny-secp256k1';
import { beforeAll, describe, expect, test } from 'vitest';
import { askTemplate, makeBlock, type Rpc } from './solominer.ts';
import { fileIn, startNode } from './started.ts';
import { newFolder } from './terminal.ts';

initEccLib(ecc);
const network = networks.regtest;
const pairs = ECPairFactory(ecc);

/** One who is paid at P2WPKH, by keys of bitcoinjs-lib's. */
function person(seed: number) {
  const pair = pairs.fromPrivateKey(Buffer.alloc(32, seed), { network });
  const { address = '', output = Buffer.alloc(0) } = payments.p2wpkh({
    pubkey: pair.publicKey,
    network,
  });
  return { pair, address, script: Buffer.from(output) };
}

const [alice, bob] = [person(1), person(2)];

let client: Client;
let rpc: Rpc;
beforeAll(async () => {
  const datadir = newFolder();
  await startNode(datadir);
  const { http: host } = JSON.parse(readFileSync(fileIn(datadir, 'node.json'), 'utf8'));
  const [username, password] = readFileSync(fileIn(datadir, '.cookie'), 'utf8').split(':');
  const logger = { debug: () => undefined };
  client = new Client({ host, username, password, logger, version: '0.21.0' } as object);
  rpc = async (method, ...params) => {
    const authorization = `Basic ${btoa(`${username}:${password}`)}`;
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const response = await fetch(host, { method: 'POST', headers: { authorization }, body });
    const { result, error } = JSON.parse(await response.text());
    if (error) throw new Error(`${error.code}: ${error.message}`);
    return result;
  };
});

describe('the client of npm', () => {
  const genesis = '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206';

  test('is answered', async () => {
    expect(await client.command('getblockhash', 0)).toBe(genesis);
    expect(await client.command('getBlockchainInfo')).toMatchObject({ chain: 'regtest' });
    expect(await client.command('uptime')).toBeTypeOf('number');
  });

  test('may give its parameters by name', async () => {
    const header = await client.command('getblockheader', { blockhash: genesis, verbose: false });
    expect(header).toMatch(/^[0-9a-f]{160}$/);
  });

  test('may send a batch, of which one fails', async () => {
    const answers = await client.command([
      { method: 'getblockhash', parameters: [0] },
      { method: 'getblockhash', parameters: [1_000_000] },
      { method: 'getblock', parameters: { blockhash: genesis, verbosity: 0 } },
    ]);
    expect(answers).toMatchObject([genesis, { code: -8 }, expect.stringMatching(/^[0-9a-f]+$/)]);
    expect(String(answers[1])).toContain('Block height out of range');
  });

  test('hears of errors with their code and their words', async () => {
    const wrong = client.command('getblock', '00');
    const message = "blockhash must be of length 64 (not 2, for '00')";
    await expect(wrong).rejects.toMatchObject({ code: -8, message });
    const help = client.command('getblockhash');
    await expect(help).rejects.toMatchObject({ code: -1 });
    const text = client.command('getblockhash', 'x');
    await expect(text).rejects.toMatchObject({ code: -3 });
  });

  test('is refused without the right password', async () => {
    const { host } = client as unknown as { readonly host: string };
    const logger = { debug: () => undefined };
    const stranger = new Client({ host, username: '__cookie__', password: 'x', logger });
    await expect(stranger.command('getblockcount')).rejects.toMatchObject({ code: 401 });
  });
});

describe('a miner for himself', () => {
  test('makes blocks of templates, which are taken', async () => {
    for (let i = 0; i < 20; i++) {
      const template = await askTemplate(rpc);
      const { hex, coinbase } = makeBlock(template, alice.script);
      expect(await rpc('getblocktemplate', { mode: 'proposal', data: hex })).toBeNull();
      expect(await rpc('submitblock', hex)).toBeNull();
      expect(await rpc('submitblock', hex)).toBe('duplicate');
      expect(await rpc('getblockcount')).toBe(template.height);
      expect(await rpc('gettxout', coinbase, 0)).toMatchObject({ coinbase: true, value: 50 });
    }
  });

  test('hears why a proposal would be refused', async () => {
    const template = await askTemplate(rpc);
    const propose = async (changed: object) => {
      const { hex } = makeBlock({ ...template, ...changed }, alice.script);
      return await rpc('getblocktemplate', { mode: 'proposal', data: hex });
    };
    const { coinbasevalue, height, default_witness_commitment: commitment } = template;
    expect(await propose({ coinbasevalue: coinbasevalue + 1 })).toBe('bad-cb-amount');
    expect(await propose({ height: height + 1 })).toBe('bad-cb-height');
    expect(await propose({ curtime: 1 })).toBe('time-too-old');
    expect(await propose({ curtime: template.curtime + 8_000 })).toBe('time-too-new');
    expect(await propose({ bits: '207ffffe' })).toBe('bad-diffbits');
    expect(await propose({ previousblockhash: '11'.repeat(32) })).toBe(
      'inconclusive-not-best-prevblk',
    );
    const other = `${commitment?.slice(0, -2)}${commitment?.endsWith('00') ? '01' : '00'}`;
    expect(await propose({ default_witness_commitment: other })).toBe('bad-witness-merkle-match');
    expect(await rpc('getblockcount')).toBe(height - 1);
  });
});

describe('a miner who waits', () => {
  test('hears of a new tip as soon as there is one', async ({ skip }) => {
    const isThere = String(await rpc('help')).includes('waitfornewblock');
    skip(!isThere, 'this node can be asked, but not waited for');
    const { longpollid, height } = await askTemplate(rpc);
    let isTold = false;
    const waiting = askTemplate(rpc, { longpollid }).then((template) => {
      isTold = true;
      return template;
    });
    for (let i = 0; i < 5; i++) await rpc('getblockcount');
    expect(isTold).toBe(false);
    const [tip] = (await rpc('generatetoaddress', 1, bob.address)) as readonly string[];
    const told = await waiting;
    expect(told).toMatchObject({ height: height + 1, previousblockhash: tip });
    expect(told.longpollid).not.toBe(longpollid);
    expect(await rpc('submitblock', makeBlock(told, bob.script).hex)).toBeNull();
    expect((await askTemplate(rpc, { longpollid })).height).toBe(height + 2);
  });
});

/** A coin as a wallet wants it. */
interface Unspent {
  readonly txid: string;
  readonly outputIndex: number;
  readonly script: string;
  readonly satoshis: number;
  readonly height: number;
}

/** The coins of the coinbases of these blocks that are not spent. */
async function unspentOf(...blocks: readonly string[]): Promise<readonly Unspent[]> {
  const coins = blocks.map(async (hash) => {
    const block = await rpc('getblock', hash);
    const { tx, height } = block as { readonly tx: readonly string[]; readonly height: number };
    const [txid = ''] = tx;
    const coin = await rpc('gettxout', txid, 0);
    if (coin === null) return [];
    const { value, scriptPubKey } = coin as { value: number; scriptPubKey: { hex: string } };
    const satoshis = Math.round(value * 1e8);
    return [{ txid, outputIndex: 0, script: scriptPubKey.hex, satoshis, height }];
  });
  return (await Promise.all(coins)).flat();
}

/** A wallet: pays Bob 1.5 coins of what Alice has, and leaves the rest but for a fee to her. */
type Wallet = (unspent: readonly Unspent[]) => string;
const [paid, fee] = [150_000_000, 1_000];
const sumOf = (unspent: readonly Unspent[]) =>
  unspent.reduce((sum, { satoshis }) => sum + satoshis, 0);

const scure: Wallet = (unspent) => {
  const params = { ...signer.TEST_NETWORK, bech32: network.bech32 };
  const made = new signer.Transaction();
  for (const { txid, outputIndex: index, script, satoshis } of unspent) {
    const witnessUtxo = { script: Buffer.from(script, 'hex'), amount: BigInt(satoshis) };
    made.addInput({ txid, index, witnessUtxo });
  }
  made.addOutputAddress(bob.address, BigInt(paid), params);
  made.addOutputAddress(alice.address, BigInt(sumOf(unspent) - paid - fee), params);
  made.sign(Buffer.alloc(32, 1));
  made.finalize();
  return made.hex;
};

const bitcoinjs: Wallet = (unspent) => {
  const made = new Psbt({ network });
  for (const { txid: hash, outputIndex: index, script, satoshis } of unspent) {
    const witnessUtxo = { script: Buffer.from(script, 'hex'), value: BigInt(satoshis) };
    made.addInput({ hash, index, witnessUtxo });
  }
  made.addOutput({ address: bob.address, value: BigInt(paid) });
  made.addOutput({ address: alice.address, value: BigInt(sumOf(unspent) - paid - fee) });
  made.signAllInputs(alice.pair);
  return made.finalizeAllInputs().extractTransaction().toHex();
};

describe('a wallet', () => {
  let blocks: readonly string[];
  beforeAll(async () => {
    blocks = (await rpc('generatetoaddress', 4, alice.address)) as readonly string[];
    await rpc('generatetoaddress', 100, bob.address);
  });

  test.each([
    ['@scure/btc-signer', scure, 0],
    ['bitcoinjs-lib', bitcoinjs, 2],
  ] as const)('made with %s pays, and its payment is mined', async (_name, wallet, first) => {
    const own = blocks.slice(first, first + 2);
    const unspent = await unspentOf(...own);
    expect(unspent).toHaveLength(2);
    const hex = wallet(unspent);
    const decoded = await rpc('decoderawtransaction', hex);
    const { txid } = decoded as { readonly txid: string };
    expect(await rpc('testmempoolaccept', [hex])).toMatchObject([
      { txid, allowed: true, fees: { base: 0.00001 } },
    ]);
    expect(await rpc('sendrawtransaction', hex)).toBe(txid);
    expect(await rpc('getmempoolentry', txid)).toMatchObject({ fees: { base: 0.00001 } });
    const template = await askTemplate(rpc);
    expect(template.transactions).toMatchObject([{ txid }]);
    const { hex: block } = makeBlock(template, bob.script);
    expect(await rpc('submitblock', block)).toBeNull();
    const mined = await rpc('getrawtransaction', txid, true);
    expect(mined).toMatchObject({ confirmations: 1, vout: [{ value: 1.5 }, { n: 1 }] });
    expect(await rpc('gettxout', txid, 0)).toMatchObject({
      scriptPubKey: { address: bob.address },
    });
    expect(await unspentOf(...own)).toEqual([]);
  });
});
