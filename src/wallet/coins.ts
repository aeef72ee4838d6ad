/**
 * The coins that a wallet can spend, and the order in which it does.
 *
 * A coin of a payment that waits can be spent at once, but nodes let only so many payments wait in
 * a row. So each coin knows the row that it stands at the end of, and no payment here joins rows
 * into one that is too long.
 */
import type { Hash } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import { maxPackageCount, maxPaymentWeight } from '../primitives/standard.ts';
import type { OutPoint, Output } from '../primitives/transaction.ts';
import { addCoin, nothing, type Sum, signedWeight } from './fee.ts';
import type { KeyPath } from './keys.ts';

/** A coin that we have the key of. */
export interface OwnedCoin {
  readonly outPoint: OutPoint;
  readonly output: Output;
  readonly path: KeyPath;
  /** The payments that must be in a block before it can be: none where it is in one already. */
  readonly ancestors: readonly Hash[];
  /** Do so many hang on one of those that no further payment may? */
  readonly isAtLimit: boolean;
}

/** Confirmed before unconfirmed, which may yet come to nothing; the largest first. */
export function inOrder(coins: readonly OwnedCoin[]): readonly OwnedCoin[] {
  const isWaiting = ({ ancestors }: OwnedCoin) => Number(ancestors.length > 0);
  return coins.toSorted(
    (a, b) => isWaiting(a) - isWaiting(b) || Number(b.output.amount - a.output.amount),
  );
}

/** The first of these coins that one payment may spend together, beside those that it must. */
export function withinLimit(
  coins: readonly OwnedCoin[],
  spent: readonly OwnedCoin[] = [],
): readonly OwnedCoin[] {
  const row = new Set(spent.flatMap(({ ancestors }) => ancestors));
  return coins.filter(({ ancestors, isAtLimit }) => {
    const more = ancestors.filter((each) => !row.has(each));
    // The payment itself counts as well.
    if (isAtLimit || (more.length > 0 && row.size + more.length >= maxPackageCount)) return false;
    for (const each of more) row.add(each);
    return true;
  });
}

/** These coins, reckoned together. */
export function sumOf(coins: readonly OwnedCoin[]): Sum {
  return coins.reduce((sum, { output }) => addCoin(sum, output), nothing);
}

/** Replaceable by a higher fee (BIP125), without a relative lock time (BIP68). */
const sequence = 0xffff_fffd;

/** The input that spends this coin, not signed yet. */
export function inputOf({ outPoint }: OwnedCoin) {
  return { prevout: outPoint, scriptSig: new Uint8Array(0), sequence, witness: [] };
}

/** Refuses a payment that no node would pass on. */
export function checkWeight(sum: Sum, outputs: readonly Output[]): void {
  if (signedWeight(sum, outputs) <= maxPaymentWeight) return;
  const told = `${sum.count} coins are more than one payment can spend`;
  throw new Fault('payment-too-large', `${told}: pay in smaller parts`);
}

/** The coins would do, were it not for the payments that they hang on. */
export function tooLongChain(): Fault {
  const told = `the coins hang on a row of payments that wait, and ${maxPackageCount} is the most`;
  return new Fault(
    'too-long-mempool-chain',
    `${told}: wait for a block, or run chain mine, and try again`,
  );
}
