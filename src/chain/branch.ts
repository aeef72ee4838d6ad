/**
 * Branches: what the rules must know of the blocks before one, on its own branch.
 *
 * This is the first step of a block's judgement, the one that reads; the rules themselves are pure.
 */
import { type ConnectContext, touchedCoins } from '../consensus/connect.ts';
import { pastHeight } from '../consensus/difficulty.ts';
import { type HeaderContext, medianTime, medianTimeSpan } from '../consensus/header.ts';
import { isTimeLocked, type RelativeLockContext } from '../consensus/locks.ts';
import type { Params } from '../consensus/params.ts';
import { workFromBits } from '../consensus/work.ts';
import type { Block } from '../primitives/block.ts';
import type { Hash } from '../primitives/codec.ts';
import type { Coin } from '../primitives/coin.ts';
import { outPointName, type Transaction } from '../primitives/transaction.ts';
import { damaged } from './database.ts';
import { type Entry, hashOf } from './entry.ts';
import type { Store } from './store.ts';

/** From one block to another: the blocks to take back, then the blocks to add. */
export interface Path {
  /** From the first block down to the fork, without it. */
  readonly down: readonly Entry[];
  /** From the fork, without it, up to the other block. */
  readonly up: readonly Entry[];
}

/** Where what came before a block is looked up. */
export type Past = Pick<Store, 'entry' | 'hashAt' | 'coins'>;

export class Branch {
  readonly #store: Past;
  readonly #params: Params;

  constructor(store: Past, params: Params) {
    this.#store = store;
    this.#params = params;
  }

  /** The index entry of a block on this parent. */
  async extend(parent: Entry, { header, transactions }: Block): Promise<Entry> {
    const times = [header.time];
    for (let at = parent; ; at = await this.#parent(at)) {
      times.push(at.header.time);
      if (at.height === 0 || times.length === medianTimeSpan) break;
    }
    return {
      header,
      height: parent.height + 1,
      work: parent.work + workFromBits(header.bits),
      medianTimePast: medianTime(times),
      transactions: transactions.length,
      isFailed: false,
      wasConnected: false,
    };
  }

  /** What the rules for headers must know, for a block on this parent. */
  async headerContext(parent: Entry): Promise<HeaderContext> {
    const height = parent.height + 1;
    const past = pastHeight(height, this.#params.difficulty);
    const ancestor = past === undefined ? undefined : await this.#ancestor(parent, past);
    return {
      height,
      parent: parent.header,
      pastTime: ancestor?.header.time,
      medianTimePast: parent.medianTimePast,
    };
  }

  /** What the rules for coins must know, for a block on this tip: two reads, however large. */
  async connectContext(tip: Entry, block: Block): Promise<ConnectContext> {
    const touched = touchedCoins(block);
    const found = await this.#store.coins(touched);
    const coins = new Map<string, Coin>();
    for (const [i, outPoint] of touched.entries()) {
      const coin = found[i];
      if (coin) coins.set(outPointName(outPoint), coin);
    }
    return { coins, ...(await this.lockContext(tip, block.transactions, coins)) };
  }

  /** What lock times must know, for transactions in a block on this tip that spend these coins. */
  async lockContext(
    tip: Entry,
    transactions: readonly Transaction[],
    coins: ReadonlyMap<string, Coin>,
  ): Promise<RelativeLockContext> {
    const medians = new Map([[tip.height, tip.medianTimePast]]);
    for (const transaction of transactions) {
      for (const input of transaction.inputs) {
        const coin = coins.get(outPointName(input.prevout));
        if (!coin || !isTimeLocked(transaction, input)) continue;
        const height = Math.max(coin.height - 1, 0);
        if (!medians.has(height)) medians.set(height, await this.#medianAt(height));
      }
    }
    return {
      height: tip.height + 1,
      medianTimePast: tip.medianTimePast,
      medianTimePastAt: (height) => {
        const median = medians.get(height);
        if (median === undefined) throw new Error(`the median at ${height} was not loaded`);
        return median;
      },
    };
  }

  /** The way from one block to another over the fork between them. */
  async path(from: Entry, to: Entry): Promise<Path> {
    const down: Entry[] = [];
    const up: Entry[] = [];
    let left = from;
    let right = to;
    while (hashOf(left) !== hashOf(right)) {
      if (left.height >= right.height) {
        down.push(left);
        left = await this.#parent(left);
      } else {
        up.push(right);
        right = await this.#parent(right);
      }
    }
    return { down, up: up.toReversed() };
  }

  /** Of the blocks down from this one, the first that is not known to be bad. */
  async lastGood(leaf: Hash): Promise<Entry> {
    let at = await this.entry(leaf);
    while (at.isFailed) at = await this.#parent(at);
    return at;
  }

  /** The block at this height on the branch that ends here. */
  async #ancestor(entry: Entry, height: number): Promise<Entry> {
    let at = entry;
    while (at.height > height) {
      // The one before is named by its header; only to go further is the table of heights asked.
      const isFar = at.height > height + 1;
      const isActive = isFar && (await this.#store.hashAt(at.height)) === hashOf(at);
      const hash = isActive ? await this.#store.hashAt(height) : at.header.parent;
      at = await this.entry(hash);
    }
    return at;
  }

  async #medianAt(height: number): Promise<number> {
    return (await this.entry(await this.#store.hashAt(height))).medianTimePast;
  }

  #parent({ header }: Entry): Promise<Entry> {
    return this.entry(header.parent);
  }

  /** The entry of a block that must be known. */
  async entry(hash: Hash | undefined): Promise<Entry> {
    const entry = hash && (await this.#store.entry(hash));
    if (!entry) throw damaged(`the entry of block ${hash} is lost`);
    return entry;
  }
}
