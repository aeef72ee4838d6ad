/**
 * Header sync: learns which history a peer has, two thousand headers at a time.
 *
 * Of a branch that leads below what we have only its last headers and one hash for each answer are
 * remembered, until it has carried more work than ours; then it is asked for once more and must be
 * the same. So whoever has little work cannot fill our memory. Its blocks are taken because of what
 * it was seen to lead to: see `Lead`.
 */
import { type Entry, hashOf } from '../chain/entry.ts';
import { workFromBits } from '../consensus/work.ts';
import type { Header } from '../primitives/block.ts';
import { encode, type Hash } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import { goalOf, type HeaderTree, type Row } from './headers.ts';
import {
  lowWorkBlocks,
  maxHeaders,
  maxLocator,
  maxLowWorkHeaders,
  maxLowWorkPeers,
} from './limits.ts';
import { Headers, Locator } from './messages.ts';
import type { Peer } from './peer.ts';
import type { Wire } from './wire.ts';

/** A branch that has not yet shown enough work to be kept. */
interface LowWork {
  /** The last of its headers, for what the rules must know of the past. */
  readonly recent: ReadonlyMap<Hash, Entry>;
  /** The last hash of each answer. */
  readonly marks: readonly Hash[];
  /** All of it is in `recent`. */
  readonly isWhole: boolean;
}

/** Who showed less than it claims is left alone for so long. */
const restMs = 30_000;

export class HeaderSync {
  readonly #wire: Wire;
  readonly #tree: HeaderTree;
  /** Called when the tree has grown. */
  readonly #onGrown: (peer: Peer) => void;
  /** Those that wait until there is room in the tree. */
  #waiting: (() => void)[] = [];
  /** Those whose branch has shown too little work so far. */
  readonly #low = new Set<Peer>();

  constructor(wire: Wire, tree: HeaderTree, onGrown: (peer: Peer) => void) {
    this.#wire = wire;
    this.#tree = tree;
    this.#onGrown = onGrown;
  }

  /** The heaviest header that we know of and somebody here has; or the tip. */
  get best(): Entry {
    let best: Entry = this.#wire.parts.home.chain.tip;
    for (const peer of this.#wire.peers.values()) {
      if (!peer.isGone && peer.best && peer.best.work > best.work) best = peer.best;
    }
    return best;
  }

  /** Of a branch below this nothing is kept. */
  get leastWork(): bigint {
    const { tip } = this.#wire.parts.home.chain;
    return tip.work - BigInt(lowWorkBlocks) * workFromBits(tip.header.bits);
  }

