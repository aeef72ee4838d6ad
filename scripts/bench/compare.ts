/**
 * Compares ways to do the same: they take turns, and what counts is the median of what each does in
 * a second of this thread's CPU time, as a ratio to the first of them.
 */

import { loadavg } from 'node:os';

export interface Way {
  readonly name: string;
  /** How many are done in a run. */
  readonly count: number;
  readonly run: () => unknown;
}

export interface Rate {
  readonly name: string;
  readonly perSecond: number;
  readonly ratio: number;
}

/** A system counts CPU time in ticks of some milliseconds: a turn lasts many. */
const secondsPerTurn = 0.2;

/** The first round warms up, and is not counted. */
export function compare(ways: readonly Way[], rounds: number): readonly Rate[] {
  const rates = ways.map((): number[] => []);
  for (let i = 0; i <= rounds; i++) {
    for (const [j, way] of ways.entries()) {
      const rate = rateOf(way);
      if (i > 0) rates[j]?.push(rate);
    }
  }
  const medians = rates.map((each) => each.toSorted((a, b) => a - b)[each.length >> 1] ?? 0);
  return ways.map(({ name }, i) => {
    const perSecond = medians[i] ?? 0;
    return { name, perSecond, ratio: perSecond / (medians[0] ?? 1) };
  });
}

function rateOf({ count, run }: Way): number {
  const begin = process.threadCpuUsage();
  for (let done = count; ; done += count) {
    run();
    const { user, system } = process.threadCpuUsage(begin);
    const seconds = (user + system) / 1_000_000;
    if (seconds >= secondsPerTurn) return done / seconds;
  }
}

export function round(number: number): number {
  return Number(number.toPrecision(3));
}

/** Tables for people, or one document for programs. */
export function print(
  tables: Readonly<Record<string, readonly Rate[]>>,
  isJson: boolean,
  more: Readonly<Record<string, unknown>> = {},
): void {
  const node = process.versions.node;
  if (isJson) {
    console.log(JSON.stringify({ node, load: loadavg(), ...tables, ...more }, undefined, 2));
    return;
  }
  console.log(`Node ${node}, load ${loadavg().map(round)}`);
  for (const [title, rates] of Object.entries(tables)) {
    console.log(title);
    console.table(
      rates.map(({ name, perSecond, ratio }) => ({
        name,
        'a CPU second': Math.round(perSecond),
        ratio: round(ratio),
      })),
    );
  }
  for (const [name, value] of Object.entries(more)) console.log(`${name}: ${value}`);
}
