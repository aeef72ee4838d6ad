/** Kernels of machine code: each finds what the plain one finds, and which of them is taken. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Variant } from '../src/hashing/mining.ts';
import { isHit, type Kernel, plainKernel, type Search } from '../src/miner/kernel.ts';
import { chooseKernel, isSound, wasmKernels } from '../src/miner/kernelchoice.ts';
import { wasmKernel } from '../src/miner/wasmkernel.ts';

const variants: readonly Variant[] = ['one lane', 'four lanes', 'four lanes and one'];

const searches = fc.record({
  header: fc.uint8Array({ minLength: 80, maxLength: 80 }),
  // Of the first byte hangs how many nonces do: all, some or hardly one.
  target: fc
    .tuple(fc.constantFrom(0, 1, 7, 63, 255), fc.uint8Array({ minLength: 31, maxLength: 31 }))
    .map(([first, others]) => Uint8Array.of(first, ...others)),
  firstNonce: fc.oneof(
    fc.nat({ max: 0xffff_ffff }),
    fc.integer({ min: 2 ** 31 - 200, max: 2 ** 31 + 200 }),
    fc.integer({ min: 2 ** 32 - 300, max: 2 ** 32 - 1 }),
  ),
  count: fc.nat({ max: 400 }),
});

/** The hash of the header with this nonce, big end first: the target that it just meets. */
function hashAsTarget(search: Search, nonce: number): Uint8Array {
  const target = new Uint8Array(32);
  // From the most significant byte on, each as low as it can be for the nonce to do.
  for (let i = 0; i < 32; i++) {
    let [low, high] = [0, 255];
    while (low < high) {
      const middle = (low + high) >> 1;
      const tried = Uint8Array.from(target, (byte, j) => (j === i ? middle : j > i ? 255 : byte));
      if (isHit({ ...search, target: tried, firstNonce: nonce, count: 1 }, nonce)) high = middle;
      else low = middle + 1;
    }
    target[i] = low;
  }
  return target;
}

describe.each(variants)('%s', (variant) => {
  const kernel = wasmKernel(variant);

  test('finds what the plain kernel finds, in any search', () => {
    const counts = { found: 0, none: 0 };
    const property = fc.property(searches, (search) => {
      const nonce = plainKernel.search(search);
      counts[nonce === undefined ? 'none' : 'found']++;
      expect(kernel.search(search)).toBe(nonce);
    });
    fc.assert(property, { numRuns: 300, seed: 11 });
    expect(Math.min(counts.found, counts.none)).toBeGreaterThan(50);
  });

  test('takes a hash that is the target itself, and none above', () => {
    const property = fc.property(searches, fc.nat({ max: 30 }), (search, i) => {
      const nonce = Math.min(search.firstNonce + i, 2 ** 32 - 1);
      const target = hashAsTarget(search, nonce);
      const only = { ...search, target, firstNonce: nonce, count: 1 };
      expect(kernel.search(only)).toBe(nonce);
      expect(kernel.search(lower(only))).toBeUndefined();
    });
    fc.assert(property, { numRuns: 30, seed: 12 });
  });

  test('ends with the last nonce there is, and does not begin anew', () => {
    const target = new Uint8Array(32).fill(255);
    const header = new Uint8Array(80).fill(5);
    const last = { header, target, firstNonce: 2 ** 32 - 1, count: 1000 };
    expect(kernel.search(last)).toBe(2 ** 32 - 1);
    expect(kernel.search({ ...last, firstNonce: 2 ** 32 })).toBeUndefined();
    expect(kernel.search({ ...last, target: new Uint8Array(32) })).toBeUndefined();
    expect(kernel.search({ ...last, count: 0 })).toBeUndefined();
  });

  test('goes over the borders of its calls, and leaves out no nonce', () => {
    // One hash in 65,536 does: some are behind the first million.
    const target = Uint8Array.of(0, 0, ...new Uint8Array(30).fill(255));
    const search = { header: new Uint8Array(80).fill(9), target, firstNonce: 7, count: 1_200_000 };
    const found: number[] = [];
    let nonce = kernel.search(search);
    while (nonce !== undefined) {
      found.push(nonce);
      expect(isHit(search, nonce)).toBe(true);
      const count = search.firstNonce + search.count - nonce - 1;
      nonce = kernel.search({ ...search, firstNonce: nonce + 1, count });
    }
    expect(found.length).toBeGreaterThan(5);
    const later = { ...search, firstNonce: (found.at(-1) ?? 0) - 50, count: 60 };
    expect(plainKernel.search(later)).toBe(found.at(-1));
    expect(kernel.search(search)).toBe(found[0]);
  });

  test('is sound', () => {
    expect(isSound(kernel)).toBe(true);
  });
});

