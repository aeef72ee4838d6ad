/** Results have Core's fields, in its order and of its types, as its recorded samples show. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { hashHeader } from '../src/primitives/block.ts';
import { encode } from '../src/primitives/codec.ts';
import { Transaction, txid } from '../src/primitives/transaction.ts';
import {
  Exact,
  type Fields,
  isFields,
  isList,
  parseJson,
  type Value,
  writeJson,
} from '../src/rpc/exact.ts';
import type { Bans, Peer } from '../src/rpc/peering.ts';
import { outputTo, pay } from './forge.ts';
import { NoPeers } from './nopeers.ts';
import { type Asked, plantAsked } from './rpc.ts';
import { hasVectors, startTally, vectorText } from './vectors.ts';

const tally = startTally('Core’s samples of results');
const unit = 100_000_000n;

/** Fields of Core's that are left out here, by sample, each for its reason. */
const leftOut: Readonly<Record<string, string>> = {
  'getchaintxstats.txcount': 'payments are not counted along the chain',
  'getdeploymentinfo.script_flags': 'there is no script interpreter, and so no flags of one',
  'getdeploymentinfo.deployments.testdummy': 'there is no such deployment',
  'getdeploymentinfo.deployments.taproot': 'it holds from genesis on, and was never voted on',
  'getindexinfo.coinstatsindex': 'there is no such index',
  'getindexinfo.basic block filter index': 'there is no such index',
  'getmempoolentry.chunkweight': 'not in Core 30: payments wait in packages, not in chunks',
  'getmempoolentry.fees.chunk': 'not in Core 30: payments wait in packages, not in chunks',
  'getmempoolinfo.limitclustercount': 'not in Core 30: packages are bounded, not clusters',
  'getmempoolinfo.limitclustersize': 'not in Core 30: packages are bounded, not clusters',
  'gettxoutsetinfo.disk_size': 'coins do not lie by themselves on the disk',
  'getblocktemplate-example.vbavailable.testdummy': 'there is no such deployment',
};

/** A sample, and how the same is asked of us. */
type Case = readonly [sample: string, method: string, params?: () => readonly unknown[]];

let asked: Asked;
let waiting: Transaction;
let mined: Transaction;
const tip = () => hashHeader(asked.grove.block('a3').header);
const hex = (transaction: Transaction) => bytesToHex(encode(Transaction, transaction));

beforeAll(async () => {
  asked = await plantAsked();
  const { grove } = asked;
  await grove.mine('a1');
  await grove.mine('a2');
  await grove.mine('b2', { on: 'a1' });
  const outputs = [outputTo(1, 25n * unit), outputTo(2, 24n * unit)];
  mined = pay([grove.minted('a1')], { outputs });
  await grove.mine('a3', { with: [mined] });
  waiting = pay([grove.minted('a2')], {
    outputs: [outputTo(0, 25n * unit), outputTo(1, 24_9999_0000n)],
  });
  expect(await grove.pay(waiting)).toBe('waits');
});

const cases: readonly Case[] = [
  ['getblock1', 'getblock', () => [tip(), 1]],
  ['getblock2', 'getblock', () => [tip(), 2]],
  ['getblock3', 'getblock', () => [tip(), 3]],
  ['getblockchaininfo', 'getblockchaininfo'],
  ['getblockheader', 'getblockheader', () => [tip()]],
  ['getaddednodeinfo', 'getaddednodeinfo'],
  ['getblockstats', 'getblockstats', () => [1]],
  ['getchaintips', 'getchaintips'],
  ['getchaintxstats', 'getchaintxstats', () => [2]],
  ['getdeploymentinfo', 'getdeploymentinfo'],
  ['getdifficulty', 'getdifficulty'],
  ['getindexinfo', 'getindexinfo'],
  ['getmempoolentry', 'getmempoolentry', () => [txid(waiting)]],
  ['getmempoolinfo', 'getmempoolinfo'],
  ['getmininginfo', 'getmininginfo'],
  ['getnettotals', 'getnettotals'],
  ['getnetworkhashps', 'getnetworkhashps'],
  ['getnetworkinfo', 'getnetworkinfo'],
  ['getrawtransaction1', 'getrawtransaction', () => [txid(mined), 1]],
  ['getrawtransaction2', 'getrawtransaction', () => [txid(mined), 2]],
  ['getrawtransaction_mempool', 'getrawtransaction', () => [txid(waiting), 1]],
  ['getrpcinfo', 'getrpcinfo'],
  ['gettxout', 'gettxout', () => [txid(mined), 0]],
  ['gettxoutsetinfo', 'gettxoutsetinfo'],
  ['listbanned', 'listbanned'],
  ['scantxoutset', 'scantxoutset', () => ['start', [`raw(${bytesToHex(outputTo(1, 0n).script)})`]]],
  ['estimatesmartfee', 'estimatesmartfee', () => [6]],
  ['testmempoolaccept_known', 'testmempoolaccept', () => [[hex(mined)]]],
  ['testmempoolaccept_missing', 'testmempoolaccept', () => [[hex(pay([orphan()]))]]],
  ['uptime', 'uptime'],
  ['validateaddress_bad', 'validateaddress', () => ['bc1x']],
  ['generateblock', 'generateblock', () => ['raw(6a)', []]],
];

function orphan() {
  const coin = asked.grove.minted('a1');
  return { ...coin, outPoint: { ...coin.outPoint, index: 7 } };
}

