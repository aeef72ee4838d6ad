/** The rules of a block among its coins. */
import { checkPayment } from '../../src/consensus/connect.ts';
import type { Params } from '../../src/consensus/params.ts';
import { type Verdict, valid } from '../../src/consensus/reject.ts';
import type { Output, Transaction } from '../../src/primitives/transaction.ts';
import {
  blockAt,
  type CoinbaseFields,
  coinbaseOf,
  epoch,
  hex,
  judge,
  keyOf,
  type Owned,
  outputTo,
  own,
  ownOutput,
  type Place,
  pay,
  placeAt,
  seal,
  withWitness,
} from '../forge.ts';
import { never, passes, type Row } from './row.ts';

const height = 200;

/** A block of these payments where these coins are. */
const among =
  (coins: readonly Owned[], payments: readonly Transaction[], fields: CoinbaseFields = {}) =>
  (params: Params) =>
    judge(blockAt(height, payments, fields), placeAt(params, height, coins));

const coin = own(1);
const first = pay([coin], { outputs: [outputTo(2, 600n), outputTo(3, 400n)] });
const fromFirst = ownOutput(first, 0, keyOf(2));
const second = pay([fromFirst]);

const replayed = coinbaseOf(height);
const overwriting: readonly Row[] = [
  passes('bad-txns-BIP30', 'a txid that no coin has', among([coin], [first])),
  // Its inputs are spent, of course; Bitcoin says this first, and so do we.
  never(
    'bad-txns-BIP30',
    'a confirmed payment again while one of its outputs is unspent',
    among([ownOutput(first, 1, keyOf(3))], [first]),
  ),
  never('bad-txns-BIP30', 'a coinbase again while its output is unspent', (params) =>
    judge(seal([replayed]), placeAt(params, height, [ownOutput(replayed, 0, keyOf(0))])),
  ),
];

const carrying = pay([coin], { outputs: [{ amount: 5n, script: hex('6a') }] });
const missing = 'bad-txns-inputs-missingorspent';

const spending: readonly Row[] = [
  passes(missing, 'a coin that exists', among([coin], [pay([coin])])),
  never(missing, 'a coin that does not exist', among([], [pay([coin])])),
  never(missing, 'a second input that does not exist', among([coin], [pay([coin, own(2)])])),
  never(
    missing,
    'another output of a transaction that has one',
    among([coin], [pay([elsewhere()])]),
  ),
  passes(missing, 'a coin made earlier in the block', among([coin], [first, second])),
  never(missing, 'a coin made later in the block', among([coin], [second, first])),
  never(
    missing,
    'a coin spent by two payments of the block',
    among([coin], [first, pay([coin], { outputs: [outputTo(9, 1n)] })]),
  ),
  never(
    missing,
    'a coin made in the block and spent twice there',
    among([coin], [first, second, pay([fromFirst], { outputs: [outputTo(9, 1n)] })]),
  ),
  never(
    missing,
    'a carrier as a coin',
    among([coin], [carrying, pay([ownOutput(carrying, 0, keyOf(0))])]),
  ),
  // Genesis is never connected, so its output is in no coin set; the chain's tests see to that.
  never(missing, "the genesis block's coin at height 1", (params) => {
    const [genesis] = params.genesis.transactions as [Transaction];
    const spend = pay([ownOutput({ ...genesis }, 0, keyOf(1))]);
    return judge(blockAt(1, [spend]), placeAt(params, 1));
  }),
];

function elsewhere(): Owned {
  return { ...coin, outPoint: { ...coin.outPoint, index: 1 } };
}

const maturity = ({ name }: Params) => (name === 'main' ? 10 : 100);
const minted = (depth: (params: Params) => number) => (params: Params) => {
  const fresh = own(1, { height: height - depth(params), isCoinbase: true });
  return judge(blockAt(height, [pay([fresh])]), placeAt(params, height, [fresh]));
};
const premature = 'bad-txns-premature-spend-of-coinbase';

