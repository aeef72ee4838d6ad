/**
 * The harness of all benchmarks: contenders take turns, round after round, and the median of each
 * is told as a ratio to a named reference of the same run. Machines and their moods cancel out of
 * a ratio; absolute figures are for the curious.
 */
import { loadavg } from 'node:os';

/** What a turn got done, and in how many seconds of CPU time. */
export interface Turn {
  readonly units: number;
  readonly seconds: number;
}

export interface Contender {
  readonly name: string;
  readonly turn: () => Turn | Promise<Turn>;
}

export interface Benchmark {
  readonly name: string;
  /** What is counted. */
  readonly unit: string;
  /** The contender that all are told as ratios to. */
  readonly reference: string;
  readonly contenders: readonly Contender[];
  /** Contenders that should be at least so many times the reference. */
  readonly goals?: Readonly<Record<string, number>>;
  readonly rounds?: number;
}

export interface Row {
  readonly name: string;
  /** Units in a second of CPU time. */
  readonly rate: number;
  readonly ratio: number;
  readonly goal?: number;
}

export interface Result {
  readonly name: string;
  readonly unit: string;
  readonly reference: string;
  readonly rows: readonly Row[];
}

const secondsPerTurn = 0.2;

/** A turn of work in this thread: again and again, until it took long enough to be measured. */
export function repeated(work: () => number): () => Turn {
  return () => {
    const begin = process.threadCpuUsage();
    for (let units = 0; ; ) {
      units += work();
      const { user, system } = process.threadCpuUsage(begin);
      const seconds = (user + system) / 1e6;
      if (seconds >= secondsPerTurn) return { units, seconds };
    }
  };
}

/** A turn of work that other threads of this process have a part in, once. */
export async function wholeProcess(work: () => Promise<number>): Promise<Turn> {
  const begin = process.cpuUsage();
  const units = await work();
  const { user, system } = process.cpuUsage(begin);
  return { units, seconds: (user + system) / 1e6 };
}

export async function measure(benchmark: Benchmark): Promise<Result> {
  const { name, unit, reference, contenders, goals = {}, rounds = 7 } = benchmark;
  const rates = new Map(contenders.map((each) => [each.name, [] as number[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const each of contenders) {
      const { units, seconds } = await each.turn();
      // The first round warms up.
      if (round > 0) rates.get(each.name)?.push(units / seconds);
    }
  }
  const base = median(rates.get(reference) ?? []);
  const rows = [...rates].map(([contender, each]) => {
    const [rate, goal] = [median(each), goals[contender]];
    return { name: contender, rate, ratio: rate / base, ...(goal === undefined ? {} : { goal }) };
  });
  return { name, unit, reference, rows };
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

/** The result as lines for people. */
export function tell({ name, unit, reference, rows }: Result): string {
  const width = Math.max(...rows.map((row) => row.name.length)) + 2;
  const load = loadavg()[0]?.toFixed(1);
  const lines = rows.map((row) => {
    const rate = row.rate >= 100 ? row.rate.toFixed(0) : row.rate.toPrecision(3);
    const goal = row.goal === undefined ? '' : `  (goal ${row.goal} x)`;
    const ratio = `${row.ratio.toFixed(2)} x`.padStart(10);
    return `  ${row.name.padEnd(width)}${rate.padStart(12)}${ratio}${goal}`;
  });
  const head = `${name}: ${unit} a second of CPU time, as ratios to ${reference}; load ${load}`;
  return [head, ...lines].join('\n');
}

/** How each ratio changed from one run to another: what two commits did. */
export function compare(before: readonly Result[], after: readonly Result[]): string {
  const lines: string[] = [];
  for (const { name, rows } of after) {
    const old = before.find((each) => each.name === name)?.rows ?? [];
    for (const row of rows) {
      const was = old.find((each) => each.name === row.name)?.ratio;
      if (was === undefined) continue;
      const change = `${was.toFixed(2)} x -> ${row.ratio.toFixed(2)} x`;
      const percent = `${(100 * (row.ratio / was - 1)).toFixed(0)} %`.padStart(8);
      lines.push(`${name}: ${row.name}`.padEnd(50) + change.padStart(20) + percent);
    }
  }
  return lines.join('\n');
}