const peer: Peer = {
  id: 0,
  address: '/ip4/192.168.0.6/tcp/9333',
  localAddress: '/ip4/192.168.0.5/tcp/40000',
  isInbound: false,
  isManual: false,
  agent: '/chain:0.1.0/',
  version: 1,
  connectedAt: 1,
  lastSent: 2,
  lastReceived: 3,
  lastPayment: 0,
  lastBlock: 0,
  sent: { bytes: 0, byKind: {} },
  received: { bytes: 0, byKind: {} },
  clockOffset: 0,
  ping: { last: 0.25, least: 0.125 },
  headers: -1,
  blocks: -1,
  awaited: [],
};

/** A network of one. */
class OnePeer extends NoPeers {
  readonly #peer: Peer;

  constructor(bans: Bans, only: Peer) {
    super(bans);
    this.#peer = only;
  }

  override peers() {
    return [this.#peer];
  }
}

function mapOf(fields: Fields): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.keys(fields).map((name) => [name, 1]));
}

/** What a method answers, its numbers by their digits. */
async function resultOf(method: string, params: readonly unknown[]): Promise<Value> {
  const answer = parseJson(await asked.text(method, ...params));
  if (!isFields(answer)) throw new Error('an answer is an object');
  expect(answer['error']).toBeUndefined();
  return answer['result'] ?? null;
}

const sample = (name: string) => parseJson(vectorText(`rpc/samples/${name}.json`));

describe.skipIf(!hasVectors)('as Core', () => {
  const named = cases.map(([name, ...call]) => ({ name, call }));
  test.each(named)('$name', async ({ name, call: [method, params = () => []] }) => {
    expectShape(await resultOf(method, params()), sample(name), name);
  });

  test('a mempool with all that is known of it', async () => {
    const [ours, theirs] = [await resultOf('getrawmempool', [true]), sample('getrawmempool_true')];
    const first = (value: Value) => (isFields(value) ? (Object.values(value)[0] ?? null) : null);
    expectShape(first(ours), first(theirs), 'getmempoolentry');
  });

  test('a template of a block', async () => {
    const ours = await resultOf('getblocktemplate', [{ rules: ['segwit'] }]);
    const theirs = parseJson(vectorText('rpc/getblocktemplate-example.json'));
    expectShape(ours, theirs, 'getblocktemplate-example');
    tally(`${cases.length + 2} have the same fields, ${Object.keys(leftOut).length} left out`);
  });

  test('a peer, with all that is known of it', async () => {
    const theirs = sample('getpeerinfo');
    const told = isList(theirs) ? theirs[0] : undefined;
    if (!isFields(told)) throw new Error('the sample has a peer');
    const traffic = (name: string) => {
      const byKind = told[name];
      return { bytes: 1, byKind: isFields(byKind) ? mapOf(byKind) : {} };
    };
    const [sent, received] = [traffic('bytessent_per_msg'), traffic('bytesrecv_per_msg')];
    const peering = new OnePeer(asked.peering.bans, { ...peer, sent, received });
    const { text } = await plantAsked({}, { peering });
    const answer = parseJson(await text('getpeerinfo'));
    expectShape((isFields(answer) && answer['result']) || null, theirs, 'getpeerinfo');
    expect(await (await plantAsked({}, { peering })).call('getnetworkinfo')).toMatchObject({
      connections: 1,
      connections_in: 0,
      connections_out: 1,
    });
  });

  test('a transaction of Core’s own, to the last letter', async () => {
    const [told, theirs] = [sample('getrawtransaction1'), sample('decoderawtransaction')];
    const bytes = isFields(told) ? told['hex'] : undefined;
    expect(writeJson(await resultOf('decoderawtransaction', [bytes]))).toBe(writeJson(theirs));
  });

  test('every field that is left out is one of Core’s', () => {
    for (const path of Object.keys(leftOut)) {
      const [name = '', ...fields] = path.split('.');
      const file = name.endsWith('-example') ? `rpc/${name}.json` : `rpc/samples/${name}.json`;
      const value = fields.reduce<Value | undefined>(
        (at, field) => (isFields(at) ? at[field] : undefined),
        parseJson(vectorText(file)),
      );
      expect(value, path).toBeDefined();
    }
  });
});

/** The same fields in the same order, of the same types; members of lists as far as both go. */
function expectShape(ours: Value, theirs: Value, path: string): void {
  expect(kindOf(ours), path).toBe(kindOf(theirs));
  if (isList(ours) && isList(theirs)) {
    const isOfNames = typeof ours[0] === 'string';
    const count = isOfNames ? 0 : Math.min(ours.length, theirs.length);
    for (let i = 0; i < count; i++) expectShape(ours[i] ?? null, theirs[i] ?? null, path);
  } else if (isFields(ours) && isFields(theirs)) {
    const wanted = Object.keys(theirs).filter((name) => !(`${path}.${name}` in leftOut));
    const told = Object.keys(ours).filter((name) => !(`${path}.${name}` in leftOut));
    expect(told, path).toEqual(wanted);
    for (const name of wanted) {
      expectShape(ours[name] ?? null, theirs[name] ?? null, `${path}.${name}`);
    }
  }
}

/** Amounts are a kind of number of their own: Core writes them with eight places. */
function kindOf(value: Value): string {
  if (value === null) return 'null';
  if (isList(value)) return 'list';
  if (value instanceof Exact) return /^-?\d+\.\d{8}$/.test(value.digits) ? 'amount' : 'number';
  return typeof value;
}
