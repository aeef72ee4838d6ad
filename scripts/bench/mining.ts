/**
 * How fast do we mine? Kernels take turns on one thread, and what counts is hashes a second of the
 * thread's CPU time, as medians of rounds and as ratios to what noble does plainly. Then one
 * thread and two, by the wall, and how long a search goes on after it was called off. The last two
 * mean something on idle cores only: the load is printed beside them.
 *
 *   npm run bench:mining -- --rounds 15 --json
 */
import { createHash, hash as hashOnce } from 'node:crypto';
import { parseArgs } from 'node:util';
import { MiningPool, newThreads } from '../../src/cli/miningpool.ts';
import { type Kernel, plainKernel, type Search } from '../../src/miner/kernel.ts';
import { wasmKernel } from '../../src/miner/wasmkernel.ts';
import { sha256d } from '../../src/primitives/hash.ts';
import { compare, print, round } from './compare.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '15' }, json: { type: 'boolean', default: false } },
});
const rounds = Number(values.rounds);

/** Nothing does: so every nonce is tried. */
const inVain: Search = {
  header: Uint8Array.from({ length: 80 }, (_, i) => i * 7 + 3),
  target: new Uint8Array(32),
  firstNonce: 0,
  count: 10_000,
};

/** A miner as one writes it first: every nonce is put into the header, and the whole is hashed. */
function plainly(hash: (header: Uint8Array) => Uint8Array): Kernel['search'] {
  return ({ header, target, firstNonce, count }) => {
    const whole = Uint8Array.from(header);
    const field = new DataView(whole.buffer);
    for (let nonce = firstNonce; nonce < firstNonce + count; nonce++) {
      field.setUint32(76, nonce, true);
      // Nothing has a hash of zero: the first byte that differs ends the comparison.
      if ((hash(whole)[31] ?? 0) < (target[0] ?? 0)) return nonce;
    }
    return undefined;
  };
}

const cryptoTwice = (bytes: Uint8Array) =>
  createHash('sha256').update(createHash('sha256').update(bytes).digest()).digest();
const cryptoOnce = (bytes: Uint8Array) =>
  hashOnce('sha256', hashOnce('sha256', bytes, 'buffer'), 'buffer');

const wasm = (['one lane', 'four lanes', 'four lanes and one'] as const).map(wasmKernel);
/** What a thread tries before it looks whether the search is over. */
const kernelNonces = Math.max(...wasm.map(({ noncesAtOnce }) => noncesAtOnce));

const kernels: readonly (readonly [string, Kernel['search']])[] = [
  ['noble, plainly', plainly(sha256d)],
  ['node:crypto, createHash', plainly(cryptoTwice)],
  ['node:crypto, hash', plainly(cryptoOnce)],
  ['our plain kernel', plainKernel.search],
  ...wasm.map(({ name, search }) => [name, search] as const),
];

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

const rates = compare(
  kernels.map(([name, search]) => ({ name, count: inVain.count, run: () => search(inVain) })),
  rounds,
);

const [one, two] = [await warmPool(1), await warmPool(2)];
const walls = { one: [] as number[], two: [] as number[] };
const stops: number[] = [];
for (let i = 0; i < rounds; i++) {
  walls.one.push(await rateOf(one));
  walls.two.push(await rateOf(two));
  for (let j = 0; j < 4; j++) stops.push(await stopping(two));
}
const threads = walls.two.map((rate, i) => rate / (walls.one[i] ?? 1));
const sorted = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);
const at = (numbers: readonly number[], part: number) =>
  sorted(numbers)[Math.min(numbers.length - 1, Math.floor(numbers.length * part))] ?? 0;
await Promise.all([one.stop(), two.stop()]);

const fastest = Math.max(...rates.map(({ perSecond }) => perSecond));
print({ 'nonces tried': rates }, values.json, {
  'two threads, as often one': round(at(threads, 0.5)),
  'one part, ms of CPU': round((kernelNonces / fastest) * 1_000),
  'stopped after, ms, median': round(at(stops, 0.5)),
  'stopped after, ms, worst': round(at(stops, 1)),
});
