/** ASERT against the published runs of Bitcoin Cash Node, whose function it is. */
import { describe, expect, test } from 'vitest';
import { asert } from '../src/consensus/difficulty.ts';
import { hasVectors, startTally, vectorFiles, vectorText } from './vectors.ts';

const tally = startTally('ASERT');

/** How many lines each run has, so that none is lost in the reading. */
const runs = [
  ['run01', 10],
  ['run02', 10],
  ['run03', 10],
  ['run04', 225],
  ['run05', 225],
  ['run06', 1000],
  ['run07', 1000],
  ['run08', 500],
  ['run09', 10],
  ['run10', 10],
] as const;

/** Heights go beyond 2^63 here, so they are bigint; only their differences are ours. */
interface Run {
  readonly anchorHeight: bigint;
  readonly anchorParentTime: bigint;
  readonly anchorBits: number;
  /** The parent of the block in question, and the bits that the block must have. */
  readonly lines: readonly {
    readonly height: bigint;
    readonly time: bigint;
    readonly bits: number;
  }[];
}

describe.skipIf(!hasVectors)('aserti3-2d: the runs of Bitcoin Cash Node (vectors/asert)', () => {
  test.each(runs)('%s: the bits of all its %i lines are those of our function', (name, count) => {
    const { anchorHeight, anchorParentTime, anchorBits, lines } = readRun(name);
    const found = lines.map(({ height, time }) =>
      asert({
        anchorBits,
        timeDelta: Number(time - anchorParentTime),
        heightDelta: Number(height - anchorHeight),
        spacingSeconds: 600,
        halfLifeSeconds: 172_800,
        limitBits: 0x1d00_ffff,
      }),
    );
    expect(lines.length).toBe(count);
    expect(found).toEqual(lines.map(({ bits }) => bits));
    tally(`${name} ${count} lines`);
  });

  test('there is no other run, and 3,000 lines in all', () => {
    expect(vectorFiles('asert')).toEqual(runs.map(([name]) => name));
    expect(runs.reduce((sum, [, count]) => sum + count, 0)).toBe(3000);
  });
});

function readRun(name: string): Run {
  const text = vectorText(`asert/${name}`);
  const field = (label: string) => {
    const [, value] = new RegExp(`^## +${label}: (\\S+)$`, 'm').exec(text) ?? [];
    if (value === undefined) throw new Error(`${name} has no ${label}`);
    return BigInt(value);
  };
  const lines = text.split('\n').filter((line) => /^\d/.test(line));
  expect(lines.length).toBe(Number(field('iterations')));
  return {
    anchorHeight: field('anchor height'),
    anchorParentTime: field('anchor ancestor time'),
    anchorBits: Number(field('anchor nBits')),
    lines: lines.map((line) => {
      const [, height = '', time = '', bits] = line.split(' ');
      return { height: BigInt(height), time: BigInt(time), bits: Number(bits) };
    }),
  };
}
