/**
 * The active chain: the branch whose coins are in the tables, and how its tip moves.
 *
 * It moves block by block, each step one batch, so that whatever cuts it short leaves the tables
 * speaking of one block. Where it should go is decided elsewhere.
 */
import { isReject, type Reject, reject, type Verdict } from '../consensus/reject.ts';
import type { Block } from '../primitives/block.ts';
import type { Branch } from './branch.ts';
import type { Change } from './chain.ts';
import { damaged } from './database.ts';
import { type Entry, hashOf } from './entry.ts';
import type { Guard } from './guard.ts';
import type { Judge } from './judge.ts';
import { demandMissing } from './missing.ts';
import type { Store } from './store.ts';
import type { Writer } from './writer.ts';

/** What the tip moves among. */
export interface Ground {
  readonly judge: Judge;
  readonly guard: Guard;
  readonly store: Store;
  readonly writer: Writer;
  readonly branch: Branch;
}

export class ActiveChain {
  readonly #ground: Ground;
  #tip: Entry;

  constructor(ground: Ground, tip: Entry) {
    this.#ground = ground;
    this.#tip = tip;
  }

  /** The block that the coins speak of. */
  get tip(): Entry {
    return this.#tip;
  }

  /**
   * Moves the tip to this block, over a fork if need be; or back, where that branch is bad. Its
   * body is read where it is not at hand.
   */
  async activate(target: Entry, body?: Block): Promise<Change | Reject> {
    const { branch, store } = this.#ground;
    const { down, up } = await branch.path(this.#tip, target);
    const failed = up.findIndex(({ isFailed }) => isFailed);
    if (failed >= 0) return this.#condemn(up.slice(failed), undefined);

    const disconnected: Block[] = [];
    for (const entry of down) disconnected.push(await this.#disconnect(entry));
    const connected: Block[] = [];
    for (const [i, entry] of up.entries()) {
      const block = entry === target && body ? body : await store.block(entry);
      const verdict = await this.#connect(entry, block);
      if (verdict) {
        await this.#retreat(up.slice(0, i), down);
        return this.#condemn(up.slice(i), verdict);
      }
      connected.push(block);
    }
    return { disconnected, connected };
  }

  /** Leaves what somebody has condemned since it became active. */
  async leaveBad(): Promise<void> {
    const { branch } = this.#ground;
    this.#tip = await branch.entry(hashOf(this.#tip));
    while (this.#tip.isFailed) await this.#disconnect(this.#tip);
  }

  /** Remembers a bad block and those built on it. The verdict is that on the last of them. */
  async #condemn(failed: readonly Entry[], verdict: Reject | undefined): Promise<Reject> {
    await this.#ground.writer.mark(failed, true);
    const [first] = failed;
    if (verdict && failed.length === 1) return verdict;
    return reject('bad-prevblk', {
      block: first ? hashOf(first) : '',
      ...(verdict ? { because: verdict.reason } : {}),
    });
  }

  /** Back from a branch that turned out bad to the one that was left for it. */
  async #retreat(joined: readonly Entry[], left: readonly Entry[]): Promise<void> {
    for (const entry of joined.toReversed()) await this.#disconnect(entry);
    for (const entry of left.toReversed()) {
      const verdict = await this.#connect(entry, await this.#ground.store.block(entry));
      if (verdict) {
        throw damaged(`block ${hashOf(entry)} was valid and now is ${verdict.reason}`);
      }
    }
  }

  /** One block onto the coins of its parent: load, judge, verify, write. */
  async #connect(entry: Entry, block: Block): Promise<Verdict> {
    const { judge, writer } = this.#ground;
    const transition = await judge.onCoins(block, this.#tip);
    if (isReject(transition)) return this.#confirm(transition, block);
    await writer.connect(entry, block, transition);
    this.#tip = entry;
    return undefined;
  }

  /** Takes the tip back: what it made is gone, what it spent is there again. */
  async #disconnect(entry: Entry): Promise<Block> {
    const { branch, store, writer } = this.#ground;
    const parent = await branch.entry(entry.header.parent);
    const block = await store.block(entry);
    await writer.disconnect(entry, block);
    this.#tip = parent;
    return block;
  }

  /** A missing coin condemns for ever, so it must be the block's fault and not the disk's. */
  async #confirm(verdict: Reject, block: Block): Promise<Reject> {
    if (verdict.reason !== 'bad-txns-inputs-missingorspent') return verdict;
    await demandMissing(this.#ground.store, this.#ground.guard, block);
    return verdict;
  }
}
