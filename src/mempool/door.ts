/**
 * The door: whether a payment may come in, and who must leave for it.
 *
 * What is cheap comes first, and the signatures last: a stranger must have offered a fee by then.
 */
import type { Chain, VerifyAll } from '../chain/chain.ts';
import { isReject } from '../consensus/reject.ts';
import { checkSubset, checkTransaction } from '../consensus/transaction.ts';
import { readWitnesses } from '../consensus/witness.ts';
import { type Transaction, txid } from '../primitives/transaction.ts';
import { judge, loadView } from './judge.ts';
import { checkChain } from './limits.ts';
import type { Candidate, Member } from './member.ts';
import { checkFee, checkPolicy, type PaymentReject, refuse } from './policy.ts';
import type { Pool } from './pool.ts';
import { checkReplacement, replacedBy } from './replacement.ts';

/** What a payment meets. */
export interface Place {
  readonly chain: Chain;
  readonly pool: Pool;
  readonly verifyAll: VerifyAll;
  /** What is asked for want of room, in base units per 1,000 virtual bytes. */
  readonly floor: bigint;
}

/** A payment that may come in, and those that leave for it. */
export interface Entrance {
  readonly candidate: Candidate;
  readonly leaving: readonly Member[];
}

/** Core: PreChecks, ReplacementChecks and PolicyScriptChecks. */
export async function checkEntrance(
  transaction: Transaction,
  now: number,
  place: Place,
): Promise<Entrance | PaymentReject> {
  const wrong =
    checkTransaction(transaction) ?? checkSubset(transaction) ?? checkPolicy(transaction);
  if (wrong) return wrong;
  const entrance = await checkAmongOthers(transaction, now, place);
  if (isReject(entrance)) return entrance;
  return (await checkSignatures(entrance.candidate, place)) ?? entrance;
}

async function checkAmongOthers(
  transaction: Transaction,
  now: number,
  { chain, pool, floor }: Place,
): Promise<Entrance | PaymentReject> {
  const judged = judge(transaction, await loadView(chain, [transaction]), pool);
  if (isReject(judged)) return (await findInChain(transaction, judged, chain)) ?? judged;
  const fee = judged.fee + pool.deltaOf(txid(transaction));
  const poor = checkFee(transaction, fee, floor);
  if (poor) return poor;
  const leaving = replacedBy(transaction, pool);
  if (isReject(leaving)) return leaving;
  const wrong =
    checkChain(transaction, pool, leaving) ?? checkReplacement(transaction, fee, { pool, leaving });
  const { height } = chain.tip;
  return wrong ?? { candidate: { transaction, time: now, height, ...judged }, leaving };
}

/** Its coins may be gone because a block holds the payment itself. */
async function findInChain(
  transaction: Transaction,
  { reason }: PaymentReject,
  { store }: Chain,
): Promise<PaymentReject | undefined> {
  if (reason !== 'bad-txns-inputs-missingorspent') return undefined;
  const id = txid(transaction);
  const own = transaction.outputs.map((_, index) => ({ txid: id, index }));
  const isKnown = (await store.coins(own)).some((coin) => coin !== undefined);
  return isKnown ? refuse('txn-already-known', { txid: id }) : undefined;
}

async function checkSignatures(
  { transaction, coins }: Candidate,
  { chain, verifyAll }: Place,
): Promise<PaymentReject | undefined> {
  const { proven } = chain.judge;
  if (proven.has(transaction)) return undefined;
  const checks = readWitnesses(transaction, coins);
  if (isReject(checks)) return checks;
  const broken = await verifyAll(checks);
  if (!broken) {
    proven.add(transaction);
    return undefined;
  }
  const facts = { txid: broken.txid, input: broken.input };
  return { ...refuse('mempool-script-verify-flag-failed', facts), kind: 'never' };
}
