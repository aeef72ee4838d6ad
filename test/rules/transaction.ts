/** The rules of a transaction by itself. */
import { checkBlock } from '../../src/consensus/block.ts';
import type { Params } from '../../src/consensus/params.ts';
import type { Verdict } from '../../src/consensus/reject.ts';
import { checkTransaction } from '../../src/consensus/transaction.ts';
import { type Hash, noHash } from '../../src/primitives/codec.ts';
import {
  isCoinbase,
  type OutPoint,
  type Output,
  strippedBytes,
  type Transaction,
} from '../../src/primitives/transaction.ts';
import {
  blockAt,
  carriersOf,
  coinbaseOf,
  hex,
  inputOf,
  judge,
  outputTo,
  own,
  pay,
  placeAt,
  seal,
} from '../forge.ts';
import { never, passes, type Row } from './row.ts';

/** In a block of its own, but before any coin is asked for. */
const judgeAlone = (transaction: Transaction): Verdict =>
  checkBlock(seal(isCoinbase(transaction) ? [transaction] : [coinbaseOf(200), transaction]));

const payment = pay([own(1)]);

const withOutputs = (outputs: readonly Output[]) => () => judgeAlone({ ...payment, outputs });

const withPrevouts = (prevouts: readonly OutPoint[]) => () =>
  judgeAlone({ ...payment, inputs: prevouts.map((prevout) => inputOf(prevout)) });

/** A payment of so many stripped bytes. */
function ofBytes(sizeBytes: number): Transaction {
  const build = (padding: number) => ({ ...payment, outputs: carriersOf(padding) });
  const overhead = strippedBytes(build(100_000)) - 100_000;
  return build(sizeBytes - overhead);
}

const shapes: readonly Row[] = [
  passes('bad-txns-vin-empty', 'one input', withPrevouts([own(1).outPoint])),
  never('bad-txns-vin-empty', 'no input', withPrevouts([])),
  passes('bad-txns-vout-empty', 'one output', withOutputs([outputTo(1, 0n)])),
  never('bad-txns-vout-empty', 'no output', withOutputs([])),
  // In no block, which would be too long itself: this is for those that wait for one.
  passes('bad-txns-oversize', 'a payment of 1,000,000 stripped bytes', () =>
    checkTransaction(ofBytes(1_000_000)),
  ),
  never('bad-txns-oversize', 'a payment of 1,000,001 stripped bytes', () =>
    checkTransaction(ofBytes(1_000_001)),
  ),
];

const most = 2_100_000_000_000_000n;
const amounts = (...each: readonly bigint[]) =>
  withOutputs(each.map((amount) => outputTo(1, amount)));

const money: readonly Row[] = [
  passes('bad-txns-vout-negative', 'an amount of 0', amounts(0n)),
  never('bad-txns-vout-negative', 'an amount of -1', amounts(-1n)),
  never('bad-txns-vout-negative', 'an amount of -1 beside one of 1', amounts(1n, -1n)),
  never('bad-txns-vout-negative', 'an amount of -2^63', amounts(-(1n << 63n))),
  passes('bad-txns-vout-toolarge', 'an amount of 21 million coins', amounts(most)),
  never('bad-txns-vout-toolarge', 'an amount one unit above 21 million coins', amounts(most + 1n)),
  never('bad-txns-vout-toolarge', 'an amount of 2^63 - 1', amounts((1n << 63n) - 1n)),
  passes('bad-txns-txouttotal-toolarge', 'a sum of 21 million coins', amounts(most - 1n, 1n)),
  never('bad-txns-txouttotal-toolarge', 'a sum one unit above 21 million coins', amounts(most, 1n)),
];

const coin = own(1).outPoint;
const other = own(2).outPoint;
const nothing = { txid: noHash, index: 0xffff_ffff };
const nearly = `${'0'.repeat(63)}1` as Hash;

const inputs: readonly Row[] = [
  passes(
    'bad-txns-inputs-duplicate',
    'two outputs of one transaction as inputs',
    withPrevouts([coin, { ...coin, index: 1 }]),
  ),
  // CVE-2018-17144: without this rule the second spending would make coins.
  never('bad-txns-inputs-duplicate', 'one coin as two inputs', withPrevouts([coin, { ...coin }])),
  never(
    'bad-txns-inputs-duplicate',
    'one coin as the first and third of three inputs',
    withPrevouts([coin, other, { ...coin }]),
  ),
  passes(
    'bad-txns-prevout-null',
    'no txid with another index beside a coin',
    withPrevouts([coin, { ...nothing, index: 0xffff_fffe }]),
  ),
  passes(
    'bad-txns-prevout-null',
    'another txid with the index of none beside a coin',
    withPrevouts([coin, { ...nothing, txid: nearly }]),
  ),
  never(
    'bad-txns-prevout-null',
    'the outpoint of nothing beside a coin',
    withPrevouts([coin, nothing]),
  ),
  passes('input-kind', 'an empty scriptSig', () => judgeAlone(payment)),
  never('input-kind', 'a scriptSig of one byte', () => judgeAlone(withScriptSig('00'))),
  passes('input-kind', "a coinbase's scriptSig", () => judgeAlone(coinbaseOf(200))),
];

