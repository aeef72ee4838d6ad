/** Limits: how much may wait, how long, and in how long a row. */
import { incrementalFeeRate, maxPackageCount } from '../primitives/standard.ts';
import { type Transaction, virtualBytes } from '../primitives/transaction.ts';
import { aloneIn, type Member } from './member.ts';
import { feeRateOf, minus, nothing, type Package, plus } from './package.ts';
import { type PaymentReject, refuse } from './policy.ts';
import type { Pool } from './pool.ts';

/** The virtual bytes of a package. Core: DEFAULT_ANCESTOR_SIZE_LIMIT_KVB and its twin. */
const maxPackageBytes = 101_000;
/** What the mempool may take of the memory, where nothing else is said. */
export const defaultMaxBytes = 100_000_000;
/** How long a payment may wait. Core: DEFAULT_MEMPOOL_EXPIRY_HOURS. */
export const maxAgeSeconds = 14 * 24 * 3600;

/**
 * Long rows of payments make all that is asked of packages dear. Those that are `leaving` to make
 * room for this one do not count. Core: CalculateAncestorsAndCheckLimits.
 */
export function checkChain(
  transaction: Transaction,
  pool: Pool,
  leaving: readonly Member[] = [],
): PaymentReject | undefined {
  const alone = { count: 1, bytes: virtualBytes(transaction), fees: 0n };
  const parents = pool.parentsOf(transaction);
  // One by itself is no chain, however large: other rules bound it.
  if (parents.length === 0) return undefined;
  if (parents.length >= maxPackageCount) return tooLong('ancestors', parents.length + 1);
  const ancestors = pool.withAncestors(parents);
  const before = ancestors.map(aloneIn).reduce(plus, alone);
  const wrong = checkPackage('ancestors', before);
  if (wrong) return wrong;
  const left = lossesOf(leaving, pool);
  for (const ancestor of ancestors) {
    const behind = minus(ancestor.descendants, left.get(ancestor) ?? nothing);
    const wrongBehind = checkPackage('descendants', plus(behind, alone));
    if (wrongBehind) return wrongBehind;
  }
  return undefined;
}

type Side = 'ancestors' | 'descendants';

function checkPackage(side: Side, { count, bytes }: Package): PaymentReject | undefined {
  if (count > maxPackageCount) return tooLong(side, count);
  if (bytes <= maxPackageBytes) return undefined;
  return refuse('too-long-mempool-chain', { limit: `${side}-bytes`, bytes, most: maxPackageBytes });
}

function tooLong(side: Side, count: number): PaymentReject {
  return refuse('too-long-mempool-chain', { limit: side, count, most: maxPackageCount });
}

/** What each payment loses of those behind it when these leave. */
function lossesOf(leaving: readonly Member[], pool: Pool): ReadonlyMap<Member, Package> {
  const losses = new Map<Member, Package>();
  for (const member of leaving) {
    for (const ancestor of pool.withAncestors([member])) {
      losses.set(ancestor, plus(losses.get(ancestor) ?? nothing, aloneIn(member)));
    }
  }
  return losses;
}

/** What had to leave for want of room, and the highest rate among it. */
export interface Trimmed {
  readonly removed: readonly Member[];
  /** What a payment must pay now, in base units per 1,000 virtual bytes; 0 where nothing left. */
  readonly feeRate: bigint;
}

/** Removes the packages that pay least until the rest has room. Core: TrimToSize. */
export function trim(pool: Pool, maxBytes: number): Trimmed {
  const removed: Member[] = [];
  let feeRate = 0n;
  while (pool.usage > maxBytes && pool.poorest) {
    const { poorest } = pool;
    // A step above it, or the next one that pays the same would push out another of its like.
    const rate = feeRateOf(poorest.descendants) + incrementalFeeRate;
    if (rate > feeRate) feeRate = rate;
    const leaving = pool.withDescendants([poorest]);
    pool.remove(leaving);
    removed.push(...leaving);
  }
  return { removed, feeRate };
}
