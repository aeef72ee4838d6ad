/** A member of the mempool: a payment that waits, and what is known of it among the others. */
import type { Hash } from '../primitives/codec.ts';
import type { Coin } from '../primitives/coin.ts';
import { isUnspendable } from '../primitives/script.ts';
import { type Transaction, totalBytes } from '../primitives/transaction.ts';
import { compareRates, type Package } from './package.ts';
import type { Waiting } from './waiting.ts';

/** A payment that may wait, with the coins it spends in the order of its inputs. */
export interface Candidate extends Waiting {
  readonly coins: readonly Coin[];
}

/** A payment that waits, and its place among the others. */
export interface Member extends Candidate {
  readonly id: Hash;
  /** The order of arrival: that of parents is below that of their children. */
  readonly number: number;
  /** Virtual bytes. */
  readonly bytes: number;
  /** Its fee, and what an operator lets it count for beside. Core: GetModifiedFee. */
  readonly modifiedFee: bigint;
  /** What it takes of this machine's memory; an estimate, see `memoryBytes`. */
  readonly memoryBytes: number;
  /** Those that wait and whose coins it spends. */
  readonly parents: ReadonlySet<Hash>;
  /** Those that wait and spend its coins. */
  readonly children: ReadonlySet<Hash>;
  /** It and all that must be in a block before it. */
  readonly ancestors: Package;
  /** It and all that cannot be in a block without it. */
  readonly descendants: Package;
}

/**
 * The memory that a payment takes, in bytes: its own, and the objects and entries that stand around
 * them here. The constants are measured, on Node 24: one input and two outputs take 5.8 kB, each
 * further input 1.6 kB and each further output 0.6 kB.
 */
export function memoryBytes(transaction: Transaction): number {
  const { inputs, outputs } = transaction;
  return totalBytes(transaction) + 3_000 + 1_500 * inputs.length + 600 * outputs.length;
}

/** The payment as a package of its own, with what it is to count for. */
export function aloneIn({ bytes, modifiedFee }: Member): Package {
  return { count: 1, bytes, fees: modifiedFee };
}

/** The same with what it truly pays. */
export function paidBy({ bytes, fee }: Member): Package {
  return { count: 1, bytes, fees: fee };
}

/** Which of two expires first. */
export function isOlder(one: Member, other: Member): boolean {
  return one.time === other.time ? one.number < other.number : one.time < other.time;
}

/**
 * Which of two goes first where there is too little room; of equal ones the later. Core:
 * CompareTxMemPoolEntryByDescendantScore.
 */
export function isPoorer(one: Member, other: Member): boolean {
  const difference = compareRates(score(one), score(other));
  return difference === 0 ? one.number > other.number : difference < 0;
}

/** A payment is worth keeping for itself, or for what pays for it. */
function score(member: Member) {
  const alone = aloneIn(member);
  return compareRates(alone, member.descendants) > 0 ? alone : member.descendants;
}

/** The text of a script, to be the key of a map: a character for each byte. */
export function scriptKey(script: Uint8Array): string {
  return String.fromCharCode(...script);
}

/** The scripts of the coins that it makes and spends. */
export function scriptsOf({ transaction, coins }: Candidate): ReadonlySet<string> {
  const made = transaction.outputs.filter(({ script }) => !isUnspendable(script));
  return new Set([...made, ...coins].map(({ script }) => scriptKey(script)));
}
