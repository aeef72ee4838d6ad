/**
 * The mempool: payments that wait for a block.
 *
 * Each is judged as a block would judge it that came next, on the coins of the chain and of the
 * payments before it. No two of them spend the same coin.
 */
import type { Chain, Change, VerifyAll } from '../chain/chain.ts';
import { checkPayment, coinsOf } from '../consensus/connect.ts';
import { isFinal } from '../consensus/locks.ts';
import { isReject } from '../consensus/reject.ts';
import { checkSubset, checkTransaction } from '../consensus/transaction.ts';
import { readWitnesses } from '../consensus/witness.ts';
import type { Hash } from '../primitives/codec.ts';
import type { Coin, NamedCoin } from '../primitives/coin.ts';
import {
  isCoinbase,
  type OutPoint,
  outPointName,
  type Transaction,
  txid,
} from '../primitives/transaction.ts';
import { checkFee, checkPolicy, type PaymentReject, refuse } from './policy.ts';
import type { Waiting, WaitingTable } from './waiting.ts';

export class Mempool {
  readonly #chain: Chain;
  readonly #table: WaitingTable;
  readonly #verifyAll: VerifyAll;
  /** By number, which is the order of arrival. */
  #waiting = new Map<number, Waiting>();
  readonly #numbers = new Map<Hash, number>();
  /** Which waiting payment spends a coin. */
  readonly #spenders = new Map<string, Hash>();
  #next = 0;

  private constructor(chain: Chain, table: WaitingTable, verifyAll: VerifyAll) {
    this.#chain = chain;
    this.#table = table;
    this.#verifyAll = verifyAll;
  }