interface Other {
  readonly name: string;
  /** What a turn of it lasts beyond the 10 ms of a plain one. */
  readonly extraMs?: number;
  readonly search?: Kernel['search'];
}

/** The name of the kernel that is left in the end. */
function chosenOf(...others: readonly Other[]): string {
  let ms = 0;
  const makers = others.map(({ name, extraMs = 0, search = plainKernel.search }) => () => ({
    ...plainKernel,
    name,
    search: (wanted: Search) => {
      ms += extraMs;
      return search(wanted);
    },
  }));
  const clock = () => {
    ms += 10;
    return ms;
  };
  return lastOf(chooseKernel(makers, clock));
}

/** The kernel that comes again and again once all have had their turns. */
function lastOf(kernels: Generator<Kernel, never>): string {
  const inVain = { header: new Uint8Array(80), target: new Uint8Array(32), firstNonce: 0 };
  let [kernel, times] = [kernels.next().value, 1];
  while (times < 5) {
    kernel.search({ ...inVain, count: kernel.noncesAtOnce });
    const next = kernels.next().value;
    times = next === kernel ? times + 1 : 1;
    kernel = next;
  }
  return kernel.name;
}

/** The plain answers, but for nonces of which this is true. */
function without(isLeftOut: (nonce: number) => boolean): Kernel['search'] {
  return (search) => {
    const nonce = plainKernel.search(search);
    if (nonce === undefined || !isLeftOut(nonce)) return nonce;
    const count = search.firstNonce + search.count - nonce - 1;
    return without(isLeftOut)({ ...search, firstNonce: nonce + 1, count });
  };
}

/** The same search for what is less than the target. */
function lower(search: Search): Search {
  const target = Uint8Array.from(search.target);
  const last = target.findLastIndex((byte) => byte > 0);
  target[last] = (target[last] ?? 0) - 1;
  return { ...search, target: target.fill(255, last + 1) };
}

describe('what is chosen', () => {
  test('is the fastest, in whatever order they come', () => {
    const [slow, fast, faster] = [
      { name: 'slow', extraMs: 5 },
      { name: 'fast', extraMs: -2 },
      { name: 'faster', extraMs: -4 },
    ];
    expect(chosenOf(slow)).toBe('noble');
    expect(chosenOf(fast, faster, slow)).toBe('faster');
    expect(chosenOf(faster, slow, fast)).toBe('faster');
  });

  test('is the plain kernel where there is no other, or none can be made', () => {
    expect(chosenOf()).toBe('noble');
    const missing = () => {
      throw new Error('no such instruction');
    };
    expect(lastOf(chooseKernel([missing, missing], () => 0))).toBe('noble');
  });

  test('is machine code, where the machine has it and it is faster', () => {
    // Time goes by ever more slowly: so whoever comes later is faster.
    let [ms, readings] = [0, 0];
    const clock = () => {
      ms += 1 / ++readings;
      return ms;
    };
    expect(lastOf(chooseKernel(wasmKernels, clock))).toBe('wasm, one lane');
  });

  test.each<readonly [string, Kernel['search']]>([
    ['never finds one', () => undefined],
    ['says zero', () => 0],
    ['takes whatever comes first', ({ firstNonce }) => firstNonce],
    ['takes what is equal for too high', (search) => plainKernel.search(lower(search))],
    [
      'fails',
      () => {
        throw new Error('unreachable');
      },
    ],
    ['leaves out one in five', without((nonce) => nonce % 5 === 4)],
    ['leaves out what has the highest bit', without((nonce) => nonce >= 2 ** 31)],
    ['leaves out the last', (search) => plainKernel.search({ ...search, count: search.count - 1 })],
    [
      'takes a lower target',
      ({ target, ...search }) =>
        plainKernel.search({
          ...search,
          target: Uint8Array.of(target[0] ?? 0, 0, ...target.subarray(2)),
        }),
    ],
    [
      'takes a higher target',
      ({ target, ...search }) =>
        plainKernel.search({
          ...search,
          target: Uint8Array.of((target[0] ?? 0) + 1, ...target.subarray(1)),
        }),
    ],
  ])('is never one that %s, however fast it is', (_, search) => {
    const wrong = { name: 'wrong', extraMs: -9, search };
    expect(chosenOf(wrong)).toBe('noble');
    expect(chosenOf(wrong, { name: 'right', extraMs: -1 })).toBe('right');
  });
});
