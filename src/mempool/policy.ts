/** Policy: what this node passes on, which is less than what the rules allow in a block. */
import type { Facts, Reason, Reject } from '../consensus/reject.ts';
import { dustLimit, maxPaymentWeight, minFeeRate } from '../primitives/standard.ts';
import {
  isCoinbase,
  strippedBytes,
  type Transaction,
  virtualBytes,
  weight,
} from '../primitives/transaction.ts';
import { feeAt } from './package.ts';

/** The smallest, in stripped bytes. Core: MIN_STANDARD_TX_NONWITNESS_SIZE. */
const minPaymentBytes = 65;

/** Core's words for what the mempool refuses beside what the rules refuse. */
export type PolicyReason =
  | 'coinbase'
  | 'tx-size'
  | 'tx-size-small'
  | 'dust'
  | 'non-final'
  | 'non-BIP68-final'
  | 'txn-already-in-mempool'
  | 'txn-same-nonwitness-data-in-mempool'
  | 'txn-already-known'
  | 'bip125-replacement-disallowed'
  | 'too-long-mempool-chain'
  | 'too many potential replacements'
  | 'bad-txns-spends-conflicting-tx'
  | 'insufficient fee'
  | 'min relay fee not met'
  | 'mempool min fee not met'
  | 'mempool full'
  | 'mempool-script-verify-flag-failed';

export type PaymentReject = Reject<Reason | PolicyReason>;

/** Refuses a payment that a block might still hold: never for ever, for policies change. */
export function refuse(reason: PolicyReason, facts: Facts = {}): PaymentReject {
  return { reason, kind: 'later', facts };
}

/** What can be said of a payment before its coins are looked up. */
export function checkPolicy(transaction: Transaction): PaymentReject | undefined {
  if (isCoinbase(transaction)) return refuse('coinbase');
  const paymentWeight = weight(transaction);
  if (paymentWeight > maxPaymentWeight) return refuse('tx-size', { weight: paymentWeight });
  const bytes = strippedBytes(transaction);
  if (bytes < minPaymentBytes) return refuse('tx-size-small', { bytes });
  const output = transaction.outputs.findIndex((each) => each.amount < dustLimit(each.script));
  return output < 0 ? undefined : refuse('dust', { output });
}

/**
 * The least fee, in base units, for a payment of this size: by what is always asked, and by what is
 * asked while there is little room. Core: CheckFeeRate.
 */
export function checkFee(
  transaction: Transaction,
  fee: bigint,
  floor: bigint,
): PaymentReject | undefined {
  const bytes = virtualBytes(transaction);
  const now = feeAt(floor, bytes);
  if (fee < now) return refuse('mempool min fee not met', { fee, least: now, bytes });
  const least = feeAt(minFeeRate, bytes);
  return fee >= least ? undefined : refuse('min relay fee not met', { fee, least, bytes });
}
