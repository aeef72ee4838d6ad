/** The rules of a block beyond its header and short of its coins. */
import type { Params } from '../../src/consensus/params.ts';
import { type Block, strippedBlockBytes } from '../../src/primitives/block.ts';
import type { Hash } from '../../src/primitives/codec.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { blockAt, carriersOf, coinbaseOf, hex, judge, own, pay, placeAt, seal } from '../forge.ts';
import { bytes, never, passes, type Row } from './row.ts';

const height = 200;
const owned = [1, 2, 3, 4, 5, 6].map((seed) => own(seed));
const payments = owned.map((coin) => pay([coin]));
const [payment] = payments as [Transaction];

const at = (params: Params, block: Block) => judge(block, placeAt(params, height, owned));

/** A good block of this many transactions. */
const blockOf = (count: number) => blockAt(height, payments.slice(0, count - 1));

/** The same header with another body. */
const withBody = ({ header }: Block, transactions: readonly Transaction[]): Block => ({
  header,
  transactions,
});

/** The hash with its last bit turned. */
const turnHash = (hash: Hash) =>
  (hash.slice(0, -1) + (Number.parseInt(hash.slice(-1), 16) ^ 1).toString(16)) as Hash;

const roots: readonly Row[] = [
  passes('bad-txnmrklroot', 'a root of just these transactions', (params) =>
    at(params, blockOf(3)),
  ),
  bytes('bad-txnmrklroot', 'a root with one bit turned', (params) => {
    const { header, transactions } = blockOf(3);
    return at(params, seal(transactions, { merkleRoot: turnHash(header.merkleRoot) }));
  }),
  bytes('bad-txnmrklroot', 'a body with two payments swapped', (params) => {
    const [coinbase, ...paid] = blockOf(3).transactions as [Transaction];
    return at(params, withBody(blockOf(3), [coinbase, ...paid.toReversed()]));
  }),
  bytes('bad-txnmrklroot', 'a body without its last payment', (params) =>
    at(params, withBody(blockOf(3), blockOf(3).transactions.slice(0, -1))),
  ),
  bytes('bad-txnmrklroot', 'a body of nothing under the header of something', (params) =>
    at(params, withBody(blockOf(3), [])),
  ),
];

/** Lists of odd length at some row of the tree, and how much of their tail can be repeated. */
const repeatable: readonly [count: number, tail: number][] = [
  [3, 1],
  [5, 1],
  [6, 2],
  [7, 1],
];

const repeats: readonly Row[] = repeatable.flatMap(([count, tail]) => [
  passes('bad-txns-duplicate', `a list of ${count} transactions`, (params) =>
    at(params, blockOf(count)),
  ),
  // Were the root another, the reason would be: so these two lists do have one root.
  bytes('bad-txns-duplicate', `the list of ${count} with its last ${tail} repeated`, (params) => {
    const { transactions } = blockOf(count);
    return at(params, withBody(blockOf(count), [...transactions, ...transactions.slice(-tail)]));
  }),
]);

/** A block of a coinbase with so many stripped bytes, and no witness. */
function blockOfBytes(sizeBytes: number): Block {
  const build = (padding: number) =>
    blockAt(height, [], { isCommitted: false, outputs: carriersOf(padding) });
  const overhead = strippedBlockBytes(build(100_000)) - 100_000;
  return build(sizeBytes - overhead);
}

const lengths: readonly Row[] = [
  passes('bad-blk-length', 'a block of exactly 1,000,000 stripped bytes', (params) =>
    at(params, blockOfBytes(1_000_000)),
  ),
  never('bad-blk-length', 'a block of 1,000,001 stripped bytes', (params) =>
    at(params, blockOfBytes(1_000_001)),
  ),
  never('bad-blk-length', 'a block of no transactions whose root says so', (params) =>
    at(params, seal([])),
  ),
];

/** A payment of 60 stripped bytes and this script. */
const small = (script: string) => pay([own(1)], { outputs: [{ amount: 0n, script: hex(script) }] });
const sixtyFour = small('6a020000');

