/** A peer: what we know of one node at the other end, and what it may still ask of us. */
import { type Entry, hashOf } from '../chain/entry.ts';
import type { Hash } from '../primitives/codec.ts';
import type { PeerId } from './boundary.ts';
import { Limiter } from './limiter.ts';
import {
  announcementBurst,
  announcementsPerSecond,
  checkBurst,
  checksPerSecond,
  costBurst,
  costPerSecond,
  paymentBurst,
  paymentsPerSecond,
} from './limits.ts';
import type { Status } from './messages.ts';

/** Headers that were shown before, and are shown again to be kept. */
export interface Lead {
  /** The last of them that is kept. */
  readonly at: Entry;
  /** The work that they were seen to lead to. */
  readonly work: bigint;
}

/** From the first time that a block is not there to the next question for it. */
const firstPauseMs = 1_000;

/** What a peer could not give, and how long it is not asked for that. */
interface Lacking {
  readonly entry: Entry;
  readonly pauseMs: number;
  readonly untilMs: number;
}

export class Peer {
  readonly id: PeerId;
  /** What it said of itself last; nothing is heard of it before. */
  status: Status | undefined;
  /** Its clock less ours, in seconds, when it said that. */
  timeOffset = 0;
  /** How long it took to answer last, in milliseconds. */
  pingMs: number | undefined;
  /** The heaviest header that it showed us. */
  best: Entry | undefined;
  /** It said of itself that it has that block; else it only passed the header on. */
  isVouched = false;
  /** What it shows for the second time; its best may lie on another branch yet. */
  lead: Lead | undefined;
  /** The header that it passed on and had no block of when it was asked. */
  #lacking: Lacking | undefined;
  /** It told of something whose parent we do not know. */
  hasMore = false;
  isFetchingHeaders = false;
  /** Until when its headers are not asked for, in milliseconds. */
  headersAfter = Number.NEGATIVE_INFINITY;
  /** Batches of blocks that it was asked for and has not answered. */
  asked = 0;
  /** Blocks that it is asked for at once: more where it gave all, as many as it gave where not. */
  batch = 16;
  /** Until when it is not asked again, for it was slow or busy; in milliseconds. */
  restsUntil = Number.NEGATIVE_INFINITY;
  /** What went wrong that is not provably its fault. */
  strikes = 0;
  isGreeting = false;
  isGone = false;
  readonly payments = new Limiter({ perSecond: paymentsPerSecond, burst: paymentBurst });
  readonly checks = new Limiter({ perSecond: checksPerSecond, burst: checkBurst });
  readonly news = new Limiter({ perSecond: announcementsPerSecond, burst: announcementBurst });
  readonly cost = new Limiter({ perSecond: costPerSecond, burst: costBurst });

  constructor(id: PeerId) {
    this.id = id;
  }

  /** The ends of what it has of the headers whose blocks are not here. */
  get ends(): readonly Entry[] {
    return [this.best, this.lead?.at].filter((end) => end !== undefined);
  }

  /** It has this block, and with it all before; or will have it soon, where it passed it on. */
  shows(entry: Entry, isVouched: boolean): void {
    if (this.best && entry.work < this.best.work) return;
    if (this.best && entry.work === this.best.work && !isVouched) return;
    this.best = entry;
    this.isVouched = isVouched;
  }

  /**
   * It has not the block of the best header that it passed on. It may be on its way there, and the
   * header is not told twice: so it is asked again, but more and more seldom, for nobody may ever
   * have that block, and meanwhile others are wanted.
   */
  lacks(nowMs: number): void {
    const { best } = this;
    this.best = undefined;
    if (!best) return;
    const isSame = this.#lacking && hashOf(this.#lacking.entry) === hashOf(best);
    const pauseMs = isSame && this.#lacking ? 2 * this.#lacking.pauseMs : firstPauseMs;
    this.#lacking = { entry: best, pauseMs, untilMs: nowMs + pauseMs };
  }

  /** Once the pause is over it may have that block, where it is still wanted. */
  hopes(wanted: { get(hash: Hash): unknown }, nowMs: number): void {
    if (!this.#lacking || this.#lacking.untilMs > nowMs) return;
    const { entry } = this.#lacking;
    if (wanted.get(hashOf(entry))) this.shows(entry, false);
    else this.#lacking = undefined;
  }
}