const maturities: readonly Row[] = [
  passes(premature, 'a minted coin of the very depth', minted(maturity)),
  never(
    premature,
    'a minted coin one block too young',
    minted((params) => maturity(params) - 1),
  ),
  never(premature, 'the coin of its own block', (params) => {
    // Without a witness no commitment is needed, which could not name what names it.
    const coinbase = coinbaseOf(height, [], { claim: 5n, isCommitted: false });
    const spend = withWitness(pay([ownOutput(coinbase, 0, keyOf(0))]), []);
    return judge(seal([coinbase, spend]), placeAt(params, height));
  }),
  passes(premature, 'a paid coin of the block before', (params) => {
    const young = own(1, { height: height - 1 });
    return judge(blockAt(height, [pay([young])]), placeAt(params, height, [young]));
  }),
];

const most = 2_100_000_000_000_000n;
const free = (seed: number): readonly Output[] => [outputTo(seed, 0n)];
/** Coins of these amounts, spent together for a fee of all they have. */
const worth = (...amounts: readonly bigint[]) => {
  const coins = amounts.map((amount, i) => own(i + 1, { amount }));
  return among(coins, [pay(coins, { outputs: free(9) })]);
};
/** Coins of these amounts, each spent by its own payment for a fee of all it has. */
const fees = (...amounts: readonly bigint[]) => {
  const coins = amounts.map((amount, i) => own(i + 1, { amount }));
  return among(
    coins,
    coins.map((each, i) => pay([each], { outputs: free(9 + i) })),
  );
};
/** A coin of 21 million spent by a payment that no rule has looked at before its fee. */
const unchecked =
  (outputs: readonly Output[]) =>
  (params: Params): Verdict => {
    const rich = own(1, { amount: most });
    const fee = checkPayment(
      pay([rich], { outputs }),
      [rich.coin],
      placeAt(params, height),
      params,
    );
    return typeof fee === 'bigint' ? valid : fee;
  };
const paying = (amount: bigint) => among([coin], [pay([coin], { outputs: [outputTo(2, amount)] })]);

/** Above 21 million there are no coins: these are made by hand to reach the rules at all. */
const sums: readonly Row[] = [
  passes('bad-txns-inputvalues-outofrange', 'a coin of 21 million', worth(most)),
  never('bad-txns-inputvalues-outofrange', 'a coin of a unit above 21 million', worth(most + 1n)),
  never('bad-txns-inputvalues-outofrange', 'a coin of -1', worth(-1n)),
  passes('bad-txns-inputvalues-outofrange', 'two coins of 21 million in all', worth(most - 1n, 1n)),
  never('bad-txns-inputvalues-outofrange', 'two coins of a unit above', worth(most, 1n)),
  passes('bad-txns-in-belowout', 'a payment of all that it spends', paying(1000n)),
  never('bad-txns-in-belowout', 'a payment of a unit more than it spends', paying(1001n)),
  passes('bad-txns-fee-outofrange', 'a fee of 21 million', unchecked([outputTo(2, 0n)])),
  never('bad-txns-fee-outofrange', 'a fee of a unit above', unchecked([outputTo(2, -1n)])),
  passes('bad-txns-accumulated-fee-outofrange', 'fees of 21 million in all', fees(most - 1n, 1n)),
  never('bad-txns-accumulated-fee-outofrange', 'fees of a unit above', fees(most, 1n)),
];

const halving = ({ name }: Params) => (name === 'main' ? 210_000 : 150);
/** A block that claims this, so many blocks before or after so many halvings. */
const claiming = (claim: bigint, halvings: number, offset: number) => (params: Params) => {
  const at = halvings * halving(params) + offset;
  return judge(blockAt(at, [], { claim }), placeAt(params, at));
};
const feeOfSeven = pay([coin], { outputs: [outputTo(2, 993n)] });
/** A block at height 2, where the subsidy is 50 coins, with a fee of 7 units. */
const withFee =
  (claim: bigint, ...more: readonly Output[]) =>
  (params: Params) =>
    judge(blockAt(2, [feeOfSeven], { claim, outputs: more }), placeAt(params, 2, [coin]));

