/**
 * Connecting a block: what it does to the coins, or why it may not.
 *
 * Pure: it is handed every coin it may ask for, and answers what changes and which signatures must
 * still be checked, as plain data. Checking them is the dear part, and someone else's to do.
 */
import { isMoney } from '../primitives/amount.ts';
import type { Block } from '../primitives/block.ts';
import type { Coin, NamedCoin } from '../primitives/coin.ts';
import { isUnspendable } from '../primitives/script.ts';
import { atOnce, type Steps } from '../primitives/steps.ts';
import {
  isCoinbase,
  type OutPoint,
  outPointName,
  type Transaction,
  txid,
} from '../primitives/transaction.ts';
import { areCoinsOldEnough, type RelativeLockContext } from './locks.ts';
import type { Params } from './params.ts';
import { isReject, type Reject, reject, type Verdict, valid } from './reject.ts';
import { checkSigops } from './sigops.ts';
import { subsidyAt } from './subsidy.ts';
import { type InputCheck, readWitnesses } from './witness.ts';

/** What connecting must know of the branch below the block. */
export interface ConnectContext extends RelativeLockContext {
  /** By `outPointName`: every coin that exists among those of `touchedCoins`. */
  readonly coins: ReadonlyMap<string, Coin>;
  /** Whether the witnesses of a payment are known to hold. */
  readonly isProven?: (payment: Transaction) => boolean;
}

/**
 * What connecting one block does to the coins, net: a coin that is made and spent within the block
 * is in neither list, for a batch of writes has no order.
 */
export interface Transition {
  readonly spent: readonly NamedCoin[];
  readonly created: readonly NamedCoin[];
  /** The fees of all its payments, in base units. */
  readonly fees: bigint;
  /** The signatures that must hold, beside those that are known to. */
  readonly checks: readonly InputCheck[];
}

/** The coins that must be looked up: those it spends, and those its own would overwrite. */
export function touchedCoins({ transactions }: Block): readonly OutPoint[] {
  return transactions.flatMap((transaction) => [
    ...(isCoinbase(transaction) ? [] : transaction.inputs.map(({ prevout }) => prevout)),
    ...transaction.outputs.map((_, index) => ({ txid: txid(transaction), index })),
  ]);
}

/** Core: ConnectBlock. */
export function connectBlock(
  block: Block,
  context: ConnectContext,
  params: Params,
): Transition | Reject {
  return atOnce(connectInSteps(block, context, params));
}

/** The same, a payment at a time. */
export function* connectInSteps(
  block: Block,
  context: ConnectContext,
  params: Params,
): Steps<Transition | Reject> {
  const { transactions } = block;
  const overwriting = checkNoOverwriting(transactions, context);
  if (overwriting) return overwriting;

  const view = new View(context);
  const payments: { transaction: Transaction; coins: readonly Coin[] }[] = [];
  let fees = 0n;
  for (const transaction of transactions) {
    if (!isCoinbase(transaction)) {
      const coins = view.spend(transaction);
      if (isReject(coins)) return coins;
      const fee = checkPayment(transaction, coins, context, params);
      if (typeof fee !== 'bigint') return fee;
      fees += fee;
      if (!isMoney(fees)) return reject('bad-txns-accumulated-fee-outofrange', { fees });
      payments.push({ transaction, coins });
    }
    view.create(transaction);
    yield;
  }
  checkSigops(
    transactions,
    payments.flatMap(({ coins }) => coins),
  );
  const claim = checkClaim(transactions, subsidyAt(context.height, params) + fees);
  if (claim) return claim;

  const checks: InputCheck[] = [];
  for (const { transaction, coins } of payments) {
    if (context.isProven?.(transaction)) continue;
    const read = readWitnesses(transaction, coins);
    if (isReject(read)) return read;
    checks.push(...read);
    yield;
  }
  return { spent: view.spent(), created: view.created(), fees, checks };
}

/**
 * A transaction may not have the txid of one whose coins still exist: it would overwrite them. It
 * is said before any input is looked at. BIP30.
 */
function checkNoOverwriting(
  transactions: readonly Transaction[],
  { coins }: ConnectContext,
): Verdict {
  for (const transaction of transactions) {
    const id = txid(transaction);
    const index = transaction.outputs.findIndex((_, i) =>
      coins.has(outPointName({ txid: id, index: i })),
    );
    if (index >= 0) return reject('bad-txns-BIP30', { coin: outPointName({ txid: id, index }) });
  }
  return valid;
}

