/**
 * Replacement: a payment may take the place of others that spend the same coins, if it pays for it.
 *
 * BIP125 without its first two rules: nobody need say beforehand that a payment may be replaced,
 * for a miner would take the dearer one anyhow. What is left keeps the mempool from growing poorer,
 * and makes it pay for each replacement that the network carries.
 */
import { incrementalFeeRate } from '../primitives/standard.ts';
import { type Transaction, txid, virtualBytes } from '../primitives/transaction.ts';
import { aloneIn, type Member } from './member.ts';
import { compareRates, feeAt } from './package.ts';
import { type PaymentReject, refuse } from './policy.ts';
import type { Pool } from './pool.ts';

/** Rule 5. Core: MAX_REPLACEMENT_CANDIDATES. */
const maxReplaced = 100;

/** Those that would leave for this payment, with all behind them; none where it has no rival. */
export function replacedBy(
  transaction: Transaction,
  pool: Pool,
): readonly Member[] | PaymentReject {
  const rivals = pool.rivalsOf(transaction);
  // One behind two rivals counts twice, so that they need not be gathered to be too many.
  const count = rivals.reduce((sum, { descendants }) => sum + descendants.count, 0);
  if (count > maxReplaced) {
    return refuse('too many potential replacements', { count, most: maxReplaced });
  }
  const leaving = pool.withDescendants(rivals);
  const gone = new Set(leaving);
  const contradiction = pool.parentsOf(transaction).find((parent) => gone.has(parent));
  if (!contradiction) return leaving;
  const facts = { txid: txid(transaction), spends: contradiction.id };
  // No block can ever hold it: it spends a coin, and one that exists only if that coin is spent.
  return { ...refuse('bad-txns-spends-conflicting-tx', facts), kind: 'never' };
}

/** Does a payment of this fee outbid these? */
export function checkReplacement(
  transaction: Transaction,
  fee: bigint,
  { pool, leaving }: { readonly pool: Pool; readonly leaving: readonly Member[] },
): PaymentReject | undefined {
  if (leaving.length === 0) return undefined;
  const bytes = virtualBytes(transaction);
  // A miner must want it more than each that it contradicts. Core: PaysMoreThanConflicts.
  for (const rival of pool.rivalsOf(transaction)) {
    if (compareRates({ fees: fee, bytes }, aloneIn(rival)) > 0) continue;
    const facts = { fee, bytes, rival: rival.id, rivalFee: rival.fee, rivalBytes: rival.bytes };
    return refuse('insufficient fee', facts);
  }
  // Rules 3 and 4: all that they paid, and its own way through the network. Core: PaysForRBF.
  const paid = leaving.reduce((sum, member) => sum + member.modifiedFee, 0n);
  const least = paid + feeAt(incrementalFeeRate, bytes);
  return fee >= least ? undefined : refuse('insufficient fee', { fee, least, replaced: paid });
}