const fifty = 5_000_000_000n;
const claims: readonly Row[] = [
  passes('bad-cb-amount', 'a claim of nothing', claiming(0n, 0, 1)),
  ...(
    [
      [fifty, 'before the first halving', 1, -1],
      [fifty / 2n, 'at the first halving', 1, 0],
      [fifty / 2n, 'before the second halving', 2, -1],
      [1n, 'before the 33rd halving', 33, -1],
      [0n, 'at the 33rd halving', 33, 0],
      [0n, 'at the 64th halving, where a shift could wrap round,', 64, 0],
    ] as const
  ).flatMap(([due, when, halvings, offset]) => [
    passes('bad-cb-amount', `a claim of ${due} units ${when}`, claiming(due, halvings, offset)),
    never(
      'bad-cb-amount',
      `a claim of ${due + 1n} units ${when}`,
      claiming(due + 1n, halvings, offset),
    ),
  ]),
  passes('bad-cb-amount', 'a claim of the subsidy and all fees', withFee(fifty + 7n)),
  never('bad-cb-amount', 'a claim of a unit above', withFee(fifty + 8n)),
  never('bad-cb-amount', 'a claim of a unit above in two outputs', withFee(fifty, outputTo(3, 8n))),
];

/** A payment of the coin of height 190 with this sequence, judged at height 200. */
const old = own(1, { height: 190 });
const aged = (version: number, sequence: number) =>
  among([old], [pay([old], { version, sequence })]);

/** One payment in the block that makes a coin, and one that spends it with this sequence. */
const fresh = (sequence: number) => among([coin], [first, pay([fromFirst], { sequence })]);

const timed = 0x0040_0000;
/** So many seconds after the median time of block 189, the one before the coin's. */
const agedSeconds = (seconds: number, sequence: number) => (params: Params) => {
  const place = placeAt(params, height, [old]);
  const later: Place = { ...place, medianTimePast: place.medianTimePastAt(189) + seconds };
  return judge(blockAt(height, [pay([old], { sequence })]), later);
};
const young = own(2, { height: 191 });
/** A coin of block 1, so many seconds after the time of genesis. */
const agedSinceGenesis = (seconds: number) => (params: Params) => {
  const place = placeAt(params, 2, [coin]);
  const spend = pay([coin], { sequence: timed + 1 });
  return judge(blockAt(2, [spend]), { ...place, medianTimePast: epoch + seconds });
};

const relativeLocks: readonly Row[] = [
  passes('bad-txns-nonfinal', 'a coin of 10 blocks with a lock of 10', aged(2, 10)),
  never('bad-txns-nonfinal', 'a coin of 10 blocks with a lock of 11', aged(2, 11)),
  passes('bad-txns-nonfinal', 'a lock of 11 in version 1', aged(1, 11)),
  passes('bad-txns-nonfinal', 'a lock of 11 in version 0', aged(0, 11)),
  passes('bad-txns-nonfinal', 'a lock of 10 in version 0x80000002', aged(0x8000_0002, 10)),
  never('bad-txns-nonfinal', 'a lock of 11 in version 0x80000002', aged(0x8000_0002, 11)),
  never('bad-txns-nonfinal', 'a lock of 11 in version 0xffffffff', aged(0xffff_ffff, 11)),
  passes('bad-txns-nonfinal', 'a disabled lock of 11', aged(2, 0x8000_000b)),
  passes('bad-txns-nonfinal', 'a lock of 10 below bits that mean nothing', aged(2, 0x3fbf_000a)),
  never('bad-txns-nonfinal', 'a lock of 11 below bits that mean nothing', aged(2, 0x3fbf_000b)),
  never(
    'bad-txns-nonfinal',
    'a lock of 10 on two coins of which one is too young',
    among([old, young], [pay([old, young], { sequence: 10 })]),
  ),
  passes('bad-txns-nonfinal', 'a lock of 0 on a coin of the block', fresh(0)),
  never('bad-txns-nonfinal', 'a lock of 1 on a coin of the block', fresh(1)),
  passes(
    'bad-txns-nonfinal',
    'a lock of 12 x 512 seconds at its end',
    agedSeconds(6144, timed + 12),
  ),
  never('bad-txns-nonfinal', 'a lock of 12 x 512 seconds before it', agedSeconds(6143, timed + 12)),
  passes('bad-txns-nonfinal', 'a lock of 512 seconds since genesis', agedSinceGenesis(512)),
  never('bad-txns-nonfinal', 'a lock of 512 seconds, 511 since genesis,', agedSinceGenesis(511)),
  passes('bad-txns-nonfinal', 'a lock of 0 seconds on a coin of the block', fresh(timed)),
  never('bad-txns-nonfinal', 'a lock of 512 seconds on a coin of the block', fresh(timed + 1)),
];

export const connectRows = [
  ...overwriting,
  ...spending,
  ...maturities,
  ...sums,
  ...claims,
  ...relativeLocks,
];
