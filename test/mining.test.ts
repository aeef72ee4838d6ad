/** Threads that mine together: what they try, how they end, and whom they do not believe. */
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { MiningPool, newThreads, type Searcher, threadCount } from '../src/cli/miningpool.ts';
import { MiningThread, newBoard, searchTogether, triedOn } from '../src/cli/miningthread.ts';
import { numberFromHash } from '../src/consensus/work.ts';
import { isHit, type Kernel, type Search, searchNonce, searchOf } from '../src/miner/kernel.ts';
import { type Header, hashHeader } from '../src/primitives/block.ts';
import { noHash, parseHash } from '../src/primitives/codec.ts';
import { seal } from './forge.ts';

const { header } = seal([], { merkleRoot: noHash });
const never = new AbortController().signal;
const pools: MiningPool[] = [];
afterAll(() => Promise.all(pools.map((pool) => pool.stop())));

function poolOf(threads: readonly Searcher[]): MiningPool {
  const pool = new MiningPool(threads);
  pools.push(pool);
  return pool;
}

/** The search among so many nonces in which this one alone has a hash that low. */
function searchFor(nonce: number, count: number): Search {
  return searchOf(header, numberFromHash(hashHeader({ ...header, nonce })), count);
}

/** Of the first nonces the one with the lowest hash. */
function bestNonce(count: number): number {
  const nonces = Array.from({ length: count }, (_, nonce) => nonce);
  const hashOf = (nonce: number) => numberFromHash(hashHeader({ ...header, nonce }));
  return nonces.reduce((best, nonce) => (hashOf(nonce) < hashOf(best) ? nonce : best));
}

/** Searches in this way, and takes so many nonces at once. */
function* always(search: Kernel['search'], noncesAtOnce: number): Generator<Kernel, never> {
  for (;;) yield { name: 'test', noncesAtOnce, search };
}

const impossible = (count: number) => searchOf(header, 0n, count);

const searches = fc.record({
  version: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  root: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
  time: fc.nat({ max: 0xffff_ffff }),
  firstNonce: fc.nat({ max: 0xffff_ffff }),
  // Short targets are hit by none, long ones by all: most here are of about the length that counts.
  target: fc.tuple(fc.bigInt({ min: 1n, max: 2n ** 256n - 1n }), fc.nat({ max: 9 })),
});

test('the kernel finds the nonce that the plain hash of the header says, for any target', () => {
  const counts = { found: 0, none: 0 };
  const property = fc.property(searches, ({ root, target: [number, shift], ...fields }) => {
    const merkleRoot = parseHash(root.toString(16).padStart(64, '0'));
    const tried: Header = { ...header, ...fields, merkleRoot };
    const target = number >> BigInt(shift);
    const search = { ...searchOf(tried, target, 60), firstNonce: fields.firstNonce };
    const does = (nonce: number) => numberFromHash(hashHeader({ ...tried, nonce })) <= target;
    const nonces = Array.from({ length: 60 }, (_, i) => fields.firstNonce + i);
    const plain = nonces.filter((nonce) => nonce < 2 ** 32);
    const nonce = searchNonce(search);
    counts[nonce === undefined ? 'none' : 'found']++;
    expect(nonce).toBe(plain.find(does));
    expect(plain.filter((each) => isHit(search, each))).toEqual(plain.filter(does));
  });
  fc.assert(property, { numRuns: 200, seed: 7 });
  expect(counts.found).toBeGreaterThan(100);
  expect(counts.none).toBeGreaterThan(10);
});

test('a kernel that lies is not believed', async () => {
  const nonce = bestNonce(1000);
  const search = searchFor(nonce, 1000);
  const others = [nonce === 0 ? 1 : nonce - 1, nonce + 1, 1000, 2 ** 32, -1, 0.5, Number.NaN];
  for (const lie of others) {
    const liar = { search: async () => lie, stop: async () => {} };
    await expect(poolOf([liar]).search(search, never)).rejects.toMatchObject({ code: 'mining' });
  }
  const honest = { search: async () => nonce, stop: async () => {} };
  expect(await poolOf([honest]).search(search, never)).toBe(nonce);
});

