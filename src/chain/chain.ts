/**
 * The chain: which history is the true one, and which coins it leaves.
 *
 * A block goes through four steps: load all that its judgement needs, judge it without waiting,
 * verify its signatures, write what it changes in one batch. Of several branches the one with most
 * work is active; among equals, the one that was seen first.
 */
import { checkBlock, checkBlockInContext } from '../consensus/block.ts';
import { connectBlock } from '../consensus/connect.ts';
import { checkHeader, checkHeaderInContext } from '../consensus/header.ts';
import type { Params } from '../consensus/params.ts';
import { isReject, type Reason, type Reject, reject, type Verdict } from '../consensus/reject.ts';
import type { InputCheck } from '../consensus/witness.ts';
import { workFromBits } from '../consensus/work.ts';
import { type Block, hashHeader } from '../primitives/block.ts';
import { Branch } from './branch.ts';
import { damaged } from './database.ts';
import { type Entry, hashOf } from './entry.ts';
import { Guard, type GuardOptions } from './guard.ts';
import { demandMissing } from './missing.ts';
import { Store } from './store.ts';
import { Turns } from './turns.ts';
import { Writer } from './writer.ts';

/** Checks signatures, wherever that is fastest; answers the first that does not hold. */
export type VerifyAll = (checks: readonly InputCheck[]) => Promise<InputCheck | undefined>;

export interface ChainOptions extends GuardOptions {
  readonly params: Params;
  readonly verifyAll: VerifyAll;
  /** Whether a new database has indexes; it has, where nothing is said. */
  readonly hasIndex?: boolean;
}

/** One view of the chain, which stands still for as long as it is read. */
export interface ChainView {
  readonly tip: Entry;
  readonly store: Store;
}

/** What accepting a block did: blocks left the active chain, then others joined it. */
export interface Change {
  /** The latest first, as they left. */
  readonly disconnected: readonly Block[];
  /** The earliest first, as they joined. */
  readonly connected: readonly Block[];
}

/** A block that was accepted: it moved the tip, lies on a side branch, or was known before. */
export interface Accepted extends Change {
  readonly status: 'connected' | 'side' | 'known';
}

/** Why a block was refused; `duplicate-invalid` is Core's word for one that was refused before. */
export type BlockReject = Reject<Reason | 'duplicate-invalid'>;

const besideTheTip: Accepted = { status: 'side', disconnected: [], connected: [] };
const knownBefore: Accepted = { ...besideTheTip, status: 'known' };

export class Chain {
  readonly params: Params;
  /** Where all is read and written, the mempool's tables too. */
  readonly guard: Guard;
  readonly #store: Store;
  readonly #writer: Writer;
  readonly #branch: Branch;
  readonly #verifyAll: VerifyAll;
  #tip: Entry;
  /** Blocks are taken one at a time: each is judged by what the last one left. */
  readonly #turns = new Turns();

  private constructor(options: ChainOptions, guard: Guard, tip: Entry) {
    this.params = options.params;
    this.guard = guard;
    this.#verifyAll = options.verifyAll;
    this.#store = new Store(guard);
    this.#writer = new Writer(guard);
    this.#branch = new Branch(this.#store, options.params);
    this.#tip = tip;
  }

  /** Opens the chain in this database, or founds it; goes on with a reorganisation cut short. */
  static async open(options: ChainOptions): Promise<Chain> {
    const guard = await Guard.open(options);
    const store = new Store(guard);
    const { genesis } = options.params;
    if (guard.isNew) {
      await new Writer(guard).begin(genesisEntry(genesis), genesis, options.hasIndex ?? true);
    }
    await store.check(hashHeader(genesis.header));
    const chain = new Chain(options, guard, await store.tipEntry());
    await chain.#resume();
    return chain;
  }

  /** The block that the coins speak of. */
  get tip(): Entry {
    return this.#tip;
  }

  /** What the chain remembers, to be read. */
  get store(): Store {
    return this.#store;
  }

  /** What changes the tables, for whoever looks after the database. */
  get writer(): Writer {
    return this.#writer;
  }