function withScriptSig(script: string): Transaction {
  const input = { ...inputOf(coin), scriptSig: hex(script) };
  return { ...payment, inputs: [inputOf(other), input] };
}

const coinbaseScript = (sizeBytes: number) => () =>
  judgeAlone(coinbaseOf(200, [], { scriptSig: new Uint8Array(sizeBytes) }));

const coinbaseScripts: readonly Row[] = [
  passes('bad-cb-length', 'a coinbase script of 2 bytes', coinbaseScript(2)),
  passes('bad-cb-length', 'a coinbase script of 100 bytes', coinbaseScript(100)),
  never('bad-cb-length', 'a coinbase script of 1 byte', coinbaseScript(1)),
  never('bad-cb-length', 'a coinbase script of 101 bytes', coinbaseScript(101)),
  never('bad-cb-length', 'an empty coinbase script', coinbaseScript(0)),
];

/** A signed payment of 60 stripped bytes and a carrier of these bytes. */
const sized = (script: string) => pay([own(1)], { outputs: [{ amount: 0n, script: hex(script) }] });
const inBlock = (transaction: Transaction) => (params: Params) =>
  judge(blockAt(200, [transaction]), placeAt(params, 200, [own(1)]));
const coinbaseOf64: Transaction = {
  ...coinbaseOf(200, [], { scriptSig: hex('02c800') }),
  outputs: [{ amount: 0n, script: hex('6a') }],
};

const nodeSizes: readonly Row[] = [
  passes('bad-txns-size', 'a payment of 63 stripped bytes', inBlock(sized('6a0100'))),
  never('bad-txns-size', 'a payment of 64 stripped bytes', inBlock(sized('6a020000'))),
  passes('bad-txns-size', 'a payment of 65 stripped bytes', inBlock(sized('6a03000000'))),
  never('bad-txns-size', 'a coinbase of 64 stripped bytes', () => judgeAlone(coinbaseOf64)),
];

const zeros = (count: number) => '00'.repeat(count);

const kinds: readonly [subject: string, script: string][] = [
  ['P2WPKH', `0014${zeros(20)}`],
  ['P2TR', `5120${zeros(32)}`],
  ['P2TR with a key that is no point of the curve', `5120${'ff'.repeat(32)}`],
  ['OP_RETURN with nothing behind it', '6a'],
  ['a carrier of 83 bytes', `6a4c50${zeros(80)}`],
  ['a carrier of two pushes', '6a01ff02ffff'],
  ['a carrier of small numbers', '6a004f5160'],
  ['a carrier that pushes the bytes of operations', '6a03acac4c'],
  ['a carrier with a push of two bytes of length', '6a4d0100ff'],
  ['a carrier with a push of four bytes of length', '6a4e01000000ff'],
];

const noKinds: readonly [subject: string, script: string][] = [
  ['an empty script', ''],
  ['P2WPKH less a byte', `0014${zeros(19)}`],
  ['P2WPKH and a byte', `0014${zeros(21)}`],
  ['a version 0 program of 21 bytes', `0015${zeros(21)}`],
  ['P2WSH', `0020${zeros(32)}`],
  ['P2TR less a byte', `5120${zeros(31)}`],
  ['P2TR and a byte', `5120${zeros(33)}`],
  ['a version 1 program of 20 bytes', `5114${zeros(20)}`],
  ['a version 2 program of 32 bytes', `5220${zeros(32)}`],
  ['a version 1 program behind a push of one byte', `010120${zeros(32)}`],
  ['pay to anchor', '51024e73'],
  ['P2PKH', `76a914${zeros(20)}88ac`],
  ['P2SH', `a914${zeros(20)}87`],
  ['P2PK', `2102${zeros(32)}ac`],
  ['OP_TRUE', '51'],
  ['a carrier of 84 bytes', `6a4c51${zeros(81)}`],
  ['a carrier of 84 bytes in two pushes', `6a28${zeros(40)}29${zeros(41)}`],
  ['6a4c, a push whose length is cut off,', '6a4c'],
  ['a carrier whose push is a byte short', '6a02ff'],
  ['a carrier whose long push is a byte short', '6a4d0200ff'],
  ['a carrier with an operation behind its push', '6a01ffac'],
  ['a carrier with OP_RESERVED', '6a50'],
  ['a carrier with OP_NOP, one above the numbers,', '6a61'],
];

const outputKinds: readonly Row[] = [
  ...kinds.map(([subject, script]) =>
    passes('output-kind', subject, withOutputs([{ amount: 0n, script: hex(script) }])),
  ),
  ...noKinds.map(([subject, script]) =>
    never(
      'output-kind',
      subject,
      withOutputs([outputTo(1, 0n), { amount: 0n, script: hex(script) }]),
    ),
  ),
];

export const transactionRows = [
  ...shapes,
  ...money,
  ...inputs,
  ...coinbaseScripts,
  ...nodeSizes,
  ...outputKinds,
];
