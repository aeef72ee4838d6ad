/**
 * The chain: which history is the true one, and which coins it leaves.
 *
 * A block goes through four steps: load all that its judgement needs, judge it without waiting,
 * verify its signatures, write what it changes in one batch. Of several branches the one with most
 * work is active; among equals, the one that was seen first.
 */
import { checkHeader } from '../consensus/header.ts';
import type { Params } from '../consensus/params.ts';
import { isReject, type Reason, type Reject, reject } from '../consensus/reject.ts';
import type { InputCheck } from '../consensus/witness.ts';
import { workFromBits } from '../consensus/work.ts';
import { type Block, hashHeader } from '../primitives/block.ts';
import type { Hash } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import { ActiveChain } from './active.ts';
import { Branch } from './branch.ts';
import type { Breathe } from './breathe.ts';
import { damaged, type Source } from './database.ts';
import { type Entry, hashOf } from './entry.ts';
import { Guard, type GuardOptions } from './guard.ts';
import { Judge } from './judge.ts';
import { Judgement } from './judgement.ts';
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
  /** For long work on what is read. */
  readonly breathe: Breathe;
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
  readonly #active: ActiveChain;
  readonly #judgement: Judgement;
  /** What the rules say of a block, whether it is kept or not. */
  readonly judge: Judge;
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
    const parts = { store: this.#store, writer: this.#writer, branch: this.#branch };
    this.#active = new ActiveChain({ judge: this.judge, guard, ...parts }, tip);
    this.#judgement = new Judgement(this.#store, this.#writer, this.#branch);
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
    return this.#active.tip;
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
    const [source, { tip, breathe }] = [this.guard.view(), this];
    return { tip, store: new Store(source), source, breathe, close: () => source.close() };
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
    const change = await this.#changeSince(left);
    return hashOf(left) !== hashOf(this.tip) ? { status: 'connected', ...change } : answer;
  }

  /** All that changed since this was the tip; from now on it is known of. */
  async #changeSince(left: Entry): Promise<Change> {
    const { down, up } = await this.#branch.path(left, this.tip);
    const disconnected = await Promise.all(down.map((entry) => this.#store.block(entry)));
    const connected = await Promise.all(up.map((entry) => this.#store.block(entry)));
    this.#left = undefined;
    return { disconnected, connected };
  }

  /** An operator calls this block bad, whatever the rules say. Answers what changed. */
  invalidate(hash: Hash): Promise<Change> {
    return this.#rule(hash, (entry) => this.#judgement.invalidate(entry, this.tip));
  }

  /** An operator takes back what was said of this block, of those before it and built on it. */
  reconsider(hash: Hash): Promise<Change> {
    return this.#rule(hash, (entry) => this.#judgement.reconsider(entry));
  }

  /** An operator wants this block to have come before others of its work. Core: PreciousBlock. */
  prefer(hash: Hash): Promise<Change> {
    return this.#rule(hash, async (entry) => {
      this.#judgement.forget();
      if (entry.work >= this.tip.work) await this.#active.activate(entry);
    });
  }

  #rule(hash: Hash, verdict: (entry: Entry) => Promise<void>): Promise<Change> {
    return this.#turns.take(async () => {
      if (this.#left) await this.#resume();
      const entry = await this.#store.entry(hash);
      if (!entry) throw new Fault('unknown-block', `no block ${hash} is known here`);
      // Where the world fails from here on, the next block goes on, and tells all that changed.
      const left = this.#left ?? this.tip;
      this.#left = left;
      await verdict(entry);
      await this.#resume();
      return this.#changeSince(left);
    });
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
    const { tip } = this;
    try {
      const isHeavier = entry.work > tip.work;
      await this.#writer.add(entry, block, isHeavier);
      if (!isHeavier) return besideTheTip;
      const change = await this.#active.activate(entry, block);
      return isReject(change) ? change : { status: 'connected', ...change };
    } catch (failure) {
      this.#left ??= tip;
      throw failure;
    }
  }

  /** Goes on where the world failed on the way to the tip that should be. */
  async #resume(): Promise<void> {
    await this.#active.leaveBad();
    let best = await this.#best();
    while (best) {
      // A no marks it as bad, so that another one is the best next.
      await this.#active.activate(best);
      best = await this.#best();
    }
  }

  /**
   * The block with most work of those not known to be bad, where that is not the tip. Not only a
   * leaf: what is built on the true tip may be bad. Among equals, the likelier to be seen first;
   * and before the tip only what was the tip before it, until an operator said that it is bad.
   */
  async #best(): Promise<Entry | undefined> {
    const good: Entry[] = [];
    const belowBad: Entry[] = [];
    for (const leaf of await this.#store.leaves()) {
      const entry = await this.#branch.lastGood(leaf);
      (hashOf(entry) === leaf ? good : belowBad).push(entry);
    }
    const left = this.#left && (await this.#branch.lastGood(hashOf(this.#left)));
    const restored = await this.#judgement.restored(this.tip);
    const inOrder = [...restored, this.tip, ...(left ? [left] : []), ...good, ...belowBad];
    const best = inOrder.reduce((one, other) => (other.work > one.work ? other : one));
    return hashOf(best) === hashOf(this.tip) ? undefined : best;
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
    wasConnected: false,
  };
}
