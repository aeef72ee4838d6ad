/** The rules of the witness commitment, and of the weight that is judged behind it. */
import { checkBlockInContext } from '../../src/consensus/block.ts';
import type { Params } from '../../src/consensus/params.ts';
import { type Block, blockWeight } from '../../src/primitives/block.ts';
import type { Output, Transaction } from '../../src/primitives/transaction.ts';
import {
  blockAt,
  type CoinbaseFields,
  coinbaseOf,
  judge,
  own,
  pay,
  placeAt,
  reserved,
  seal,
  turnBit,
  withWitness,
  witnessIn,
} from '../forge.ts';
import { bytes, never, passes, type Row } from './row.ts';

const height = 200;
const coin = own(1);
const payment = pay([coin]);

const at = (params: Params, block: Block) => judge(block, placeAt(params, height, [coin]));

/** A block of a coinbase like this and a payment. */
const paying = (fields: CoinbaseFields) => (params: Params) =>
  at(params, blockAt(height, [payment], fields));

/** A block of a coinbase like this alone. */
const alone = (fields: CoinbaseFields) => (params: Params) =>
  at(params, blockAt(height, [], fields));

/** The output that commits to these payments. */
function commitmentTo(payments: readonly Transaction[]): Output {
  const { outputs } = coinbaseOf(height, payments);
  return outputs.at(-1) as Output;
}

const right = commitmentTo([payment]);
const wrong = { ...right, script: turnBit(right.script, 8 * 37) };
const unmarked = { ...right, script: turnBit(right.script, 8 * 5) };
const longer = { ...right, script: Uint8Array.of(...right.script, 0x00, 0x01, 0xff) };
const wrongLonger = { ...wrong, script: Uint8Array.of(...wrong.script, 0x00) };

/** A block whose coinbase has these outputs behind the claim, and a witness. */
const committing = (...outputs: readonly Output[]) =>
  paying({ isCommitted: false, witness: [reserved], outputs });

/** The good block with the witness of one transaction altered: its header is the same. */
const altered = (index: number) => (params: Params) => {
  const { header, transactions } = blockAt(height, [payment]);
  const body = transactions.map((transaction, i) => {
    const [first = reserved, ...others] = witnessIn(transaction);
    return i === index ? withWitness(transaction, [turnBit(first, 0), ...others]) : transaction;
  });
  return at(params, { header, transactions: body });
};

const commitments: readonly Row[] = [
  passes(
    'unexpected-witness',
    'no witness at all and no commitment',
    alone({ isCommitted: false }),
  ),
  bytes(
    'unexpected-witness',
    'a witness of the coinbase alone without a commitment',
    alone({ isCommitted: false, witness: [reserved] }),
  ),
  bytes(
    'unexpected-witness',
    'a witness of a payment without a commitment',
    paying({ isCommitted: false }),
  ),
  bytes('unexpected-witness', 'a commitment with one bit of its mark turned', committing(unmarked)),
  passes('bad-witness-nonce-size', 'a coinbase witness of one item of 32 bytes', paying({})),
  ...[[31], [33], [], [0], [32, 0], [32, 32]].map((sizes) =>
    bytes(
      'bad-witness-nonce-size',
      `a coinbase witness of ${sizes.length} items, [${sizes}] bytes,`,
      paying({ witness: sizes.map((size) => new Uint8Array(size)) }),
    ),
  ),
  passes('bad-witness-merkle-match', 'a commitment to these witnesses', committing(right)),
  bytes('bad-witness-merkle-match', 'a commitment with one bit turned', committing(wrong)),
  bytes(
    'bad-witness-merkle-match',
    'a right commitment, then a wrong one,',
    committing(right, wrong),
  ),
  passes(
    'bad-witness-merkle-match',
    'a wrong commitment, then a right one,',
    committing(wrong, right),
  ),
  passes('bad-witness-merkle-match', 'a commitment with bytes behind it', committing(longer)),
  bytes(
    'bad-witness-merkle-match',
    'a right commitment, then a wrong one with bytes behind it,',
    committing(right, wrongLonger),
  ),
  bytes('bad-witness-merkle-match', 'an altered coinbase witness', altered(0)),
  bytes('bad-witness-merkle-match', "an altered witness of a payment's", altered(1)),
  passes('bad-witness-merkle-match', 'the true body of the same header', altered(-1)),
];

/** A block of this weight, nearly all of it one item of a witness, which is not judged here. */
function heavy(weight: number, fields: CoinbaseFields = {}): Block {
  const build = (sizeBytes: number) => {
    const padded = withWitness(payment, [new Uint8Array(sizeBytes)]);
    const { outputs = [commitmentTo([padded])] } = fields;
    const coinbase = { ...fields, isCommitted: false, witness: [reserved], outputs };
    return seal([coinbaseOf(height, [padded], coinbase), padded]);
  };
  const overhead = blockWeight(build(100_000)) - 100_000;
  return build(weight - overhead);
}

const weights: readonly Row[] = [
  passes('bad-blk-weight', 'a block of weight 4,000,000', (params) =>
    checkBlockInContext(heavy(4_000_000), placeAt(params, height)),
  ),
  never('bad-blk-weight', 'a block of weight 4,000,001', (params) =>
    checkBlockInContext(heavy(4_000_001), placeAt(params, height)),
  ),
  // Said the other way round, a stranger's padding would condemn a good block for ever.
  bytes('bad-witness-merkle-match', 'too heavy a block with a wrong commitment', (params) =>
    checkBlockInContext(heavy(4_000_001, { outputs: [wrong] }), placeAt(params, height)),
  ),
];

export const commitmentRows = [...commitments, ...weights];
