/**
 * A package: a payment with those before it, or with those behind it, that wait as well.
 *
 * No block holds a payment without those before it, and none outlives them: so what a payment is
 * worth to a miner, and what is lost with it, is asked of packages.
 */

/** How many payments, how large and what they pay; the payment itself included. */
export interface Package {
  readonly count: number;
  /** Virtual bytes. */
  readonly bytes: number;
  /** In base units. */
  readonly fees: bigint;
}

/** What a fee rate is reckoned from: exact, where a quotient would be rounded. */
export type Rate = Pick<Package, 'bytes' | 'fees'>;

export const nothing: Package = { count: 0, bytes: 0, fees: 0n };

export function plus(one: Package, other: Package): Package {
  return {
    count: one.count + other.count,
    bytes: one.bytes + other.bytes,
    fees: one.fees + other.fees,
  };
}

export function minus(one: Package, other: Package): Package {
  return {
    count: one.count - other.count,
    bytes: one.bytes - other.bytes,
    fees: one.fees - other.fees,
  };
}

/** Below zero where the first pays less a byte than the other, above where more. */
export function compareRates(one: Rate, other: Rate): number {
  const left = one.fees * BigInt(other.bytes);
  const right = other.fees * BigInt(one.bytes);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** In base units per 1,000 virtual bytes, rounded down. Core: CFeeRate. */
export function feeRateOf({ fees, bytes }: Rate): bigint {
  return (fees * 1_000n) / BigInt(bytes);
}

/** What so many bytes pay at such a rate; no part of a unit is left out. Core: CFeeRate::GetFee. */
export function feeAt(feeRate: bigint, bytes: number): bigint {
  return (feeRate * BigInt(bytes) + 999n) / 1_000n;
}
