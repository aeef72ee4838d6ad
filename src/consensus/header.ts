/** What makes a header valid: its work, its difficulty, its time and its version. */
import { type Header, hashHeader } from '../primitives/block.ts';
import { nextBits, type Past } from './difficulty.ts';
import type { Params } from './params.ts';
import { reject, type Verdict, valid } from './reject.ts';
import { numberFromHash, targetFromBits } from './work.ts';

/** What the rules must know of the branch that the header is built on. */
export interface HeaderContext extends Past {
  /** The median time of the last eleven blocks before it. BIP113. */
  readonly medianTimePast: number;
}

/** How many blocks' times the median is taken of. Core: nMedianTimeSpan. */
export const medianTimeSpan = 11;

/** The median of the times of up to eleven blocks in a row. */
export function medianTime(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** The rule that needs nothing but the header: there is work in it. Core: CheckBlockHeader. */
export function checkHeader(header: Header, { limitBits }: Params): Verdict {
  const hash = hashHeader(header);
  const target = targetFromBits(header.bits, limitBits);
  return target !== undefined && numberFromHash(hash) <= target
    ? valid
    : reject('high-hash', { hash, bits: hex(header.bits) });
}

/**
 * The rules that need the blocks before it, and the time: `now` in seconds since 1970.
 * Core: ContextualCheckBlockHeader.
 */
export function checkHeaderInContext(
  header: Header,
  context: HeaderContext,
  now: number,
  params: Params,
): Verdict {
  return (
    checkDifficulty(header, context, params) ??
    checkAfterMedianTimePast(header, context) ??
    checkNotFromTheFuture(header, now, params) ??
    checkVersion(header)
  );
}

function checkDifficulty({ bits }: Header, past: Past, params: Params): Verdict {
  const expected = nextBits(past, params.difficulty, params.limitBits);
  return bits === expected
    ? valid
    : reject('bad-diffbits', { got: hex(bits), expected: hex(expected) });
}

/**
 * A block is later than the median of the eleven before it, so that no minority of miners can turn
 * the clock back, and with it the difficulty.
 */
function checkAfterMedianTimePast({ time }: Header, { medianTimePast }: HeaderContext): Verdict {
  return time > medianTimePast ? valid : reject('time-too-old', { time, medianTimePast });
}

/** Not a lasting verdict: the same block is welcome once our clock has caught up with it. */
function checkNotFromTheFuture({ time }: Header, now: number, params: Params): Verdict {
  const latest = now + params.maxFutureSeconds;
  return time <= latest ? valid : reject('time-too-new', { time, latest });
}

/** Signed, as Core reads it: 0x80000004 is a negative number, and refused. BIP34, 66 and 65. */
function checkVersion({ version }: Header): Verdict {
  return version >= 4 ? valid : reject('bad-version', { version: hex(version >>> 0) });
}

function hex(word: number): string {
  return `0x${word.toString(16).padStart(8, '0')}`;
}
