/** Real headers of Bitcoin's main network, and all of its retargets, under the 2016-block rule. */
import { describe, expect, test } from 'vitest';
import { nextBits, pastHeight, retarget, retargetInterval } from '../src/consensus/difficulty.ts';
import {
  checkHeader,
  checkHeaderInContext,
  type HeaderContext,
  medianTime,
  medianTimeSpan,
} from '../src/consensus/header.ts';
import { type Params, regtest } from '../src/consensus/params.ts';
import { workFromBits } from '../src/consensus/work.ts';
import { Header, hashHeader, headerBytes } from '../src/primitives/block.ts';
import { decode, encode } from '../src/primitives/codec.ts';
import { hasVectors, startTally, vectorBytes, vectorJson } from './vectors.ts';

const tally = startTally('Bitcoin headers');

/** Bitcoin's rules for headers. */
const bitcoin: Params = {
  ...regtest,
  name: 'bitcoin',
  difficulty: { rule: 'bitcoin', spacingSeconds: 600 },
  limitBits: 0x1d00_ffff,
};

/** Headers in a row, from this height on. */
interface Stretch {
  readonly first: number;
  readonly headers: readonly Header[];
}

const readEarly = () => readStretch(300_000, 'mainnet/headers-300000-300499.bin');
const readLate = () => readStretch(822_528, 'mainnet/headers-822528-830592.bin');

describe.skipIf(!hasVectors)('8,565 real headers (vectors/mainnet/headers-*.bin)', () => {
  test.each([
    ['500 headers from 300000', readEarly, 500],
    ['8,065 headers from 822528', readLate, 8065],
  ])('%s are each the parent of the next, with the work that they claim', (_, read, count) => {
    const { headers } = read();
    for (const [i, header] of headers.entries()) {
      const parent = headers[i - 1];
      if (parent) expect(header.parent).toBe(hashHeader(parent));
      expect(checkHeader(header, bitcoin)).toBeUndefined();
    }
    expect(headers.length).toBe(count);
    tally(`${count} headers`);
  });

  test.each([
    // Their version is 2, which BIP65 and BIP66 came to forbid: the last thing that is looked at.
    ['the 489 from 300011 break no rule but that on versions', readEarly, 489, 'bad-version'],
    ['the 8,054 from 822539 break no rule', readLate, 8054, undefined],
  ])('in the context of all their ancestors %s', (_, read, count, reason) => {
    const stretch = read();
    const now = stretch.headers.at(-1)?.time ?? 0;
    // Before these not all of the eleven whose times count are here.
    const judged = stretch.headers.slice(medianTimeSpan);
    for (const [i, header] of judged.entries()) {
      const context = contextOf(stretch, stretch.first + medianTimeSpan + i);
      const verdict = checkHeaderInContext(header, context, now, bitcoin);
      expect(verdict?.reason, `${context.height}`).toBe(reason);
    }
    expect(judged.length).toBe(count);
    tally(`${count} of them in context`);
  });

  test('5 retargets ask for the bits that the network then had, and no longer for the old', () => {
    const heights: number[] = [];
    for (const stretch of [readEarly(), readLate()]) {
      for (const [i, header] of stretch.headers.entries()) {
        const height = stretch.first + i;
        const parent = stretch.headers[i - 1];
        if (!parent || height % retargetInterval !== 0) continue;
        const context = contextOf(stretch, height);
        const stale = { ...header, bits: parent.bits };
        const verdict = checkHeaderInContext(stale, context, header.time, bitcoin);
        expect(nextBits(context, bitcoin.difficulty, bitcoin.limitBits)).toBe(header.bits);
        expect(verdict?.reason).toBe('bad-diffbits');
        heights.push(height);
      }
    }
    expect(heights).toEqual([300_384, 824_544, 826_560, 828_576, 830_592]);
  });
});

interface RetargetRow {
  readonly height: number;
  readonly firstTime: number;
  readonly lastTime: number;
  readonly oldBits: string;
  readonly newBits: string;
}

const readRetargets = () => vectorJson<RetargetRow[]>('mainnet/retargets.json');

