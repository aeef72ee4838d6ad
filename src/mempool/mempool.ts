/**
 * The mempool: payments that wait for a block.
 *
 * Each is judged as a block would judge it that came next, on the coins of the chain and of the
 * payments before it. No two of them spend the same coin. What it shows changes in single steps:
 * whatever must be read or written is so before or after, never within. It takes one task at a
 * time; the node's turns see to that.
 */
import type { Chain, Change, VerifyAll } from '../chain/chain.ts';
import { hashOf } from '../chain/entry.ts';
import { isReject } from '../consensus/reject.ts';
import type { Block } from '../primitives/block.ts';
import type { Hash } from '../primitives/codec.ts';
import type { NamedCoin } from '../primitives/coin.ts';
import { type OutPoint, type Transaction, txid } from '../primitives/transaction.ts';
import { checkEntrance, type Entrance, type Place } from './door.ts';
import { FeeFloor } from './feefloor.ts';
import { leavingFor } from './leaving.ts';
import { defaultMaxBytes, maxAgeSeconds, trim } from './limits.ts';
import type { Candidate, Member } from './member.ts';
import { Orphanage } from './orphanage.ts';
import { type PaymentReject, refuse } from './policy.ts';
import { type Deltas, Pool } from './pool.ts';
import { type Numbered, type Rebuilt, rebuild } from './rebuild.ts';
import { tryTogether } from './together.ts';
import type { WaitingTable } from './waiting.ts';

export interface MempoolOptions {
  readonly chain: Chain;
  readonly table: WaitingTable;
  readonly verifyAll: VerifyAll;
  /** What it may take of the memory, by the estimate `memoryBytes`. */
  readonly maxBytes?: number | undefined;
}

/** Whoever hands in a payment here, rather than a peer. */
const local = 'local';

/** An orphan that was tried again: what became of it, and who sent it. */
export interface Retried {
  readonly transaction: Transaction;
  readonly peer: string;
  readonly answer: Member | PaymentReject;
}

export class Mempool {
  /** In bytes. */
  readonly maxBytes: number;
  /** What peers sent too early; whoever knows of peers tells it when one is gone. */
  readonly orphanage = new Orphanage();
  readonly #chain: Chain;
  readonly #table: WaitingTable;
  readonly #verifyAll: VerifyAll;
  readonly #floor = new FeeFloor();
  readonly #deltas = new Map<Hash, bigint>();
  #pool = new Pool(this.#deltas);
  #changes = 0;
  #followed: Hash;

  private constructor(options: MempoolOptions) {
    this.#chain = options.chain;
    this.#table = options.table;
    this.#verifyAll = options.verifyAll;
    this.maxBytes = options.maxBytes ?? defaultMaxBytes;
    this.#followed = hashOf(options.chain.tip);
  }

  /**
   * Takes up the payments that waited when the program last ended. `missed` is what happened to the
   * chain since the block that the table says was followed, if a crash came between.
   */
  static async open(options: MempoolOptions, missed: Change, now: number): Promise<Mempool> {
    const mempool = new Mempool(options);
    const loaded = await options.table.load();
    const kept = [...loaded].map(([number, waiting]) => ({ ...waiting, number }));
    mempool.#show(await mempool.#rebuild(missed.disconnected, kept, now));
    return mempool;
  }

  /** The block that the payments were last judged after. */
  get followed(): Hash {
    return this.#followed;
  }

  /** Counts up with whatever changes here. Core: GetTransactionsUpdated. */
  get changes(): number {
    return this.#changes;
  }

  /** What is added to the fees of payments, be they here or not. Forgotten with the program. */
  get deltas(): Deltas {
    return this.#deltas;
  }

  /** Adds to what a payment counts for, until a block holds it. Core: PrioritiseTransaction. */
  prioritise(id: Hash, by: bigint): void {
    const delta = this.#pool.deltaOf(id) + by;
    if (delta === 0n) this.#deltas.delete(id);
    else this.#deltas.set(id, delta);
    this.#pool.shift(id, by);
    this.#changes++;
  }

  /** How many wait. */
  get size(): number {
    return this.#pool.size;
  }

  /** Their virtual bytes. */
  get bytes(): number {
    return this.#pool.total.bytes;
  }

  /** Their fees, in base units. */
  get fees(): bigint {
    return this.#pool.total.fees;
  }

  /** What they take of the memory, in bytes. */
  get usage(): number {
    return this.#pool.usage;
  }

  /**
   * What a payment must pay now for want of room, in base units per 1,000 virtual bytes; 0 where
   * there is room, and only the least rate of all is asked. Core: GetMinFee.
   */
  minFeeRate(now: number): bigint {
    return this.#floor.rate(now, this.usage / this.maxBytes);
  }

  /** All that wait, in an order in which a block can hold them. */
  list(): readonly Member[] {
    return this.#pool.list();
  }

  get(id: Hash): Member | undefined {
    return this.#pool.get(id);
  }

  /** Those that must be in a block before this one, in such an order. */
  ancestorsOf(member: Member): readonly Member[] {
    return this.#pool.withAncestors([member]).filter((each) => each !== member);
  }

  /** Those that cannot be in a block without this one. */
  descendantsOf(member: Member): readonly Member[] {
    return this.#pool.withDescendants([member]).filter((each) => each !== member);
  }

  /** The waiting payment that spends this coin. */
  spenderOf(outPoint: OutPoint): Hash | undefined {
    return this.#pool.spenderOf(outPoint);
  }

  /** The waiting payments that make or spend coins of this script, in the order of arrival. */
  touching(script: Uint8Array): readonly Member[] {
    return this.#pool.touching(script);
  }

