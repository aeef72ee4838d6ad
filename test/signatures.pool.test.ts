/** Threads that check signatures: what they say is true, whatever becomes of them. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { breathless } from '../src/chain/breathe.ts';
import { type Checker, SignaturePool } from '../src/cli/signaturepool.ts';
import { SignatureThread } from '../src/cli/signaturethread.ts';
import { nobleEngine } from '../src/primitives/reference.ts';
import { type SignatureCheck, verify } from '../src/primitives/signature.ts';
import { keyOf, turnBit } from './forge.ts';

/** True signatures, of either kind by turns. */
const good = Array.from({ length: 20 }, (_, i): SignatureCheck => {
  const { secret, publicKey } = keyOf(i);
  const digest = new Uint8Array(32).fill(i);
  if (i % 2 === 0) {
    const signature = secp256k1.sign(digest, secret, { prehash: false });
    return { scheme: 'ecdsa', signature, digest, publicKey };
  }
  const signature = schnorr.sign(digest, secret, digest);
  return { scheme: 'schnorr', signature, digest, publicKey: schnorr.getPublicKey(secret) };
});
const bad = good.map((check) => ({ ...check, digest: turnBit(check.digest, 5) }));

/** So many checks, no two the same object, of which those at these places do not hold. */
function checksOf(length: number, broken: ReadonlySet<number> = new Set()) {
  return Array.from({ length }, (_, i) => {
    const check = (broken.has(i) ? bad : good)[i % good.length] ?? good[0];
    return { ...check, input: i } as SignatureCheck & { readonly input: number };
  });
}

const pools: SignaturePool[] = [];
afterAll(() => Promise.all(pools.map((pool) => pool.stop())));

function poolOf(...threads: readonly Checker[]): SignaturePool {
  const engine = async () => nobleEngine;
  const pool = new SignaturePool({ threads, engine, breathe: breathless });
  pools.push(pool);
  return pool;
}

test('the checks of these tests are what they are called', () => {
  expect(good.every((check) => verify(check, nobleEngine))).toBe(true);
  expect(bad.some((check) => verify(check, nobleEngine))).toBe(false);
});

test('of however many checks the first that does not hold is told, and no other', async () => {
  const pool = poolOf(new SignatureThread(), new SignatureThread());
  const places = fc.array(fc.nat({ max: 1_100 }), { maxLength: 3 });
  const property = fc.asyncProperty(fc.nat({ max: 1_000 }), places, async (length, broken) => {
    const checks = checksOf(length, new Set(broken));
    const first = checks[Math.min(...broken)];
    expect(await pool.findBroken(checks)).toBe(first);
  });
  await fc.assert(property, { seed: 2_000, numRuns: 40 });
});

test('a thread that dies costs time and no answer, and the next batch has a new one', async () => {
  const thread = new SignatureThread();
  const pool = poolOf(thread);
  const checks = checksOf(300, new Set([290, 299]));
  const answer = pool.findBroken(checks);
  await thread.stop();
  expect(await answer).toBe(checks[290]);
  expect(await pool.findBroken(checksOf(300))).toBeUndefined();
  expect(await pool.findBroken(checks)).toBe(checks[290]);
});

test('a thread that ended is told of as a fault', async () => {
  const thread = new SignatureThread();
  const asked = expect(thread.findBroken(Uint8Array.of(0))).rejects.toMatchObject({
    code: 'signatures',
  });
  await thread.stop();
  await asked;
});

test('a thread that cannot read its batch ends, and answers the next in a new life', async () => {
  const thread = new SignatureThread();
  pools.push(poolOf(thread));
  const garbage = Uint8Array.of(9, 9, 9);
  await expect(thread.findBroken(garbage)).rejects.toMatchObject({ code: 'signatures' });
  expect(await thread.findBroken(Uint8Array.of(0))).toBe(-1);
});

test.each([0, 5, 30, -2, 1.5, Number.NaN])(
  'a thread that says no to what holds, by the place %d, is not believed',
  async (place) => {
    const pool = poolOf({ findBroken: async () => place, stop: async () => {} });
    expect(await pool.findBroken(checksOf(30))).toBeUndefined();
    const checks = checksOf(30, new Set([20]));
    expect(await pool.findBroken(checks)).toBe(checks[20]);
  },
);

test('few checks are made at once, without a thread', async () => {
  let asked = 0;
  const findBroken = async () => {
    asked++;
    return -1;
  };
  const pool = poolOf({ findBroken, stop: async () => {} });
  const checks = checksOf(15, new Set([3]));
  expect(await pool.findBroken(checks)).toBe(checks[3]);
  expect(await pool.findBroken([])).toBeUndefined();
  expect(asked).toBe(0);
  await pool.findBroken(checksOf(16));
  expect(asked).toBe(1);
});

test('a thread that nobody waits for does not keep a process from its end', () => {
  const file = JSON.stringify(join(import.meta.dirname, '../src/cli/signaturethread.ts'));
  const script = `
    import(${file})
      .then(({ SignatureThread }) => new SignatureThread().findBroken(Uint8Array.of(0)))
      .then((place) => console.log('place', place));`;
  const words = ['--eval', script];
  const { status, stdout } = spawnSync(process.execPath, words, {
    encoding: 'utf8',
    timeout: 30_000,
  });
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'place -1\n' });
});