  /** Takes up the payments that waited when the program last ended. */
  static async open(chain: Chain, table: WaitingTable, verifyAll: VerifyAll): Promise<Mempool> {
    const mempool = new Mempool(chain, table, verifyAll);
    const loaded = await table.load();
    mempool.#next = ([...loaded.keys()].at(-1) ?? -1) + 1;
    const gone: number[] = [];
    for (const [number, waiting] of loaded) {
      // A crash may have come between a change of the chain and what follows from it here.
      const judged = await mempool.#judgeInNextBlock(waiting.transaction);
      if (isReject(judged)) gone.push(number);
      else mempool.#add(number, waiting);
    }
    await table.write(new Map(), gone);
    return mempool;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** All that wait, in an order in which a block can hold them. */
  list(): readonly Waiting[] {
    return [...this.#waiting.values()];
  }

  get(id: Hash): Waiting | undefined {
    const number = this.#numbers.get(id);
    return number === undefined ? undefined : this.#waiting.get(number);
  }

  /** The waiting payment that spends this coin. */
  spenderOf(outPoint: OutPoint): Hash | undefined {
    return this.#spenders.get(outPointName(outPoint));
  }

  /** Takes a payment, at this time in seconds since 1970, or says why not. Core: PreChecks. */
  async accept(transaction: Transaction, now: number): Promise<Waiting | PaymentReject> {
    const judged = await this.#judge(transaction, now);
    if (isReject(judged)) return judged;
    const number = this.#next++;
    await this.#table.write(new Map([[number, judged]]), []);
    this.#add(number, judged);
    return judged;
  }

  /** Follows the chain: what a block holds waits no longer, what a branch loses waits again. */
  async update({ disconnected, connected }: Change, now: number): Promise<void> {
    const before = new Map(this.#waiting);
    if (disconnected.length > 0) await this.#rejudge(disconnected, now);
    else this.#settle(connected);
    const added = new Map([...this.#waiting].filter(([number]) => !before.has(number)));
    const removed = [...before.keys()].filter((number) => !this.#waiting.has(number));
    await this.#table.write(added, removed);
  }

  /** Drops what the new blocks hold, and what spends a coin that they spent. */
  #settle(connected: readonly { readonly transactions: readonly Transaction[] }[]): void {
    for (const { transactions } of connected) {
      for (const transaction of transactions) {
        this.#remove(txid(transaction));
        for (const { prevout } of transaction.inputs) {
          const conflict = this.spenderOf(prevout);
          if (conflict) this.#removeWithChildren(conflict);
        }
      }
    }
  }

  /** After a reorganisation heights, times and coins may all differ: each is judged anew. */
  async #rejudge(disconnected: Change['disconnected'], now: number): Promise<void> {
    const returned = disconnected
      .toReversed()
      .flatMap(({ transactions }) => transactions.filter((each) => !isCoinbase(each)));
    const kept = this.#waiting;
    this.#waiting = new Map();
    this.#numbers.clear();
    this.#spenders.clear();
    for (const transaction of returned) {
      const judged = await this.#judge(transaction, now);
      if (!isReject(judged)) this.#add(this.#next++, judged);
    }
    for (const { transaction, time } of kept.values()) {
      const judged = await this.#judge(transaction, time);
      if (!isReject(judged)) this.#add(this.#next++, judged);
    }
  }

  async #judge(transaction: Transaction, now: number): Promise<Waiting | PaymentReject> {
    const wrong =
      checkTransaction(transaction) ?? checkSubset(transaction) ?? checkPolicy(transaction);
    if (wrong) return wrong;
    const judged = await this.#judgeInNextBlock(transaction);
    if (isReject(judged)) return judged;
    const { coins, fee } = judged;
    const poor = checkFee(transaction, fee) ?? (await this.#checkSignatures(transaction, coins));
    return poor ?? { transaction, fee, time: now };
  }

  /** All that a change of the chain may alter: the coins, their ages and the lock times. */
  async #judgeInNextBlock(
    transaction: Transaction,
  ): Promise<{ readonly coins: readonly Coin[]; readonly fee: bigint } | PaymentReject> {
    const { tip, params } = this.#chain;
    const place = { height: tip.height + 1, medianTimePast: tip.medianTimePast };
    if (!isFinal(transaction, place)) {
      return refuse('non-final', { lockTime: transaction.lockTime, ...place });
    }
    const spent = await this.#spendableCoins(transaction);
    if (isReject(spent)) return spent;
    const coins = spent.map(({ coin }) => coin);
    const named = new Map(spent.map(({ outPoint, coin }) => [outPointName(outPoint), coin]));
    const context = await this.#chain.branch.lockContext(tip, [transaction], named);
    const fee = checkPayment(transaction, coins, context, params);
    if (typeof fee !== 'bigint') {
      return fee.reason === 'bad-txns-nonfinal' ? refuse('non-BIP68-final', fee.facts) : fee;
    }
    return { coins, fee };
  }

  /** The coins it spends, in the order of its inputs. */
  async #spendableCoins(transaction: Transaction): Promise<readonly NamedCoin[] | PaymentReject> {
    const id = txid(transaction);
    if (this.#numbers.has(id)) return refuse('txn-already-in-mempool', { txid: id });
    for (const { prevout } of transaction.inputs) {
      const rival = this.spenderOf(prevout);
      const coin = outPointName(prevout);
      if (rival) return refuse('txn-mempool-conflict', { coin, spentBy: rival });
    }
    const found = await this.#coins(transaction);
    const spent: NamedCoin[] = [];
    for (const [input, { prevout }] of transaction.inputs.entries()) {
      const coin = found[input];
      if (!coin) return this.#missing(transaction, prevout);
      spent.push({ outPoint: prevout, coin });
    }
    return spent;
  }

  /** Its coins may be gone because a block holds the payment itself. */
  async #missing(transaction: Transaction, outPoint: OutPoint): Promise<PaymentReject> {
    const id = txid(transaction);
    const own = transaction.outputs.map((_, index) => ({ txid: id, index }));
    const isKnown = (await this.#chain.store.coins(own)).some((coin) => coin !== undefined);
    if (isKnown) return refuse('txn-already-known', { txid: id });
    const facts = { txid: id, coin: outPointName(outPoint) };
    return { reason: 'bad-txns-inputs-missingorspent', kind: 'later', facts };
  }

  async #checkSignatures(
    transaction: Transaction,
    coins: readonly Coin[],
  ): Promise<PaymentReject | undefined> {
    const checks = readWitnesses(transaction, coins);
    if (isReject(checks)) return checks;
    const broken = await this.#verifyAll(checks);
    if (!broken) return undefined;
    const facts = { txid: broken.txid, input: broken.input };
    return { ...refuse('mempool-script-verify-flag-failed', facts), kind: 'never' };
  }

  /** The coins it spends, of the chain or of a waiting payment; `undefined` where there is none. */
  async #coins({ inputs }: Transaction): Promise<readonly (Coin | undefined)[]> {
    const stored = await this.#chain.store.coins(inputs.map(({ prevout }) => prevout));
    return inputs.map(({ prevout }, i) => stored[i] ?? this.#coinInWaiting(prevout));
  }

  #coinInWaiting({ txid: id, index }: OutPoint): Coin | undefined {
    const waiting = this.get(id);
    return waiting && this.coinsOf(waiting).find((each) => each.outPoint.index === index)?.coin;
  }

  /** The coins that a waiting payment will make, in the next block at the earliest. */
  coinsOf({ transaction }: Waiting): readonly NamedCoin[] {
    return coinsOf(transaction, this.#chain.tip.height + 1);
  }

  #add(number: number, waiting: Waiting): void {
    const id = txid(waiting.transaction);
    this.#waiting.set(number, waiting);
    this.#numbers.set(id, number);
    for (const { prevout } of waiting.transaction.inputs) {
      this.#spenders.set(outPointName(prevout), id);
    }
  }

  #remove(id: Hash): void {
    const number = this.#numbers.get(id);
    const waiting = number === undefined ? undefined : this.#waiting.get(number);
    if (number === undefined || !waiting) return;
    this.#waiting.delete(number);
    this.#numbers.delete(id);
    for (const { prevout } of waiting.transaction.inputs) {
      this.#spenders.delete(outPointName(prevout));
    }
  }

  #removeWithChildren(id: Hash): void {
    const outputs = this.get(id)?.transaction.outputs ?? [];
    this.#remove(id);
    for (const index of outputs.keys()) {
      const child = this.spenderOf({ txid: id, index });
      if (child) this.#removeWithChildren(child);
    }
  }
}
