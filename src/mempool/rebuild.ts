/** Rebuilding: the pool anew, after a reorganisation or a restart, beside the one that is shown. */
import type { Chain } from '../chain/chain.ts';
import { isReject } from '../consensus/reject.ts';
import type { Block } from '../primitives/block.ts';
import { isCoinbase, type Transaction } from '../primitives/transaction.ts';
import { judge, loadView, type View } from './judge.ts';
import { checkChain, maxAgeSeconds, trim } from './limits.ts';
import { type Deltas, Pool } from './pool.ts';
import type { Waiting } from './waiting.ts';

/** A payment with its number among the others. */
export interface Numbered extends Pick<Waiting, 'transaction' | 'time' | 'height'> {
  readonly number: number;
}

export interface Rebuilding {
  /** The blocks that left the active chain, the latest first. */
  readonly disconnected: readonly Block[];
  /** What waited, in order. */
  readonly kept: readonly Numbered[];
  readonly now: number;
  readonly maxBytes: number;
  readonly deltas: Deltas;
}

/** The new pool, and the rate of what had no room in it: see `Trimmed`. */
export interface Rebuilt {
  readonly pool: Pool;
  readonly feeRate: bigint;
}

/**
 * Heights, times and coins may all differ from what they were: so everything is judged anew, what
 * returns from blocks before what waited on it. Policy is not asked again: it guards the door, and
 * these are within or were good enough for a miner. Limits are; Core: UpdateTransactionsFromBlock
 * and LimitMempoolSize.
 */
export async function rebuild(chain: Chain, rebuilding: Rebuilding): Promise<Rebuilt> {
  const { kept, now, maxBytes, deltas } = rebuilding;
  const returned = paymentsOf(rebuilding.disconnected);
  const pool = new Pool(deltas);
  const first = (kept[0]?.number ?? pool.next) - returned.length;
  const height = chain.tip.height;
  const all: readonly Numbered[] = [
    ...returned.map((transaction, i) => ({ transaction, time: now, height, number: first + i })),
    ...kept,
  ];
  const transactions = all.map(({ transaction }) => transaction);
  const view = await loadView(chain, transactions);
  for (const each of all) {
    admit(each, view, pool);
    await chain.breathe();
  }
  pool.remove(pool.before(now - maxAgeSeconds));
  const { feeRate } = trim(pool, maxBytes);
  return { pool, feeRate };
}

/** In the order in which they were in the chain. */
function paymentsOf(disconnected: readonly Block[]): readonly Transaction[] {
  return disconnected
    .toReversed()
    .flatMap(({ transactions }) => transactions.filter((each) => !isCoinbase(each)));
}

/** Adds it if the next block may still hold it, and nothing before it here spends its coins. */
function admit(each: Numbered, view: View, pool: Pool): void {
  const { transaction, time, height, number } = each;
  const judged = judge(transaction, view, pool);
  if (isReject(judged) || pool.rivalsOf(transaction).length > 0) return;
  if (!checkChain(transaction, pool)) pool.add({ transaction, time, height, ...judged }, number);
}