  /** Asks whoever has more than we know; one at a time, but for those that have shown little. */
  wake(): void {
    const { work } = this.best;
    for (const peer of this.#wire.idle()) {
      const isAhead = peer.hasMore || (peer.status?.work ?? 0n) > work;
      if (peer.isFetchingHeaders || !isAhead || peer.headersAfter > this.#wire.nowMs) continue;
      const fetching = [...this.#wire.peers.values()].filter((each) => each.isFetchingHeaders);
      if (fetching.length > this.#low.size || this.#low.size >= maxLowWorkPeers) return;
      this.#wire.background(this.#fetchAll(peer));
    }
  }

  /** There is room in the tree again; or there never will be. */
  resume(): void {
    if (this.#tree.isFull && this.#isLedOn()) return;
    for (const go of this.#waiting.splice(0)) go();
  }

  async #fetchAll(peer: Peer): Promise<void> {
    peer.isFetchingHeaders = true;
    peer.hasMore = false;
    const claimed = peer.status?.work ?? 0n;
    try {
      const shown = await this.#fetch(peer);
      if (shown < claimed) {
        // Its chain may have changed, or our clock may be wrong: no proof that it lied.
        peer.headersAfter = this.#wire.nowMs + restMs;
        this.#wire.strike(peer, 'its headers do not carry the work that it claims');
      }
    } finally {
      peer.isFetchingHeaders = false;
      peer.lead = undefined;
      this.#low.delete(peer);
      this.wake();
    }
  }

  /** Asks until there is no more; the work of the last header. */
  async #fetch(peer: Peer): Promise<bigint> {
    const base = await this.#locator();
    let last: Hash | undefined;
    let low: LowWork | undefined;
    /** What the answers must end with, where they come for the second time. */
    let marks: readonly Hash[] = [];
    let shown = 0n;
    for (;;) {
      const from = last === undefined ? base : [last, ...base].slice(0, maxLocator);
      const question = encode(Locator, from);
      const headers = await this.#wire.ask(peer, 'headers', question, Headers);
      const [first] = headers;
      if (last !== undefined && first && first.parent !== last) {
        // Its chain changed meanwhile; or it would have us ask for the same for ever.
        this.#wire.strike(peer, 'it does not go on where it ended', 3);
        return shown;
      }
      const { entries, stored, wrong } = await this.#judge(headers, low);
      const isTooEarly = wrong?.reason === 'time-too-new';
      if (wrong && !isTooEarly) throw this.#blame(peer, wrong.reason);
      const end = entries.at(-1);
      if (!end) return shown;
      shown = end.work;
      last = hashOf(end);
      const isLast = isTooEarly || headers.length < maxHeaders;

      const [mark, ...others] = marks;
      marks = others;
      if (mark !== undefined && !entries.some((each) => hashOf(each) === mark)) {
        // No proof that it lied: its chain may have changed meanwhile.
        this.#wire.strike(peer, 'it shows another branch the second time', 3);
        return shown;
      }
      if (mark === undefined && !this.#isEnough(end, low, isLast)) {
        low = this.#addLow(peer, low, entries.slice(stored));
      } else if (low && !low.isWhole) {
        // Enough work after all: from the beginning, and this time all of it is kept.
        marks = [...low.marks, last];
        peer.lead = { at: end, work: end.work };
        [low, last] = [undefined, undefined];
        this.#low.delete(peer);
        continue;
      } else {
        await this.#keep(peer, [...(low?.recent.values() ?? []), ...entries.slice(stored)]);
        peer.shows(end, true);
        low = undefined;
        this.#low.delete(peer);
      }
      if (isLast) return shown;
    }
  }

  /**
   * Is a branch worth keeping that has come so far? It is once it has more work than ours; or where
   * that is all of it and it is short, nearly as much.
   */
  #isEnough({ work }: Entry, low: LowWork | undefined, isLast: boolean): boolean {
    if (work > this.#wire.parts.home.chain.tip.work) return true;
    return isLast && (low?.isWhole ?? true) && work >= this.leastWork;
  }

  #judge(headers: readonly Header[], low: LowWork | undefined): Promise<Row> {
    const { home } = this.#wire.parts;
    const options = { now: home.now(), params: home.chain.params, beyond: low?.recent };
    return home.read((view) => this.#tree.judge(headers, view, options));
  }

  /** Takes these into the tree, whose blocks are not here, when there is room. */
  async #keep(peer: Peer, entries: readonly Entry[]): Promise<void> {
    while (this.#tree.isFull) {
      if (!this.#isLedOn()) {
        this.#tree.retain([]);
        throw new Fault('peer-overtaken', `peer ${peer.id} has no more than we`);
      }
      await new Promise<void>((go) => this.#waiting.push(go));
      if (peer.isGone) throw new Fault('peer-gone', `peer ${peer.id} is gone`);
    }
    for (const entry of entries) {
      if (!this.#tree.get(hashOf(entry))) this.#tree.add(entry);
      peer.shows(entry, true);
      if (peer.lead) peer.lead = { ...peer.lead, at: entry };
    }
    this.#onGrown(peer);
  }

  /** Does anything in the tree lead to more work than ours? Else nobody would ever make room. */
  #isLedOn(): boolean {
    const { work } = this.#wire.parts.home.chain.tip;
    return [...this.#wire.peers.values()].some(
      (peer) => (goalOf(peer, this.#tree)?.work ?? 0n) > work,
    );
  }

  #addLow(peer: Peer, low: LowWork | undefined, entries: readonly Entry[]): LowWork {
    this.#low.add(peer);
    const recent = new Map(low?.recent);
    for (const entry of entries) recent.set(hashOf(entry), entry);
    const end = entries.at(-1);
    const marks = [...(low?.marks ?? []), ...(end ? [hashOf(end)] : [])];
    const isWhole = (low?.isWhole ?? true) && recent.size <= maxLowWorkHeaders;
    for (const hash of recent.keys()) {
      if (recent.size <= maxLowWorkHeaders) break;
      recent.delete(hash);
    }
    return { recent, marks, isWhole };
  }

  #blame(peer: Peer, reason: string): Error {
    // What we hold for bad an operator may have called so; whoever follows it need not lie.
    if (reason === 'bad-prevblk') return this.#wire.leave(peer, 'it follows a block that is bad');
    return this.#wire.punish(peer, `headers that do not hold up: ${reason}`);
  }

  /** Core: LocatorEntries. The last ten, then fewer and fewer, down to the first of all. */
  async #locator(): Promise<readonly Hash[]> {
    const { chain } = this.#wire.parts.home;
    const { best } = this;
    const ahead = this.#tree.get(hashOf(best)) ? this.#tree.pathTo(best).toReversed() : [];
    const found: Hash[] = [];
    let step = 1;
    const stride = () => {
      if (found.length >= 10) step *= 2;
      return step;
    };
    let at = 0;
    for (; at < ahead.length; at += stride()) found.push(hashOf(ahead[at] ?? best));
    const heights: number[] = [];
    for (let height = chain.tip.height; height > 0; height -= stride()) heights.push(height);
    const hashes = await this.#wire.parts.home.read(({ store }) =>
      Promise.all([...heights, 0].map((height) => store.hashAt(height))),
    );
    return [...found, ...hashes.filter((hash) => hash !== undefined)].slice(0, maxLocator);
  }
}
