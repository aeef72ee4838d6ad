/**
 * The fee floor: what a payment must pay a byte since others had to leave for want of room.
 *
 * Without it whoever sends again what was just evicted would cost every node its work for nothing.
 * Once a block has made room it falls by half in twelve hours, faster where there is much room.
 * Core: GetMinFee and trackPackageRemoved.
 */
import { incrementalFeeRate } from '../primitives/standard.ts';

/** Core: ROLLING_FEE_HALFLIFE. */
const halfLifeSeconds = 12 * 3600;
/** It is reckoned anew after so many seconds at the earliest. */
const stepSeconds = 10;

export class FeeFloor {
  /** In base units per 1,000 virtual bytes. */
  #rate = 0;
  /** When it was last reckoned, in seconds since 1970. */
  #time = 0;
  /** Has a block come since it rose? */
  #isFalling = false;

  /** What is asked now of every payment, while so much of the room is taken, from 0 to 1. */
  rate(now: number, taken: number): bigint {
    if (!this.#isFalling || this.#rate === 0) return BigInt(Math.round(this.#rate));
    if (now > this.#time + stepSeconds) {
      const halfLife = halfLifeSeconds / (taken < 0.25 ? 4 : taken < 0.5 ? 2 : 1);
      this.#rate /= 2 ** ((now - this.#time) / halfLife);
      this.#time = now;
      if (this.#rate < Number(incrementalFeeRate) / 2) this.#rate = 0;
    }
    if (this.#rate === 0) return 0n;
    const rate = BigInt(Math.round(this.#rate));
    return rate > incrementalFeeRate ? rate : incrementalFeeRate;
  }

  /** Payments at this rate had to leave, or at one just below. */
  raise(feeRate: bigint): void {
    if (Number(feeRate) <= this.#rate) return;
    this.#rate = Number(feeRate);
    this.#isFalling = false;
  }

  /** A block took some of those that wait. */
  fall(now: number): void {
    this.#time = now;
    this.#isFalling = true;
  }
}