const coinbases: readonly Row[] = [
  passes('bad-cb-missing', 'a block with the coinbase first', (params) => at(params, blockOf(2))),
  never('bad-cb-missing', 'a block of a payment alone', (params) => at(params, seal([payment]))),
  never('bad-cb-missing', 'a block with the coinbase second', (params) =>
    at(params, seal([payment, coinbaseOf(height, [payment])])),
  ),
  never('bad-cb-missing', 'a body of payments of 63 and 65 bytes', (params) =>
    at(params, seal([small('6a0100'), small('6a03000000')])),
  ),
  bytes('bad-cb-missing', 'a body of a payment and one of 64 bytes', (params) =>
    at(params, seal([payment, sixtyFour])),
  ),
  passes('bad-cb-multiple', 'a block with one coinbase', (params) => at(params, blockOf(1))),
  never('bad-cb-multiple', 'a block with a second coinbase', (params) =>
    at(params, seal([coinbaseOf(height), coinbaseOf(height + 1)])),
  ),
];

/** The coinbase scripts that a height allows, and others that come near. */
const heightScripts: readonly [height: number, right: string, ...wrong: string[]][] = [
  [1, '5100', '0101', '5200', '5000', '020100'],
  [16, '6000', '0110', '5f00', '6100'],
  [17, '0111', '0112', '0110', '6100', '021100', '4c0111'],
  [127, '017f', '017e', '0180', '027f00'],
  [128, '028000', '0180', '027f00', '028100', '03800000', '028080'],
  [32_767, '02ff7f', '02fe7f', '030080', '03ff7f00'],
  [32_768, '03008000', '020080', '0300', '03018000', '0400800000'],
];

const heights: readonly Row[] = heightScripts.flatMap(([height, right, ...wrong]) => {
  const judgeScript = (script: string) => (params: Params) =>
    judge(blockAt(height, [], { scriptSig: hex(script) }), placeAt(params, height));
  return [
    passes('bad-cb-height', `height ${height} as ${right}`, judgeScript(right)),
    passes(
      'bad-cb-height',
      `height ${height} as ${right} with bytes behind it`,
      judgeScript(`${right}ffff`),
    ),
    ...wrong.map((script) =>
      never('bad-cb-height', `height ${height} as ${script}`, judgeScript(script)),
    ),
  ];
});

const { medianTimePast } = placeAt({} as Params, height);

/** A block whose coinbase, or else whose payment, has this lock time. */
const coinbaseLocked = (lockTime: number, sequence: number) => (params: Params) =>
  at(params, blockAt(height, [], { lockTime, sequence }));
const paymentLocked = (lockTime: number, sequence: number) => (params: Params) =>
  at(params, blockAt(height, [pay(owned, { lockTime, sequence })]));

const final = 0xffff_ffff;
const notFinal = 0xffff_fffe;

const lockTimes: readonly Row[] = [
  passes('bad-txns-nonfinal', 'a coinbase locked to the height before', coinbaseLocked(199, 0)),
  never('bad-txns-nonfinal', 'a coinbase locked to its own height', coinbaseLocked(200, 0)),
  passes('bad-txns-nonfinal', 'a final coinbase locked to its height', coinbaseLocked(200, final)),
  passes(
    'bad-txns-nonfinal',
    'a payment locked to the height before',
    paymentLocked(199, notFinal),
  ),
  never('bad-txns-nonfinal', 'a payment locked to the height', paymentLocked(200, notFinal)),
  passes('bad-txns-nonfinal', 'a final payment locked to the height', paymentLocked(200, final)),
  passes(
    'bad-txns-nonfinal',
    'a payment locked to a second before the median',
    paymentLocked(medianTimePast - 1, notFinal),
  ),
  never(
    'bad-txns-nonfinal',
    'a payment locked to the median itself',
    paymentLocked(medianTimePast, notFinal),
  ),
  passes(
    'bad-txns-nonfinal',
    'a lock time of 500,000,000, which is a time long past,',
    paymentLocked(500_000_000, notFinal),
  ),
  never(
    'bad-txns-nonfinal',
    'a lock time of 499,999,999, which is a height,',
    paymentLocked(499_999_999, notFinal),
  ),
  never('bad-txns-nonfinal', 'a locked payment with one input of two not final', (params) => {
    const { inputs, ...rest } = pay(owned, { lockTime: height });
    const [first, ...others] = inputs as [(typeof inputs)[0]];
    const locked = { ...rest, inputs: [{ ...first, sequence: notFinal }, ...others] };
    return at(params, blockAt(height, [locked as Transaction]));
  }),
];

export const blockRows = [...roots, ...repeats, ...lengths, ...coinbases, ...heights, ...lockTimes];
