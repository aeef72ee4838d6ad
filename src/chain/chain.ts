/**
 * The chain: which history is the true one, and which coins it leaves.
 *
 * A block goes through four steps: load all that its judgement needs, judge it without waiting,
 * verify its signatures, write what it changes in one batch. Of several branches the one with most
 * work is active; among equals, the one that was seen first.
 */
import { checkHeader } from '../consensus/header.ts';
import type { Params } from '../consensus/params.ts';
import { isReject, type Reason, type Reject, reject, type Verdict } from '../consensus/reject.ts';
import type { InputCheck } from '../consensus/witness.ts';
import { workFromBits } from '../consensus/work.ts';
import { type Block, hashHeader } from '../primitives/block.ts';
import { Branch } from './branch.ts';
import type { Breathe } from './breathe.ts';
import { damaged, type Source } from './database.ts';
import { type Entry, hashOf } from './entry.ts';
import { Guard, type GuardOptions } from './guard.ts';
import { Judge } from './judge.ts';
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
  /**
   * Asked before each write: must it outlive a loss of power? It must, where nothing is said. Who
   * takes many blocks at once says no for all but some, and lets the last be followed by a yes.
   */
  readonly isSynced?: () => boolean;
}

/** One view of the chain, which stands still for as long as it is read. */
export interface ChainView {
  readonly tip: Entry;
  readonly store: Store;
  /** What the store reads. */
  readonly source: Source;
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
  /** What the rules say of a block, whether it is kept or not. */
  readonly judge: Judge;
  #tip: Entry;
  /** The tip that callers know of, where the world failed while the chain was leaving it. */
  #left: Entry | undefined;
  /** Blocks are taken one at a time: each is judged by what the last one left. */
  readonly #turns = new Turns();

  private constructor(options: ChainOptions, guard: Guard, tip: Entry) {
    this.params = options.params;
    this.guard = guard;
    this.#store = new Store(guard);
    this.#writer = new Writer(guard, options.isSynced);
    this.#branch = new Branch(this.#store, options.params);
    this.judge = new Judge({ ...options, branch: this.#branch, breathe: guard.breathe });
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

  /** For all long work on what is here. */
  get breathe(): Breathe {
    return this.guard.breathe;
  }

  /** What changes the tables, for whoever looks after the database. */
  get writer(): Writer {
    return this.#writer;
  }

  /** The chain as it is now, for the reader to close. No block may be in the middle of its way. */
  view(): ChainView & { readonly close: () => Promise<void> } {
    const source = this.guard.view();
    return { tip: this.#tip, store: new Store(source), source, close: () => source.close() };
  }

  /** What the rules must know of the branches here. */
  get branch(): Branch {
    return this.#branch;
  }

  /** Takes a block, at this time in seconds since 1970. A verdict, or what it changed. */
  accept(block: Block, now: number): Promise<Accepted | BlockReject> {
    return this.#turns.take(() =>
      this.#left ? this.#acceptLate(block, now, this.#left) : this.#accept(block, now),
    );
  }

  /** After a failure: first what it cut short. Told is all that changed since the tip known of. */
  async #acceptLate(block: Block, now: number, left: Entry): Promise<Accepted | BlockReject> {
    await this.#resume();
    const answer = await this.#accept(block, now);
    if (isReject(answer)) return answer;
    const { down, up } = await this.#branch.path(left, this.#tip);
    const disconnected = await Promise.all(down.map((entry) => this.#store.block(entry)));
    const connected = await Promise.all(up.map((entry) => this.#store.block(entry)));
    this.#left = undefined;
    return up.length > 0 ? { status: 'connected', disconnected, connected } : answer;
  }

  async #accept(block: Block, now: number): Promise<Accepted | BlockReject> {
    const hash = hashHeader(block.header);
    const known = await this.#store.entry(hash);
    if (known?.isFailed) return { reason: 'duplicate-invalid', kind: 'never', facts: { hash } };
    if (known) return knownBefore;

    const noWork = checkHeader(block.header, this.params);
    if (noWork) return noWork;
    const parent = await this.#store.entry(block.header.parent);
    if (!parent) return reject('prev-blk-not-found', { parent: block.header.parent });
    if (parent.isFailed) return reject('bad-prevblk', { parent: block.header.parent });
    const wrong = await this.judge.alone(block, parent, now);
    if (wrong) return wrong;

    const entry = await this.#branch.extend(parent, block);
    if (await this.#store.hasBlock(entry)) throw damaged(`the entry of block ${hash} is lost`);
    const tip = this.#tip;
    try {
      await this.#writer.add(entry, block);
      if (entry.work <= tip.work) return besideTheTip;
      const change = await this.#activate(entry, block);
      return isReject(change) ? change : { status: 'connected', ...change };
    } catch (failure) {
      this.#left ??= tip;
      throw failure;
    }
  }

  /** Goes on where the world failed between a block that was kept and the tip it should be. */
  async #resume(): Promise<void> {
    let heaviest = await this.#heaviest();
    while (heaviest.work > this.#tip.work) {
      // A no marks it as bad, so that another one is the heaviest next.
      await this.#activate(heaviest);
      heaviest = await this.#heaviest();
    }
  }

  /**
   * The block with most work of those not known to be bad; the tip where none has more. Not only a
   * leaf: what is built on the true tip may be bad. Among equals, the likelier to be seen first.
   */
  async #heaviest(): Promise<Entry> {
    const good: Entry[] = [];
    const belowBad: Entry[] = [];
    for (const leaf of await this.#store.leaves()) {
      const entry = await this.#branch.lastGood(leaf);
      (hashOf(entry) === leaf ? good : belowBad).push(entry);
    }
    const inOrder = [...(this.#left ? [this.#left] : []), ...good, ...belowBad];
    return inOrder.reduce((best, entry) => (entry.work > best.work ? entry : best), this.#tip);
  }

  /**
   * Moves the tip to this block, over a fork if need be; or back, where that branch is bad. Its
   * body is read where it is not at hand.
   */
  async #activate(target: Entry, body?: Block): Promise<Change | Reject> {
    const { down, up } = await this.#branch.path(this.#tip, target);
    const failed = up.findIndex(({ isFailed }) => isFailed);
    if (failed >= 0) return this.#condemn(up.slice(failed), undefined);

    const disconnected: Block[] = [];
    for (const entry of down) disconnected.push(await this.#disconnect(entry));
    const connected: Block[] = [];
    for (const [i, entry] of up.entries()) {
      const block = entry === target && body ? body : await this.#store.block(entry);
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
    const transition = await this.judge.onCoins(block, this.#tip);
    if (isReject(transition)) return this.#confirm(transition, block);
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
