/** Hashing many messages at a time: as the plain way does, and the plain way where it is wrong. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { longestMessage, newBatch } from '../src/hashing/batch.ts';
import { chooseHasher, newBatchHasher } from '../src/primitives/batchhasher.ts';
import { sha256d } from '../src/primitives/hash.ts';
import { type Hasher, plainHasher } from '../src/primitives/hasher.ts';

/** Around the ends of blocks, and what transactions have. */
const lengths = fc.oneof(
  fc.constantFrom(0, 1, 32, 55, 56, 63, 64, 65, 80, 119, 120, 127, 128, 183, 184, 247, 248),
  fc.integer({ min: 220, max: 250 }),
  fc.nat({ max: 700 }),
);
const message = lengths.chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));

function hex(hashes: Uint8Array): readonly string[] {
  const count = hashes.length / 32;
  return Array.from({ length: count }, (_, i) =>
    Buffer.from(hashes.subarray(i * 32, i * 32 + 32)).toString('hex'),
  );
}

const plainly = (messages: readonly Uint8Array[]) =>
  messages.map((each) => Buffer.from(sha256d(each)).toString('hex'));

/** So many bytes, of which none is like its neighbours. */
function bytes(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Math.imul(i + seed, 0x9e37_79b1) >>> 24);
}

describe.each<readonly [string, Hasher]>([
  ['the plain hasher', plainHasher],
  ['the batch', newBatchHasher()],
])('%s', (_, hasher) => {
  test('hashes messages of any lengths in their order', () => {
    const property = fc.property(fc.array(message, { maxLength: 30 }), (messages) => {
      expect(hex(hasher.hashAll(messages))).toEqual(plainly(messages));
    });
    fc.assert(property, { numRuns: 150, seed: 21 });
  });

  test.each([0, 1, 2, 3, 4, 5, 7, 8, 63, 64, 65, 130])('hashes %i at a time', (count) => {
    const [pairs, headers] = [bytes(count * 64), bytes(count * 80)];
    const parts = (all: Uint8Array, size: number) =>
      Array.from({ length: count }, (_, i) => all.subarray(i * size, i * size + size));
    expect(hex(hasher.hashPairs(pairs))).toEqual(plainly(parts(pairs, 64)));
    expect(hex(hasher.hashHeaders(headers))).toEqual(plainly(parts(headers, 80)));
    for (const length of [0, 55, 56, 64, 119, 120, 230]) {
      const equal = Array.from({ length: count }, (_, i) => bytes(length, i * 7));
      expect(hex(hasher.hashAll(equal))).toEqual(plainly(equal));
    }
  });

  test('leaves no trace of one message in the next', () => {
    const [long, short] = [new Uint8Array(500).fill(255), new Uint8Array(3)];
    hasher.hashAll([long, long, long, long]);
    expect(hex(hasher.hashAll([short, long, short]))).toEqual(plainly([short, long, short]));
  });

  test('hashes what is long, and what is too long for a batch', () => {
    const long = [longestMessage, longestMessage + 1, 10, 400_000].map((length) => bytes(length));
    expect(hex(hasher.hashAll(long))).toEqual(plainly(long));
    const many = Array.from({ length: 9 }, (_, i) => bytes(longestMessage - i * 64));
    expect(hex(hasher.hashAll(many))).toEqual(plainly(many));
  });

  test('takes views of greater buffers', () => {
    const all = bytes(1_000);
    const views = [all.subarray(1, 62), all.subarray(3, 130), all.subarray(999), all];
    expect(hex(hasher.hashAll(views))).toEqual(plainly(views));
    expect(hex(hasher.hashPairs(all.subarray(7, 135)))).toEqual(
      plainly([all.subarray(7, 71), all.subarray(71, 135)]),
    );
  });
});

test('a batch says that a message is too long, and is not wrong', () => {
  expect(() => newBatch().hashAll([new Uint8Array(longestMessage + 1)])).toThrow(RangeError);
});

test.runIf(process.arch === 'x64')('a machine without four lanes does without them', () => {
  const script = `
    import { wasmKernel } from './src/miner/wasmkernel.ts';
    import { isSound } from './src/miner/kernelchoice.ts';
    import { chooseHasher } from './src/primitives/batchhasher.ts';
    const isMissing = (variant) => {
      try { return !wasmKernel(variant); } catch { return true; }
    };
    console.log(chooseHasher().name, isSound(wasmKernel('one lane')), isMissing('four lanes'),
      isMissing('four lanes and one'));
  `;
  const cwd = join(import.meta.dirname, '..');
  const words = ['--no-enable-sse4-1', '--no-enable-avx', '--input-type=module', '-e', script];
  const { stdout, stderr } = spawnSync(process.execPath, words, { cwd, encoding: 'utf8' });
  expect(stdout, stderr).toBe('noble true true true\n');
});

describe('chosen is', () => {
  test('the batch, where the machine has it', () => {
    expect(chooseHasher().name).toBe('wasm, four lanes');
  });

  const batch = newBatchHasher();
  const flipped = (hashes: Uint8Array, i: number) =>
    hashes.map((byte, j) => (j === i ? byte ^ 1 : byte));
  test.each<readonly [string, () => Hasher]>([
    [
      'cannot be made',
      () => {
        throw new Error('no such instruction');
      },
    ],
    [
      'fails',
      () => ({
        ...batch,
        hashAll: () => {
          throw new Error('unreachable');
        },
      }),
    ],
    [
      'is wrong in one bit of one hash',
      () => ({
        ...batch,
        hashAll: (all) => flipped(batch.hashAll(all), 32 * 64 + 5),
      }),
    ],
    [
      'is wrong in one bit of a pair',
      () => ({
        ...batch,
        hashPairs: (all) => flipped(batch.hashPairs(all), 69 * 32 + 31),
      }),
    ],
    [
      'is wrong in one bit of a header',
      () => ({
        ...batch,
        hashHeaders: (all) => flipped(batch.hashHeaders(all), 0),
      }),
    ],
    ['leaves one out', () => ({ ...batch, hashAll: (all) => batch.hashAll(all.slice(1)) })],
  ])('never one that %s', (_, make) => {
    expect(chooseHasher(make)).toBe(plainHasher);
  });
});