describe.skipIf(!hasVectors)('the whole history (vectors/mainnet/retargets, chainwork)', () => {
  test('all 413 retargets up to height 832608 are those of our function', () => {
    const rows = readRetargets();
    let bits = '1d00ffff';
    for (const [i, row] of rows.entries()) {
      const next = retarget({
        bits: Number.parseInt(row.oldBits, 16),
        seconds: row.lastTime - row.firstTime,
        expectedSeconds: retargetInterval * 600,
        limitBits: bitcoin.limitBits,
      });
      expect([row.height, row.oldBits]).toEqual([(i + 1) * retargetInterval, bits]);
      expect(next.toString(16), `${row.height}`).toBe(row.newBits);
      bits = row.newBits;
    }
    expect(rows.length).toBe(413);
    tally('413 retargets');
  });

  test('the cumulative work is right at all 827 heights that bound a period', () => {
    const rows = Object.entries(vectorJson<Record<string, string>>('mainnet/chainwork.json'));
    const periods = ['1d00ffff', ...readRetargets().map(({ newBits }) => newBits)].map((bits) =>
      workFromBits(Number.parseInt(bits, 16)),
    );
    for (const [height, chainwork] of rows) {
      const period = Math.floor(Number(height) / retargetInterval);
      const blocks = (Number(height) % retargetInterval) + 1;
      const before = periods.slice(0, period).reduce((sum, work) => sum + work, 0n);
      const work = before * BigInt(retargetInterval) + (periods[period] ?? 0n) * BigInt(blocks);
      expect(work, height).toBe(BigInt(`0x${chainwork}`));
    }
    expect(rows.length).toBe(827);
    tally('work at 827 heights');
  });
});

describe.skipIf(!hasVectors)('real stale headers (vectors/mainnet/stale-*.bin)', () => {
  test.for([823_226, 829_613])(
    'the one of height %i is valid, and loses to the other',
    (height, { skip }) => {
      const stretch = readLate();
      const bytes = vectorBytes(`mainnet/stale-0${height}.bin`);
      skip(bytes.length !== headerBytes, `this copy of stale header ${height} is not a header`);
      const stale = decode(Header, bytes);
      const others = stretch.headers.slice(height - stretch.first);
      const [rival] = others;
      const isRival = rival !== undefined && hashHeader(stale) === hashHeader(rival);
      skip(isRival, `this copy of stale header ${height} is the header that won`);
      expect(stale.parent).toBe(rival?.parent);
      expect(checkHeader(stale, bitcoin)).toBeUndefined();
      const context = contextOf(stretch, height);
      expect(checkHeaderInContext(stale, context, stale.time, bitcoin)).toBeUndefined();

      // As heavy as its rival while both are tips; the next block decides.
      expect(work([stale])).toBe(work(others.slice(0, 1)));
      expect(work([stale])).toBeLessThan(work(others.slice(0, 2)));
      tally(`stale header ${height}`);
    },
  );
});

function readStretch(first: number, path: string): Stretch {
  const bytes = vectorBytes(path);
  const headers = Array.from({ length: bytes.length / headerBytes }, (_, i) => {
    const raw = bytes.subarray(i * headerBytes, (i + 1) * headerBytes);
    const header = decode(Header, raw);
    expect(encode(Header, header)).toEqual(raw);
    return header;
  });
  return { first, headers };
}

/** The context of a block at this height; where a period began before the stretch, its time. */
function contextOf({ first, headers }: Stretch, height: number): HeaderContext {
  const before = headers.slice(Math.max(height - first - medianTimeSpan, 0), height - first);
  const parent = before.at(-1);
  if (!parent) throw new Error(`the parent of ${height} is not here`);
  const past = pastHeight(height, bitcoin.difficulty);
  return {
    height,
    parent,
    pastTime: past === undefined ? undefined : (headers[past - first]?.time ?? periodStart(past)),
    medianTimePast: medianTime(before.map(({ time }) => time)),
  };
}

function periodStart(height: number): number | undefined {
  return readRetargets().find((row) => row.height === height + retargetInterval)?.firstTime;
}

function work(headers: readonly Header[]): bigint {
  return headers.reduce((sum, { bits }) => sum + workFromBits(bits), 0n);
}
