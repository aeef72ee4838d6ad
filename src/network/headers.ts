/**
 * The header tree: headers that hold up to all rules, and whose blocks are not here yet.
 *
 * A header costs its maker as much work as its block, so a tree of them cannot be grown for
 * nothing; it is bounded all the same, and forgotten when the program ends.
 */
import { Branch, type Past } from '../chain/branch.ts';
import type { ChainView } from '../chain/chain.ts';
import { type Entry, hashOf } from '../chain/entry.ts';
import { checkHeader, checkHeaderInContext } from '../consensus/header.ts';
import type { Params } from '../consensus/params.ts';
import { isReject, type Reject, reject } from '../consensus/reject.ts';
import { type Header, hashHeader, hashHeadersTogether } from '../primitives/block.ts';
import type { Hash } from '../primitives/codec.ts';
import { maxAheadHeaders, maxBadHashes } from './limits.ts';
import type { Lead, Peer } from './peer.ts';

/** Headers in a row as far as they hold up, and what is wrong with the next. */
export interface Row {
  readonly entries: readonly Entry[];
  /** Of so many from the first on the blocks are here. */
  readonly stored: number;
  readonly wrong: Reject | undefined;
}

export class HeaderTree {
  readonly #ahead = new Map<Hash, Entry>();
  /** Blocks that broke a rule for ever, the oldest first. */
  readonly #bad = new Set<Hash>();

  get size(): number {
    return this.#ahead.size;
  }

  get isFull(): boolean {
    return this.#ahead.size >= maxAheadHeaders;
  }

  get(hash: Hash): Entry | undefined {
    return this.#ahead.get(hash);
  }

  isBad(hash: Hash): boolean {
    return this.#bad.has(hash);
  }

  add(entry: Entry): void {
    this.#ahead.set(hashOf(entry), entry);
  }

  /** Its block is here, or nobody has it any more. */
  remove(hash: Hash): void {
    this.#ahead.delete(hash);
  }

  /** It broke a rule for ever, and all on it with it. */
  condemn(hash: Hash): void {
    const gone = new Set([hash]);
    // Parents were added before their children.
    for (const [each, { header }] of this.#ahead) if (gone.has(header.parent)) gone.add(each);
    for (const each of gone) {
      this.#ahead.delete(each);
      this.#bad.add(each);
    }
    for (const each of this.#bad) {
      if (this.#bad.size <= maxBadHashes) break;
      this.#bad.delete(each);
    }
  }

  /** Forgets all that leads to none of these: nobody is here any more who has it. */
  retain(ends: Iterable<Entry>): void {
    const kept = new Set<Hash>();
    for (const end of ends) {
      let at: Entry | undefined = this.#ahead.get(hashOf(end));
      for (; at && !kept.has(hashOf(at)); at = this.#ahead.get(at.header.parent)) {
        kept.add(hashOf(at));
      }
    }
    for (const hash of this.#ahead.keys()) if (!kept.has(hash)) this.#ahead.delete(hash);
  }

  /** The headers on the way to this one, from the first whose block is not here. */
  pathTo(entry: Entry): readonly Entry[] {
    const path: Entry[] = [];
    for (let at: Entry | undefined = entry; at; at = this.#ahead.get(at.header.parent)) {
      path.push(at);
    }
    return path.reverse();
  }

  /**
   * Judges headers that should follow one another. `beyond` holds headers that are in no tree: what
   * came before these and was not worth keeping yet.
   */
  async judge(
    headers: readonly Header[],
    view: ChainView,
    { now, params, beyond }: JudgeOptions,
  ): Promise<Row> {
    hashHeadersTogether(headers);
    const row = new Map<Hash, Entry>();
    const ahead = (hash: Hash) => row.get(hash) ?? beyond?.get(hash) ?? this.#ahead.get(hash);
    const past: Past = {
      entry: async (hash) => ahead(hash) ?? (await view.store.entry(hash)),
      hashAt: (height) => view.store.hashAt(height),
      coins: (at) => view.store.coins(at),
    };
    const branch = new Branch(past, params);
    const entries: Entry[] = [];
    let stored = 0;
    for (const header of headers) {
      const hash = hashHeader(header);
      // Where the block of its parent is not here its own is not, and the disk need not be asked.
      const here = ahead(header.parent) ? undefined : await view.store.entry(hash);
      if (here?.isFailed || this.#bad.has(hash)) {
        return { entries, stored, wrong: reject('bad-prevblk', { block: hash }) };
      }
      if (here) stored++;
      const judged = here ?? ahead(hash) ?? (await judgeOne(header, branch, past, { now, params }));
      if (isReject(judged)) return { entries, stored, wrong: judged };
      if (!here) row.set(hash, judged);
      entries.push(judged);
    }
    return { entries, stored, wrong: undefined };
  }
}

/** Where the headers in the tree lead that this peer shows, and with how much work. */
export function goalOf({ best, lead, isGone }: Peer, tree: HeaderTree): Lead | undefined {
  const shown = [...(best ? [{ at: best, work: best.work }] : []), ...(lead ? [lead] : [])];
  const goals = shown.filter(({ at }) => !isGone && tree.get(hashOf(at)));
  return goals.reduce<Lead | undefined>(
    (most, goal) => (goal.work > (most?.work ?? 0n) ? goal : most),
    undefined,
  );
}

export interface JudgeOptions {
  /** In seconds since 1970. */
  readonly now: number;
  readonly params: Params;
  readonly beyond?: ReadonlyMap<Hash, Entry> | undefined;
}

async function judgeOne(
  header: Header,
  branch: Branch,
  past: Past,
  { now, params }: JudgeOptions,
): Promise<Entry | Reject> {
  // The work first: it is what a stranger must have spent before anything here costs us.
  const noWork = checkHeader(header, params);
  if (noWork) return noWork;
  const parent = await past.entry(header.parent);
  if (!parent) return reject('prev-blk-not-found', { parent: header.parent });
  if (parent.isFailed) return reject('bad-prevblk', { parent: header.parent });
  const context = await branch.headerContext(parent);
  const wrong = checkHeaderInContext(header, context, now, params);
  return wrong ?? (await branch.extend(parent, { header, transactions: [] }));
}
