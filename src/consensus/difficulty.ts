/**
 * Difficulty: which bits the next block must have, so that blocks come at a steady pace however
 * much hashing there is.
 */
import { decodeBits, encodeBits } from './work.ts';

/** How a network sets its pace. */
export type Difficulty =
  /** Every block corrects a little, as an exponential of how early or late its parent came. */
  | { readonly rule: 'asert'; readonly spacingSeconds: number; readonly halfLifeSeconds: number }
  /** Bitcoin's: every 2016 blocks, by how long those took. */
  | { readonly rule: 'bitcoin'; readonly spacingSeconds: number }
  /** Always the easiest, as on regtest. */
  | { readonly rule: 'none' };

/** Blocks between two retargets of Bitcoin's rule. */
export const retargetInterval = 2016;

/** What the rule must know of the branch that a block is built on. */
export interface Past {
  /** The height of the block in question. */
  readonly height: number;
  readonly parent: { readonly time: number; readonly bits: number };
  /** The time of the block at `pastHeight`; `undefined` where that is. */
  readonly pastTime: number | undefined;
}

/** The one further ancestor whose time the rule needs for a block at this height, if any. */
export function pastHeight(height: number, { rule }: Difficulty): number | undefined {
  if (rule === 'asert' && height >= 2) return height - 2;
  if (rule === 'bitcoin' && height % retargetInterval === 0) return height - retargetInterval;
  return undefined;
}

/** The bits that the rule asks of the block. Core: GetNextWorkRequired. */
export function nextBits(past: Past, difficulty: Difficulty, limitBits: number): number {
  const { parent, pastTime } = past;
  if (difficulty.rule === 'none') return limitBits;
  if (difficulty.rule === 'asert') {
    // Anchored at the parent and not at genesis: a chain that rests builds up no debt of time,
    // which would empty in a storm of easy blocks.
    return pastTime === undefined
      ? limitBits
      : asert({
          anchorBits: parent.bits,
          timeDelta: parent.time - pastTime,
          heightDelta: 0,
          limitBits,
          ...difficulty,
        });
  }
  return pastTime === undefined
    ? parent.bits
    : retarget({
        bits: parent.bits,
        seconds: parent.time - pastTime,
        expectedSeconds: retargetInterval * difficulty.spacingSeconds,
        limitBits,
      });
}

export interface Retarget {
  readonly bits: number;
  /** From the first block of the period to its last: one interval too few, as Bitcoin has it. */
  readonly seconds: number;
  readonly expectedSeconds: number;
  readonly limitBits: number;
}

/** Bitcoin's retarget: by at most four either way. Core: CalculateNextWorkRequired. */
export function retarget({ bits, seconds, expectedSeconds, limitBits }: Retarget): number {
  const least = Math.floor(expectedSeconds / 4);
  const bounded = Math.min(Math.max(seconds, least), expectedSeconds * 4);
  const next = (decodeBits(bits).target * BigInt(bounded)) / BigInt(expectedSeconds);
  const limit = decodeBits(limitBits).target;
  return encodeBits(next > limit ? limit : next);
}

export interface Asert {
  readonly anchorBits: number;
  /** The time of the parent of the block in question, less that of the anchor's parent. */
  readonly timeDelta: number;
  /** The height of the parent of the block in question, less that of the anchor. */
  readonly heightDelta: number;
  readonly spacingSeconds: number;
  /** How late a chain must run for its target to double. */
  readonly halfLifeSeconds: number;
  readonly limitBits: number;
}

/**
 * aserti3-2d: the target grows by 2^((how late we are) / half-life), in integers only, with a cubic
 * for the fraction of the exponent. Bitcoin Cash's specification of November 2020.
 */
export function asert(options: Asert): number {
  const { anchorBits, timeDelta, heightDelta, spacingSeconds, halfLifeSeconds, limitBits } =
    options;
  const limit = decodeBits(limitBits).target;
  const lateSeconds = BigInt(timeDelta - spacingSeconds * (heightDelta + 1));
  // Sixteen bits of fraction; the division rounds towards zero and the shift downwards.
  const exponent = (lateSeconds * 65_536n) / BigInt(halfLifeSeconds);
  const doublings = exponent >> 16n;
  if (doublings > 256n) return encodeBits(limit);
  if (doublings < -256n) return encodeBits(1n);

  const fraction = exponent & 0xffffn;
  const cubic =
    195_766_423_245_049n * fraction + 971_821_376n * fraction ** 2n + 5_127n * fraction ** 3n;
  const factor = 65_536n + ((cubic + (1n << 47n)) >> 48n);
  const shift = doublings - 16n;
  const scaled = decodeBits(anchorBits).target * factor;
  const next = shift < 0n ? scaled >> -shift : scaled << shift;
  if (next === 0n) return encodeBits(1n);
  return encodeBits(next > limit ? limit : next);
}
