/**
 * A wire: one connection between two transports of the lab, and what is on its way over it.
 *
 * It carries as TCP does: in order, at a pace, and what a wall holds up arrives when the wall falls
 * in time. Whoever lets go of it is rid of it at once; the other side hears of that later.
 */
import type { Chance } from './chance.ts';
import type { VirtualClock } from './clock.ts';

/** How a wire fares. */
export interface Weather {
  /** One way, of every message, and of chance up to so much more. */
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly bytesPerSecond: number;
  /** Of what is told to everybody: how often it is lost, comes twice, or is overtaken. */
  readonly loss: number;
  readonly duplication: number;
  readonly reordering: number;
}

/** How long an overtaken message takes at most, beside its delay. */
const maxDetourMs = 5_000;
/** After so long without a sign of the other side a connection is given up. */
export const silenceMs = 30_000;

/** Who holds an end of a wire. */
export interface WireEnd {
  readonly id: string;
  /** The wire is no more; called once for each end. */
  lose(wire: Wire): void;
}

export interface WireParts {
  readonly clock: VirtualClock;
  readonly chance: Chance;
  /** As it is by now. */
  readonly weather: () => Weather;
  readonly isWalled: () => boolean;
}

/** One direction. */
interface Lane {
  /** When its last byte so far has left. */
  freeAt: number;
  /** When the last message so far arrives. */
  arrivesAt: number;
  bytesSent: number;
  bytesCome: number;
}

const emptyLane: Lane = { freeAt: 0, arrivesAt: 0, bytesSent: 0, bytesCome: 0 };

export class Wire {
  readonly caller: WireEnd;
  readonly called: WireEnd;
  readonly since: number;
  /** By which a transport chooses the few that it passes on to; the same at both ends. */
  readonly rank: number;
  readonly #parts: WireParts;
  readonly #out: Lane = { ...emptyLane };
  readonly #back: Lane = { ...emptyLane };
  /** What a wall holds up. */
  #held: (() => void)[] = [];
  readonly #holders: Set<WireEnd>;
  #isCut = false;

  constructor(ends: { readonly caller: WireEnd; readonly called: WireEnd }, parts: WireParts) {
    this.caller = ends.caller;
    this.called = ends.called;
    this.#parts = parts;
    this.since = parts.clock.nowMs();
    this.rank = parts.chance.fraction();
    this.#holders = new Set([ends.caller, ends.called]);
  }

  /** Nothing passes any more, though one end may not know it yet. */
  get isCut(): boolean {
    return this.#isCut;
  }

  get isWalled(): boolean {
    return this.#parts.isWalled();
  }

  bytesOf(end: WireEnd): { readonly bytesIn: number; readonly bytesOut: number } {
    const [to, from] = this.#lanes(end);
    return { bytesIn: from.bytesCome, bytesOut: to.bytesSent };
  }

  /** Brings so many bytes to the other end, and calls when the last of them is there. */
  carry(from: WireEnd, bytes: number, arrive: () => void): void {
    const { clock, chance } = this.#parts;
    const weather = this.#parts.weather();
    const [lane] = this.#lanes(from);
    lane.freeAt = Math.max(lane.freeAt, clock.nowMs()) + (bytes / weather.bytesPerSecond) * 1_000;
    const delay = weather.delayMs + chance.fraction() * weather.jitterMs;
    lane.arrivesAt = Math.max(lane.freeAt + delay, lane.arrivesAt);
    lane.bytesSent += bytes;
    this.#land(lane.arrivesAt - clock.nowMs(), () => {
      lane.bytesCome += bytes;
      arrive();
    });
  }

  /** The same for what is told to everybody, which bad weather may lose, double or hold up. */
  scatter(from: WireEnd, bytes: number, arrive: () => void): void {
    const { chance } = this.#parts;
    const weather = this.#parts.weather();
    if (chance.is(weather.loss)) return;
    const copies = chance.is(weather.duplication) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      const detour = chance.is(weather.reordering) ? chance.below(maxDetourMs) : 0;
      this.carry(from, bytes, detour === 0 ? arrive : () => this.#land(detour, arrive));
    }
  }

  /** This end lets go. The other one hears of it when the news is there, or falls silent. */
  cut(by: WireEnd, isSilent = false): void {
    const other = by === this.caller ? this.called : this.caller;
    this.#isCut = true;
    this.#held = [];
    this.drop(by);
    const { clock, weather } = this.#parts;
    const isUnheard = isSilent || this.isWalled;
    clock.after(isUnheard ? silenceMs : weather().delayMs, () => this.drop(other));
  }

  /** Both ends give up. */
  snap(): void {
    this.#isCut = true;
    this.#held = [];
    this.drop(this.caller);
    this.drop(this.called);
  }

  /** For this end there is no wire any more. */
  drop(end: WireEnd): void {
    if (this.#holders.delete(end)) end.lose(this);
  }

  /** The wall fell: what it held up goes on, in order. */
  release(): void {
    const held = this.#held;
    this.#held = [];
    for (const arrive of held) this.#land(this.#parts.weather().delayMs, arrive);
  }

  #land(ms: number, arrive: () => void): void {
    this.#parts.clock.after(ms, () => {
      if (this.#isCut) return;
      if (this.isWalled) this.#held.push(arrive);
      else arrive();
    });
  }

  /** To the other end, and from it. */
  #lanes(end: WireEnd): readonly [Lane, Lane] {
    return end === this.caller ? [this.#out, this.#back] : [this.#back, this.#out];
  }
}