  /** The chain as it is now, for the reader to close. No block may be in the middle of its way. */
  view(): ChainView & { readonly close: () => Promise<void> } {
    const view = this.guard.view();
    return { tip: this.#tip, store: new Store(view), close: () => view.close() };
  }

  /** What the rules must know of the branches here. */
  get branch(): Branch {
    return this.#branch;
  }

  /** Takes a block, at this time in seconds since 1970. A verdict, or what it changed. */
  accept(block: Block, now: number): Promise<Accepted | BlockReject> {
    return this.#turns.take(() => this.#accept(block, now));
  }

  async #accept(block: Block, now: number): Promise<Accepted | BlockReject> {
    const hash = hashHeader(block.header);
    const known = await this.#store.entry(hash);
    if (known?.isFailed) return { reason: 'duplicate-invalid', kind: 'never', facts: { hash } };
    // Kept, but where the world failed before it became the tip, it has yet to.
    if (known) return known.work > this.#tip.work ? this.#advance(known) : knownBefore;

    const noWork = checkHeader(block.header, this.params);
    if (noWork) return noWork;
    const parent = await this.#store.entry(block.header.parent);
    if (!parent) return reject('prev-blk-not-found', { parent: block.header.parent });
    if (parent.isFailed) return reject('bad-prevblk', { parent: block.header.parent });
    const wrong = await this.#judgeAlone(block, parent, now);
    if (wrong) return wrong;

    const entry = await this.#branch.extend(parent, block);
    if (await this.#store.hasBlock(entry)) throw damaged(`the entry of block ${hash} is lost`);
    await this.#writer.add(entry, block);
    return entry.work > this.#tip.work ? this.#advance(entry) : besideTheTip;
  }

  async #advance(entry: Entry): Promise<Accepted | Reject> {
    const change = await this.#activate(entry);
    return isReject(change) ? change : { status: 'connected', ...change };
  }

  /** The rules that need no coins. */
  async #judgeAlone(block: Block, parent: Entry, now: number): Promise<Verdict> {
    const context = await this.#branch.headerContext(parent);
    return (
      checkHeaderInContext(block.header, context, now, this.params) ??
      checkBlock(block) ??
      checkBlockInContext(block, context)
    );
  }

  /** Goes on where a crash came between a block that was kept and the tip that it should be. */
  async #resume(): Promise<void> {
    const leaves = await this.#store.leaves();
    const found = await Promise.all(leaves.map((hash) => this.#store.entry(hash)));
    const known = found.filter((leaf) => leaf !== undefined);
    if (known.length < leaves.length) throw damaged('the entry of a branch tip is lost');
    const heavier = known
      .filter((leaf) => !leaf.isFailed && leaf.work > this.#tip.work)
      .toSorted((a, b) => (a.work > b.work ? -1 : 1));
    for (const leaf of heavier) if (!isReject(await this.#activate(leaf))) return;
  }

  /** Moves the tip to this block, over a fork if need be; or back, where that branch is bad. */
  async #activate(target: Entry): Promise<Change | Reject> {
    const { down, up } = await this.#branch.path(this.#tip, target);
    const failed = up.findIndex(({ isFailed }) => isFailed);
    if (failed >= 0) return this.#condemn(up.slice(failed), undefined);

    const disconnected: Block[] = [];
    for (const entry of down) disconnected.push(await this.#disconnect(entry));
    const connected: Block[] = [];
    for (const [i, entry] of up.entries()) {
      const block = await this.#store.block(entry);
      const verdict = await this.#connect(entry, block);
      if (verdict) {
        await this.#retreat(up.slice(0, i), down);
        return this.#condemn(up.slice(i), verdict);
      }
      connected.push(block);
    }
    return { disconnected, connected };
  }

  /** Remembers a bad block and those built on it. The verdict is that on the last of them. */
  async #condemn(failed: readonly Entry[], verdict: Reject | undefined): Promise<Reject> {
    await this.#writer.fail(failed);
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
      const verdict = await this.#connect(entry, await this.#store.block(entry));
      if (verdict) {
        throw damaged(`block ${hashOf(entry)} was valid and now is ${verdict.reason}`);
      }
    }
  }

  /** One block onto the coins of its parent: load, judge, verify, write. */
  async #connect(entry: Entry, block: Block): Promise<Verdict> {
    const context = await this.#branch.connectContext(this.#tip, block);
    const transition = connectBlock(block, context, this.params);
    if (isReject(transition)) return this.#confirm(transition, block);
    const broken = await this.#verifyAll(transition.checks);
    if (broken) {
      const { txid, input } = broken;
      return reject('block-script-verify-flag-failed', { txid, input });
    }
    await this.#writer.connect(entry, block, transition);
    this.#tip = entry;
    return undefined;
  }

  /** Takes the tip back: what it made is gone, what it spent is there again. */
  async #disconnect(entry: Entry): Promise<Block> {
    const parent = await this.#store.entry(entry.header.parent);
    if (!parent) throw damaged(`the entry of block ${entry.header.parent} is lost`);
    const block = await this.#store.block(entry);
    await this.#writer.disconnect(entry, block);
    this.#tip = parent;
    return block;
  }

  /** A missing coin condemns for ever, so it must be the block's fault and not the disk's. */
  async #confirm(verdict: Reject, block: Block): Promise<Reject> {
    if (verdict.reason !== 'bad-txns-inputs-missingorspent') return verdict;
    await demandMissing(this.#store, this.guard, block);
    return verdict;
  }
}

function genesisEntry({ header, transactions }: Block): Entry {
  return {
    header,
    height: 0,
    work: workFromBits(header.bits),
    medianTimePast: header.time,
    transactions: transactions.length,
    isFailed: false,
  };
}
