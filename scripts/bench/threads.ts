/**
 * How much faster are two mining threads than one, and how long does a search go on after it was
 * called off? Both are measured by the wall, and mean something on idle cores only.
 *
 *   npm run bench:threads -- --rounds 15
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { MiningPool, newThreads } from '../../src/cli/miningpool.ts';
import { median } from './harness.ts';
import { inVain } from './mining.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const rounds = Number(values.rounds);

/** A pool of so many threads that has found its fastest kernel. */
async function warmPool(threads: number): Promise<MiningPool> {
  const pool = new MiningPool(newThreads(threads));
  const soon = AbortSignal.timeout(4_000);
  await pool.search({ ...inVain, count: 2 ** 32 }, soon);
  return pool;
}

/** Nonces a second of the wall. */
async function rateOf(pool: MiningPool): Promise<number> {
  const [before, begin] = [pool.tried, performance.now()];
  await pool.search({ ...inVain, count: 2 ** 32 }, AbortSignal.timeout(1_000));
  return ((pool.tried - before) / (performance.now() - begin)) * 1_000;
}

/** Milliseconds from the news to the end of the search that it makes stale. */
async function stopping(pool: MiningPool): Promise<number> {
  const news = new AbortController();
  const searching = pool.search({ ...inVain, count: 2 ** 32 }, news.signal);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const begin = performance.now();
  news.abort();
  await searching;
  return performance.now() - begin;
}

const [one, two] = [await warmPool(1), await warmPool(2)];
const gains: number[] = [];
const stops: number[] = [];
for (let i = 0; i < rounds; i++) {
  const alone = await rateOf(one);
  gains.push((await rateOf(two)) / alone);
  for (let j = 0; j < 4; j++) stops.push(await stopping(two));
}
await Promise.all([one.stop(), two.stop()]);
const last = Math.max(...stops).toFixed(1);
console.log(`two threads are ${median(gains).toFixed(2)} x one, load ${loadavg()[0]?.toFixed(1)}`);
console.log(
  `a search ends ${median(stops).toFixed(1)} ms after it was called off, at most ${last}`,
);