  /** The coins of this script that waiting payments make, in the next block at the earliest. */
  coinsOf(script: Uint8Array): readonly NamedCoin[] {
    return this.#pool.coinsOf(script, this.#chain.tip.height + 1);
  }

  /**
   * Takes a payment, at this time in seconds since 1970, or says why not. What a peer sends before
   * the payments whose coins it spends is refused too, but kept for a while.
   */
  async accept(
    transaction: Transaction,
    now: number,
    peer: string = local,
  ): Promise<Member | PaymentReject> {
    await this.#expire(now);
    const entrance = await this.#judge(transaction, now);
    const answer = isReject(entrance) ? entrance : await this.#enter(entrance);
    if (!isReject(answer)) this.orphanage.wake(answer.id);
    else if (answer.reason === 'bad-txns-inputs-missingorspent' && peer !== local) {
      this.orphanage.add({ transaction, peer, time: now });
    }
    return answer;
  }

  /** Tries one orphan again whose parent has come; `undefined` where there is none. */
  async retry(now: number): Promise<Retried | undefined> {
    const orphan = this.orphanage.next(now);
    if (!orphan) return undefined;
    const { transaction, peer } = orphan;
    const answer = await this.accept(transaction, now, peer);
    // One that lacks another parent stays as it was, with the time at which it came.
    const isStillOrphan = isReject(answer) && answer.reason === 'bad-txns-inputs-missingorspent';
    if (!isStillOrphan) this.orphanage.remove(transaction);
    return { transaction, peer, answer };
  }

  /** Whether a payment might come in now, for want of nothing but room. Nothing changes. */
  async try(transaction: Transaction, now: number): Promise<Candidate | PaymentReject> {
    const entrance = await this.#judge(transaction, now);
    return isReject(entrance) ? entrance : entrance.candidate;
  }

  /** The same for several, of which later ones may spend what earlier ones make. */
  tryAll(transactions: readonly Transaction[], now: number): ReturnType<typeof tryTogether> {
    return tryTogether(transactions, now, this.#place(now));
  }

  #judge(transaction: Transaction, now: number): Promise<Entrance | PaymentReject> {
    return checkEntrance(transaction, now, this.#place(now));
  }

  #place(now: number): Place {
    const floor = this.minFeeRate(now);
    return { chain: this.#chain, pool: this.#pool, verifyAll: this.#verifyAll, floor };
  }

  /**
   * Follows the chain: what a block holds waits no longer, what a branch loses waits again. All of
   * it is reckoned and written first; what is answered then shows it, in one step.
   */
  async follow({ disconnected, connected }: Change, now: number): Promise<() => void> {
    const tip = hashOf(this.#chain.tip);
    const show = await (disconnected.length > 0
      ? this.#followOver(disconnected, now)
      : this.#followOn(connected, tip));
    return () => {
      this.#followed = tip;
      this.#floor.fall(now);
      show();
      this.#changes++;
      const held = connected.flatMap(({ transactions }) => transactions);
      for (const each of held) this.#deltas.delete(txid(each));
      this.orphanage.settle(held);
    };
  }

  /** Blocks joined and none left: what may wait before may wait now. */
  async #followOn(connected: readonly Block[], tip: Hash): Promise<() => void> {
    const leaving = await leavingFor(connected, this.#pool, this.#chain.breathe);
    await this.#table.write({ removed: numbersOf(leaving), tip });
    return () => this.#pool.remove(leaving);
  }

  async #followOver(disconnected: readonly Block[], now: number): Promise<() => void> {
    const rebuilt = await this.#rebuild(disconnected, this.list(), now);
    return () => this.#show(rebuilt);
  }

  /** Reckons the pool after a reorganisation and writes it down, but shows nothing yet. */
  async #rebuild(
    disconnected: readonly Block[],
    kept: readonly Numbered[],
    now: number,
  ): Promise<Rebuilt> {
    const { maxBytes } = this;
    const parts = { disconnected, kept, now, maxBytes, deltas: this.#deltas };
    const rebuilt = await rebuild(this.#chain, parts);
    const before = new Set(kept.map(({ number }) => number));
    const after = new Map(rebuilt.pool.list().map((each) => [each.number, each]));
    await this.#table.write({
      added: new Map([...after].filter(([number]) => !before.has(number))),
      removed: [...before].filter((number) => !after.has(number)),
      tip: hashOf(this.#chain.tip),
    });
    return rebuilt;
  }

  #show({ pool, feeRate }: Rebuilt): void {
    this.#pool = pool;
    this.#floor.raise(feeRate);
  }

  /** Who waited too long leaves. Core: Expire. */
  async #expire(now: number): Promise<void> {
    const leaving = this.#pool.before(now - maxAgeSeconds);
    await this.#table.write({ removed: numbersOf(leaving) });
    this.#pool.remove(leaving);
    this.#changes += leaving.length;
  }

  /** Written first and then shown; where there is no room left the poorest leave, or it itself. */
  async #enter({ candidate, leaving }: Entrance): Promise<Member | PaymentReject> {
    const added = new Map([[this.#pool.next, candidate]]);
    await this.#table.write({ added, removed: numbersOf(leaving) });
    this.#pool.remove(leaving);
    const member = this.#pool.add(candidate);
    this.#changes++;
    const trimmed = trim(this.#pool, this.maxBytes);
    this.#floor.raise(trimmed.feeRate);
    await this.#table.write({ removed: numbersOf(trimmed.removed) });
    return (
      this.get(member.id) ?? refuse('mempool full', { usage: this.usage, most: this.maxBytes })
    );
  }
}

function numbersOf(members: readonly Member[]): readonly number[] {
  return members.map(({ number }) => number);
}
