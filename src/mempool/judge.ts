/**
 * The judgement of a payment as if the next block held it: all that changes with the chain.
 *
 * Not so the signatures. They commit to the payment and to the coins that it names, and a coin's
 * name fixes what it holds: so what was signed well once is signed well on every branch, and a
 * payment that waited, or that a block held, is not asked for its signatures again.
 */
import type { Chain } from '../chain/chain.ts';
import { checkPayment, type MaturityRule } from '../consensus/connect.ts';
import { isFinal, type RelativeLockContext } from '../consensus/locks.ts';
import { isReject } from '../consensus/reject.ts';
import type { Coin } from '../primitives/coin.ts';
import { outPointName, type Transaction, txid, wtxid } from '../primitives/transaction.ts';
import { type PaymentReject, refuse } from './policy.ts';
import type { Pool } from './pool.ts';

/** What the chain tells of some payments: its coins among those they spend, and the locks. */
export interface View {
  readonly coins: ReadonlyMap<string, Coin>;
  readonly locks: RelativeLockContext;
  readonly params: MaturityRule;
}

/** The first step of judging any number of payments, and the only one that reads. */
export async function loadView(
  { store, branch, tip, params }: Chain,
  transactions: readonly Transaction[],
): Promise<View> {
  const prevouts = transactions.flatMap(({ inputs }) => inputs.map(({ prevout }) => prevout));
  const found = await store.coins(prevouts);
  const coins = new Map<string, Coin>();
  for (const [i, prevout] of prevouts.entries()) {
    const coin = found[i];
    if (coin) coins.set(outPointName(prevout), coin);
  }
  return { coins, locks: await branch.lockContext(tip, transactions, coins), params };
}

/** What the judgement finds out about a payment. */
interface Judged {
  /** In the order of its inputs. */
  readonly coins: readonly Coin[];
  readonly fee: bigint;
}

/** Whether others here spend its coins is not asked. Core: PreChecks. */
export function judge(transaction: Transaction, view: View, pool: Pool): Judged | PaymentReject {
  const { height, medianTimePast } = view.locks;
  if (!isFinal(transaction, { height, medianTimePast })) {
    return refuse('non-final', { lockTime: transaction.lockTime, height, medianTimePast });
  }
  const twin = pool.get(txid(transaction))?.transaction;
  if (twin) {
    const isSame = wtxid(twin) === wtxid(transaction);
    const reason = isSame ? 'txn-already-in-mempool' : 'txn-same-nonwitness-data-in-mempool';
    return refuse(reason, { txid: txid(transaction) });
  }
  const coins = coinsFor(transaction, view, pool);
  if (isReject(coins)) return coins;
  const fee = checkPayment(transaction, coins, view.locks, view.params);
  if (typeof fee === 'bigint') return { coins, fee };
  if (fee.reason === 'bad-txns-nonfinal') return refuse('non-BIP68-final', fee.facts);
  // It condemns a block, but a payment only until its coin has matured.
  return fee.reason === 'bad-txns-premature-spend-of-coinbase' ? { ...fee, kind: 'later' } : fee;
}

function coinsFor(
  transaction: Transaction,
  { coins, locks }: View,
  pool: Pool,
): readonly Coin[] | PaymentReject {
  const found: Coin[] = [];
  for (const { prevout } of transaction.inputs) {
    const name = outPointName(prevout);
    const coin = coins.get(name) ?? pool.coin(prevout, locks.height);
    if (!coin) {
      const facts = { txid: txid(transaction), coin: name };
      return { reason: 'bad-txns-inputs-missingorspent', kind: 'later', facts };
    }
    found.push(coin);
  }
  return found;
}