/**
 * The rules of a payment among its coins: its fee, or why not. Shared with the mempool, which asks
 * them of the next block. Core: CheckTxInputs and SequenceLocks.
 */
export function checkPayment(
  transaction: Transaction,
  coins: readonly Coin[],
  context: RelativeLockContext,
  params: MaturityRule,
): bigint | Reject {
  const id = txid(transaction);
  let spent = 0n;
  for (const [input, coin] of coins.entries()) {
    if (!isMature(coin, context.height, params)) {
      const depth = context.height - coin.height;
      const facts = { txid: id, input, depth, expected: params.coinbaseMaturity };
      return reject('bad-txns-premature-spend-of-coinbase', facts);
    }
    spent += coin.amount;
    if (!isMoney(coin.amount) || !isMoney(spent)) {
      return reject('bad-txns-inputvalues-outofrange', { txid: id, spent });
    }
  }
  const paid = transaction.outputs.reduce((sum, { amount }) => sum + amount, 0n);
  if (spent < paid) return reject('bad-txns-in-belowout', { txid: id, spent, paid });
  const fee = spent - paid;
  if (!isMoney(fee)) return reject('bad-txns-fee-outofrange', { txid: id, fee });
  return areCoinsOldEnough(transaction, coins, context)
    ? fee
    : reject('bad-txns-nonfinal', { txid: id, problem: 'a coin is too young for its sequence' });
}

export type MaturityRule = Pick<Params, 'coinbaseMaturity'>;

/**
 * May a block of this height spend the coin? What was minted must lie deep enough that no
 * reorganisation is likely to un-mint it.
 */
export function isMature(coin: Coin, height: number, { coinbaseMaturity }: MaturityRule): boolean {
  return !coin.isCoinbase || height - coin.height >= coinbaseMaturity;
}

/** A miner may take less than is due, never more. */
function checkClaim([coinbase]: readonly Transaction[], allowed: bigint): Verdict {
  const claimed = coinbase?.outputs.reduce((sum, { amount }) => sum + amount, 0n) ?? 0n;
  return claimed <= allowed ? valid : reject('bad-cb-amount', { claimed, allowed });
}

/** The coins as they are midway through the block. */
class View {
  readonly #context: ConnectContext;
  readonly #spent = new Map<string, NamedCoin>();
  readonly #created = new Map<string, NamedCoin>();

  constructor(context: ConnectContext) {
    this.#context = context;
  }

  /** Takes the coins that a payment spends, in the order of its inputs. */
  spend(transaction: Transaction): readonly Coin[] | Reject {
    const coins: Coin[] = [];
    for (const [input, { prevout }] of transaction.inputs.entries()) {
      const name = outPointName(prevout);
      const coin = this.#take(prevout, name);
      if (!coin) {
        const facts = { txid: txid(transaction), input, coin: name };
        return reject('bad-txns-inputs-missingorspent', facts);
      }
      coins.push(coin);
    }
    return coins;
  }

  #take(outPoint: OutPoint, name: string): Coin | undefined {
    const fresh = this.#created.get(name);
    if (fresh) {
      this.#created.delete(name);
      return fresh.coin;
    }
    const coin = this.#spent.has(name) ? undefined : this.#context.coins.get(name);
    if (coin) this.#spent.set(name, { outPoint, coin });
    return coin;
  }

  /** Adds what a transaction makes, but for what nothing could ever spend. */
  create(transaction: Transaction): void {
    for (const { outPoint, coin } of coinsOf(transaction, this.#context.height)) {
      this.#created.set(outPointName(outPoint), { outPoint, coin });
    }
  }

  spent(): readonly NamedCoin[] {
    return [...this.#spent.values()];
  }

  created(): readonly NamedCoin[] {
    return [...this.#created.values()];
  }
}

/** The coins that a transaction makes in a block of this height. */
export function coinsOf(transaction: Transaction, height: number): readonly NamedCoin[] {
  const made = isCoinbase(transaction);
  return transaction.outputs.flatMap((output, index) =>
    isUnspendable(output.script)
      ? []
      : [
          {
            outPoint: { txid: txid(transaction), index },
            coin: { ...output, height, isCoinbase: made },
          },
        ],
  );
}
