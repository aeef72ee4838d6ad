/**
 * Fee rates: what a payment should pay to be in a block soon, by what this node can see.
 *
 * Two things are looked at, and nothing is learnt from one day to the next. First, what it took to
 * come into the last blocks: nothing beyond the least where they had room, and else the rate that
 * nine tenths of a block paid; the last tenth may be parents whose children paid for them. Second,
 * what waits now and would go first. Where few payments were seen in blocks there is no answer: a
 * number made of nothing would be believed.
 */
import type { ChainView } from '../chain/chain.ts';
import type { Entry } from '../chain/entry.ts';
import { maxBlockWeight } from '../consensus/transaction.ts';
import type { Member } from '../mempool/member.ts';
import { compareRates, feeRateOf } from '../mempool/package.ts';
import { blockWeight } from '../primitives/block.ts';
import { minFeeRate } from '../primitives/standard.ts';
import { outPointName, txid, virtualBytes, weight } from '../primitives/transaction.ts';
import type { Rest } from './coinset.ts';
import { feeOf } from './view.ts';

export interface RateQuestion {
  /** Within how many blocks. */
  readonly target: number;
  /** Looks further back, and so falls later when there is less to pay. */
  readonly isConservative: boolean;
  readonly waiting: readonly Member[];
  readonly rest: Rest;
}

/** How many blocks are looked at. */
const window = { economical: 12, conservative: 48 };
/** Fewer payments in these blocks say nothing. */
const leastSeen = 50;
/** A block that is heavier had no room for more. */
const fullWeight = (maxBlockWeight / 10) * 9;

/** In base units per 1,000 virtual bytes; `undefined` where too little was seen. */
export async function estimateRate(
  view: ChainView,
  { target, isConservative, waiting, rest }: RateQuestion,
): Promise<bigint | undefined> {
  const entrances: bigint[] = [];
  let seen = 0;
  const count = isConservative ? window.conservative : window.economical;
  const { height } = view.tip;
  for (let at = height; at > Math.max(height - count, 0); at--) {
    const entry = await view.store.activeEntry(at);
    seen += entry.transactions - 1;
    entrances.push(await entranceRate(view, entry));
    await rest();
  }
  if (seen < leastSeen) return undefined;
  return most([minFeeRate, worstOf(entrances, target), rateToGoFirst(waiting, target)]);
}

/** What it took to come into this block. */
async function entranceRate({ store }: ChainView, entry: Entry): Promise<bigint> {
  const block = await store.block(entry);
  if (blockWeight(block) < fullWeight) return minFeeRate;
  const undo = await store.undo(entry);
  const spent = new Map(undo.map(({ outPoint, coin }) => [outPointName(outPoint), coin]));
  const paid: { readonly fees: bigint; readonly bytes: number }[] = [];
  for (const transaction of block.transactions) {
    const id = txid(transaction);
    for (const [index, output] of transaction.outputs.entries()) {
      const name = outPointName({ txid: id, index });
      spent.set(name, { ...output, height: entry.height, isCoinbase: false });
    }
    const fees = feeOf(transaction, spent);
    if (fees !== undefined) paid.push({ fees, bytes: virtualBytes(transaction) });
  }
  let left = paid.reduce((sum, { bytes }) => sum + bytes, 0) / 10;
  const rising = paid.toSorted(compareRates);
  const found = rising.find(({ bytes }) => {
    left -= bytes;
    return left < 0;
  });
  return found ? feeRateOf(found) : minFeeRate;
}

/** Whoever paid this came in within so many blocks, whenever it was that they began to wait. */
function worstOf(entrances: readonly bigint[], target: number): bigint {
  const span = Math.min(target, entrances.length);
  const runs = entrances.slice(0, entrances.length - span + 1);
  return most(runs.map((_, i) => least(entrances.slice(i, i + span))));
}

/** Above what fills so many blocks, if that much waits. */
function rateToGoFirst(waiting: readonly Member[], target: number): bigint {
  const room = target * maxBlockWeight;
  const total = waiting.reduce((sum, { transaction }) => sum + weight(transaction), 0);
  if (total <= room) return 0n;
  let left = room;
  const falling = waiting.toSorted((one, other) => compareRates(other.ancestors, one.ancestors));
  const last = falling.find(({ transaction }) => {
    left -= weight(transaction);
    return left < 0;
  });
  return last ? feeRateOf(last.ancestors) + 1n : 0n;
}

function most(rates: readonly bigint[]): bigint {
  return rates.toSorted(byRate).at(-1) ?? 0n;
}

function least(rates: readonly bigint[]): bigint {
  return rates.toSorted(byRate)[0] ?? 0n;
}

function byRate(one: bigint, other: bigint): number {
  return Number(one - other);
}
