/**
 * What a payment will weigh once it is signed, and so what fee it must pay.
 *
 * Signatures of ECDSA vary by a byte or two. Each is counted at its longest, so that the rate which
 * is paid is never below the one that was asked for.
 */
import { compactSizeBytes } from '../primitives/codec.ts';
import { outputKind } from '../primitives/script.ts';
import type { Output } from '../primitives/transaction.ts';

/** An outpoint, no script, a sequence; four times, for these are no witness bytes. */
const strippedInputWeight = 4 * (36 + 1 + 4);

/** The witness with its counts: a signature in DER with its type and a key; a signature. */
const witnessWeights = { p2wpkh: 1 + 1 + 72 + 1 + 33, p2tr: 1 + 1 + 64 } as const;

/** What an input that spends such a coin weighs. */
function inputWeight({ script }: Output): number {
  const output = outputKind(script);
  if (!output || output.kind === 'carrier') throw new Error('assertion failed: not a coin');
  return strippedInputWeight + witnessWeights[output.kind];
}

/** Some coins: what they bring, and what they weigh as inputs. */
export interface Sum {
  readonly count: number;
  readonly amount: bigint;
  readonly weight: number;
}

/** Of no coins. */
export const nothing: Sum = { count: 0, amount: 0n, weight: 0 };

/** Of these coins and one more. */
export function addCoin({ count, amount, weight }: Sum, coin: Output): Sum {
  return {
    count: count + 1,
    amount: amount + coin.amount,
    weight: weight + inputWeight(coin),
  };
}

/** What the payment weighs once it is signed, at most. */
export function signedWeight({ count, weight }: Sum, outputs: readonly Output[]): number {
  const outputsBytes = outputs
    .map(({ script }) => 8 + compactSizeBytes(script.length) + script.length)
    .reduce((sum, bytes) => sum + bytes, compactSizeBytes(outputs.length));
  // Version and lock time, and the mark that there are witnesses.
  return 4 * (8 + compactSizeBytes(count) + outputsBytes) + 2 + weight;
}

/** The fee at this rate, in base units per 1,000 virtual bytes; no part of a unit is left out. */
export function feeOf(weight: number, feeRate: bigint): bigint {
  return (BigInt(Math.ceil(weight / 4)) * feeRate + 999n) / 1_000n;
}

/** Does the coin bring more than the fee for spending it? */
export function isWorthwhile(coin: Output, feeRate: bigint): boolean {
  return coin.amount * 4_000n > BigInt(inputWeight(coin)) * feeRate;
}
