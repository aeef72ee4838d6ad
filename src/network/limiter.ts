/**
 * The limiter: how much a peer may ask for.
 *
 * The generic cell rate algorithm: one number a peer, the moment at which all that it has had so
 * far would be paid for. Whoever rests builds up a burst, and no more than that.
 */

export interface Rate {
  /** How much a second in the long run. */
  readonly perSecond: number;
  /** How much at once after a rest. */
  readonly burst: number;
}

export class Limiter {
  readonly #msEach: number;
  readonly #burst: number;
  /** When it would have paid for all, in milliseconds. */
  #paidAt = Number.NEGATIVE_INFINITY;

  constructor({ perSecond, burst }: Rate) {
    this.#msEach = 1_000 / perSecond;
    this.#burst = burst;
  }

  /** May it have so much now? If not, it costs nothing. */
  take(nowMs: number, amount = 1): boolean {
    const paidAt = Math.max(this.#paidAt, nowMs) + amount * this.#msEach;
    if (paidAt > nowMs + this.#burst * this.#msEach) return false;
    this.#paidAt = paidAt;
    return true;
  }

  /** Charges for what was taken already, whether or not it may have it. */
  charge(nowMs: number, amount: number): void {
    this.#paidAt = Math.max(this.#paidAt, nowMs) + amount * this.#msEach;
  }
}