test('no nonce is tried twice, and none is left out', () => {
  const search = { ...impossible(123_456), firstNonce: 1000 };
  const board = newBoard();
  const ranges: (readonly [first: number, end: number])[] = [];
  const record = ({ firstNonce, count }: Search) => {
    ranges.push([firstNonce, firstNonce + count]);
    return undefined;
  };
  // While the first searcher is at its first part another one does all the rest.
  const begin = (part: Search) => {
    if (ranges.length === 0) searchTogether(search, board, always(record, 10_000));
    return record(part);
  };
  searchTogether(search, board, always(begin, 3_000));
  const sorted = ranges.toSorted(([a], [b]) => a - b);
  expect(sorted.length).toBeGreaterThan(5);
  expect(sorted[0]?.[0]).toBe(1000);
  expect(sorted.at(-1)?.[1]).toBe(124_456);
  const begins = sorted.slice(1).map(([first]) => first);
  expect(begins).toEqual(sorted.slice(0, -1).map(([, end]) => end));
  expect(triedOn(board)).toBe(123_456);
});

test('threads are as many as asked for, within the cores; else all cores but one', () => {
  expect([1, 2, 8].map((cores) => threadCount(undefined, cores))).toEqual([1, 1, 7]);
  expect([1, 7, 8, 9, 999].map((asked) => threadCount(asked, 8))).toEqual([1, 7, 8, 8, 8]);
});

describe('three threads', () => {
  test('try every nonce once, and count what they try', async () => {
    const pool = poolOf(newThreads(3));
    expect(await pool.search(impossible(200_001), never)).toBeUndefined();
    expect(pool.tried).toBe(200_001);
    expect(await pool.search(impossible(5), never)).toBeUndefined();
    expect(pool.tried).toBe(200_006);
  });

  test('find the one nonce that there is, and end with it', async () => {
    const pool = poolOf(newThreads(3));
    const nonce = bestNonce(30_000);
    expect(await pool.search(searchFor(nonce, 2 ** 32), never)).toBe(nonce);
    // Each of the others ended the part that it was at.
    expect(pool.tried).toBeLessThan(200_000);
  });

  test('leave a search that is in vain, and are there for the next one', async () => {
    const pool = poolOf(newThreads(3));
    const controller = new AbortController();
    const searching = pool.search(impossible(2 ** 32), controller.signal);
    controller.abort();
    expect(await searching).toBeUndefined();
    expect(await pool.search(impossible(2 ** 32), controller.signal)).toBeUndefined();
    const nonce = bestNonce(1000);
    expect(await pool.search(searchFor(nonce, 1000), never)).toBe(nonce);
  });

  test('do two searches at a time, and mix up none', async () => {
    const pool = poolOf(newThreads(3));
    const nonces = [10, 100, 1000].map(bestNonce);
    const found = nonces.map((nonce) => pool.search(searchFor(nonce, nonce + 1), never));
    expect(await Promise.all(found)).toEqual(nonces);
  });

  test('all end when they are told to, and a search that goes on fails', async () => {
    const pool = poolOf(newThreads(3));
    const searching = pool.search(impossible(2 ** 32), never);
    const failing = expect(searching).rejects.toMatchObject({ code: 'mining' });
    await pool.stop();
    await failing;
  });
});

test('a thread that dies fails its search and those that wait, and is started anew', async () => {
  const thread = new MiningThread();
  const pool = poolOf([thread, ...newThreads(1)]);
  const failing = expect(pool.search(impossible(2 ** 32), never)).rejects.toMatchObject({
    code: 'mining',
    message: 'a mining thread ended',
  });
  // A header that is too short is a bug, of which a worker dies; it is at another search before.
  const broken = { ...impossible(100), header: new Uint8Array(3) };
  const dying = thread.search(broken, newBoard());
  const ended = expect(dying).rejects.toMatchObject({ code: 'mining' });
  await thread.stop();
  await Promise.all([failing, ended]);
  await expect(pool.search(broken, never)).rejects.toMatchObject({ code: 'mining' });
  const nonce = bestNonce(1000);
  expect(await pool.search(searchFor(nonce, 1000), never)).toBe(nonce);
});

/** How nice the threads of this process are to others: from -20 to 19, and 0 as a rule. */
function niceness(): readonly number[] {
  return readdirSync('/proc/self/task').map((thread) => {
    const text = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8');
    // Behind the name, which may hold anything, the seventeenth.
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[16]);
  });
}

test.runIf(process.platform === 'linux')(
  'a thread that mines lets all others go first',
  async () => {
    const before = niceness();
    const thread = new MiningThread();
    await thread.search(impossible(100), newBoard());
    const mining = niceness().filter((nice) => nice === 19);
    expect(mining).toHaveLength(before.filter((nice) => nice === 19).length + 1);
    expect(getPriority()).toBe(0);
    await thread.stop();
  },
);
