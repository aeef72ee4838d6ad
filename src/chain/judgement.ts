/**
 * Judgement: what an operator says of a block, against the rules or against the order of arrival.
 *
 * A block that is called invalid is marked like one that broke a rule, and with it all that is
 * built on it, in one batch; so the verdict outlives the program. Only then does the chain leave
 * it, and where that is cut short the next start goes on. Which of equal branches is preferred is
 * not remembered, as in Core: after a restart the tip is what it was.
 */
import type { Hash } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import type { Branch } from './branch.ts';
import { type Entry, hashOf } from './entry.ts';
import type { Store } from './store.ts';
import type { Writer } from './writer.ts';

export class Judgement {
  readonly #store: Store;
  readonly #writer: Writer;
  readonly #branch: Branch;
  /** Tips that were left for a verdict, the earliest first: preferred once it is taken back. */
  #left: readonly Hash[] = [];

  constructor(store: Store, writer: Writer, branch: Branch) {
    this.#store = store;
    this.#writer = writer;
    this.#branch = branch;
  }

  /** The block and all that is built on it are bad from now on. Core: InvalidateBlock. */
  async invalidate(target: Entry, tip: Entry): Promise<void> {
    if (target.height === 0) {
      throw new Fault('genesis', 'the genesis block cannot be invalid: every chain begins with it');
    }
    const condemned = [target, ...(await this.#descendants(target))];
    const isTipLeft = condemned.some((each) => hashOf(each) === hashOf(tip));
    await this.#writer.mark(condemned, true);
    if (isTipLeft) this.#left = [...this.#left, hashOf(tip)];
  }

  /**
   * Nothing is said any more of the block, of those before it and of those built on it. What breaks
   * a rule is found out again when its turn comes. Core: ResetBlockFailureFlags.
   */
  async reconsider(target: Entry): Promise<void> {
    const before: Entry[] = [];
    for (let at = target; at.isFailed; at = await this.#branch.entry(at.header.parent)) {
      before.push(at);
    }
    const behind = (await this.#descendants(target)).filter(({ isFailed }) => isFailed);
    await this.#writer.mark([...before, ...behind], false);
  }

  /** Another branch is preferred from now on. */
  forget(): void {
    this.#left = [];
  }

  /** The tips that were left for a verdict and are not bad any more, the one to prefer first. */
  async restored(tip: Entry): Promise<readonly Entry[]> {
    const left = await Promise.all(this.#left.map((hash) => this.#branch.entry(hash)));
    const known = left.filter(({ isFailed, work }) => isFailed || work >= tip.work);
    this.#left = known.map(hashOf);
    return known.filter(({ isFailed }) => !isFailed);
  }

  /** All that is built on a block: the walks down from the leaves that lead to it. */
  async #descendants(target: Entry): Promise<readonly Entry[]> {
    const goal = hashOf(target);
    const found = new Map<Hash, Entry>();
    const elsewhere = new Set<Hash>();
    const isActive = (await this.#store.hashAt(target.height)) === goal;
    for (const leaf of await this.#store.leaves()) {
      const walk = new Map<Hash, Entry>();
      let at = await this.#branch.entry(leaf);
      while (at.height > target.height && !found.has(hashOf(at)) && !elsewhere.has(hashOf(at))) {
        walk.set(hashOf(at), at);
        // The active chain leads to no block beside it.
        if (!isActive && (await this.#store.hashAt(at.height)) === hashOf(at)) break;
        at = await this.#branch.entry(at.header.parent);
      }
      const isBehind = hashOf(at) === goal || found.has(hashOf(at));
      for (const [hash, entry] of walk) {
        if (isBehind) found.set(hash, entry);
        else elsewhere.add(hash);
      }
    }
    return [...found.values()];
  }
}
