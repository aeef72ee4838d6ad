/**
 * Work: how hard a block was to make, and so how much it counts.
 *
 * A hash is a number; it must not be above the target. The lower the target, the more hashes must
 * be tried, and that expected count is the block's work.
 */
import type { Hash } from '../primitives/codec.ts';

/** What compact bits say, with the two ways in which they can be senseless. */
export interface Compact {
  readonly target: bigint;
  readonly isNegative: boolean;
  readonly isOverflow: boolean;
}

/** A floating-point form: a byte of length, and the three leading bytes. Core: SetCompact. */
export function decodeBits(bits: number): Compact {
  const length = bits >>> 24;
  const mantissa = BigInt(bits & 0x007f_ffff);
  const shift = 8n * BigInt(length - 3);
  const target = shift < 0n ? mantissa >> -shift : mantissa << shift;
  return {
    target,
    isNegative: target !== 0n && (bits & 0x0080_0000) !== 0,
    isOverflow: target >= 1n << 256n,
  };
}

/** The compact form of a target, which keeps its leading digits only. Core: GetCompact. */
export function encodeBits(target: bigint): number {
  let length = Math.ceil(target.toString(16).length / 2);
  if (target === 0n) return 0;
  const shift = 8n * BigInt(length - 3);
  let mantissa = Number(shift < 0n ? target << -shift : target >> shift);
  // The top bit of the mantissa is a sign, so a number that needs it takes a byte more.
  if (mantissa & 0x0080_0000) {
    mantissa >>= 8;
    length++;
  }
  return length * 0x0100_0000 + mantissa;
}

/** The target of these bits; `undefined` where no block may have them. Core: DeriveTarget. */
export function targetFromBits(bits: number, limitBits: number): bigint | undefined {
  const { target, isNegative, isOverflow } = decodeBits(bits);
  const isSound = target > 0n && !isNegative && !isOverflow;
  return isSound && target <= decodeBits(limitBits).target ? target : undefined;
}

/** How many hashes it takes on average to meet these bits. Core: GetBlockProof. */
export function workFromBits(bits: number): bigint {
  const { target, isNegative, isOverflow } = decodeBits(bits);
  return target === 0n || isNegative || isOverflow ? 0n : (1n << 256n) / (target + 1n);
}

/** The hash as the number that is held against the target. */
export function numberFromHash(hash: Hash): bigint {
  return BigInt(`0x${hash}`);
}
