/** Together: whether several payments might wait, which may spend what those before them make. */
import { isReject } from '../consensus/reject.ts';
import type { Hash } from '../primitives/codec.ts';
import { outPointName, type Transaction, txid, weight } from '../primitives/transaction.ts';
import { checkEntrance, type Place } from './door.ts';
import type { Candidate } from './member.ts';
import { type PaymentReject, refuse } from './policy.ts';
import { Pool } from './pool.ts';

/** Core: MAX_PACKAGE_WEIGHT. */
const maxWeight = 404_000;

/** Why they are no package, whatever is in them. Core: IsWellFormedPackage. */
export type PackageProblem =
  | 'package-too-large'
  | 'package-contains-duplicates'
  | 'package-not-sorted'
  | 'conflict-in-package'
  | 'package-mempool-limits';

/** For each what became of it; `undefined` where another one's refusal left it open. */
export type Together = readonly (Candidate | PaymentReject | undefined)[];

/** Tries them one on the other, on a small pool of all that they meet. Nothing is kept. */
export async function tryTogether(
  transactions: readonly Transaction[],
  now: number,
  place: Place,
): Promise<Together | PackageProblem> {
  const problem = checkForm(transactions);
  if (problem) return problem;
  const pool = partOf(place.pool, transactions);
  const answers: Candidate[] = [];
  for (const [i, transaction] of transactions.entries()) {
    const answer = await tryOne(transaction, now, { ...place, pool });
    if (isReject(answer)) {
      if (answer.reason === 'too-long-mempool-chain') return 'package-mempool-limits';
      // Signatures are looked at last, when all else of those before was found good.
      const isLate = answer.reason === 'mempool-script-verify-flag-failed';
      return transactions.map((_, j) => (j === i ? answer : isLate ? answers[j] : undefined));
    }
    pool.add(answer);
    answers.push(answer);
  }
  return answers;
}

async function tryOne(
  transaction: Transaction,
  now: number,
  place: Place,
): Promise<Candidate | PaymentReject> {
  // Which of several would have to go for several is more than anybody has reckoned out.
  const isNew = !place.pool.get(txid(transaction));
  const [rival] = isNew ? place.pool.rivalsOf(transaction) : [];
  if (rival) return refuse('bip125-replacement-disallowed', { rival: rival.id });
  const entrance = await checkEntrance(transaction, now, place);
  return isReject(entrance) ? entrance : entrance.candidate;
}

function checkForm(transactions: readonly Transaction[]): PackageProblem | undefined {
  const total = transactions.reduce((sum, each) => sum + weight(each), 0);
  if (transactions.length > 1 && total > maxWeight) return 'package-too-large';
  const ids = transactions.map(txid);
  if (new Set(ids).size < ids.length) return 'package-contains-duplicates';
  const later = new Set<Hash>(ids);
  const spent = new Set<string>();
  for (const each of transactions) {
    if (each.inputs.some(({ prevout }) => later.has(prevout.txid))) return 'package-not-sorted';
    later.delete(txid(each));
  }
  for (const { inputs } of transactions) {
    const names = inputs.map(({ prevout }) => outPointName(prevout));
    if (names.some((name) => spent.has(name))) return 'conflict-in-package';
    for (const name of names) spent.add(name);
  }
  return undefined;
}

/** Those that wait and have to do with these: themselves, what they spend or rival, and its kin. */
function partOf(pool: Pool, transactions: readonly Transaction[]): Pool {
  const met = transactions.flatMap((each) => {
    const twin = pool.get(txid(each));
    return [...pool.parentsOf(each), ...pool.rivalsOf(each), ...(twin ? [twin] : [])];
  });
  const part = new Pool(pool.deltas);
  for (const member of pool.withDescendants(pool.withAncestors(met))) {
    part.add(member, member.number);
  }
  return part;
}
