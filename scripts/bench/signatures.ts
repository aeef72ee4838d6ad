/**
 * Compares the signature engines that this machine has: verifies per second of CPU time, medians of
 * rounds in which the engines take turns, as ratios to @noble/curves.
 */
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { loadEngines } from '../../src/cli/engine.ts';

const rounds = 9;
const secondsPerTurn = 0.2;

type Verify = (signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array) => boolean;

interface Subject {
  readonly name: string;
  readonly verify: Verify;
  readonly rates: number[];
}

/** Verifies in one second of this process's CPU time. */
function measure(verify: Verify, question: Parameters<Verify>): number {
  const begin = process.cpuUsage();
  let count = 0;
  for (;;) {
    for (let i = 0; i < 20; i++) {
      if (!verify(...question)) throw new Error('a true signature was refused');
    }
    count += 20;
    const { user, system } = process.cpuUsage(begin);
    const seconds = (user + system) / 1_000_000;
    if (seconds >= secondsPerTurn) return count / seconds;
  }
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

function compare(scheme: string, subjects: readonly Subject[], question: Parameters<Verify>): void {
  for (let round = 0; round <= rounds; round++) {
    for (const { verify, rates } of subjects) {
      const rate = measure(verify, question);
      // The first round warms up.
      if (round > 0) rates.push(rate);
    }
  }
  const reference = median(subjects.at(-1)?.rates ?? []);
  for (const { name, rates } of subjects) {
    const ratio = (median(rates) / reference).toFixed(1);
    console.log(`${scheme.padEnd(9)}${name.padEnd(24)}${ratio.padStart(6)} x @noble/curves`);
  }
}

const privateKey = new Uint8Array(32).fill(7);
const digest = new Uint8Array(32).fill(9);
const engines = await loadEngines();

const ecdsa = engines.flatMap(({ name, verifyEcdsa: verify }) =>
  verify ? [{ name, verify, rates: [] }] : [],
);
const signed = secp256k1.sign(digest, privateKey, { prehash: false });
compare('ECDSA', ecdsa, [signed, digest, secp256k1.getPublicKey(privateKey)]);

const bip340 = engines.flatMap(({ name, verifySchnorr: verify }) =>
  verify ? [{ name, verify, rates: [] }] : [],
);
const aux = new Uint8Array(32);
compare('BIP340', bip340, [
  schnorr.sign(digest, privateKey, aux),
  digest,
  schnorr.getPublicKey(privateKey),
]);
