/** Lock times: before which height or time a transaction may not be in a block. */
import type { Coin } from '../primitives/coin.ts';
import type { Input, Transaction } from '../primitives/transaction.ts';

/** Lock times below this are heights, the others times. Core: LOCKTIME_THRESHOLD. */
const firstLockTime = 500_000_000;
/** The sequence that says the lock time is not meant. Core: SEQUENCE_FINAL. */
export const finalSequence = 0xffff_ffff;

/** Where a transaction stands: the block's height, and the median time past of its parent. */
export interface LockContext {
  readonly height: number;
  readonly medianTimePast: number;
}

/** May the block hold it, by its lock time? BIP113 sets the clock. Core: IsFinalTx. */
export function isFinal({ lockTime, inputs }: Transaction, context: LockContext): boolean {
  const { height, medianTimePast } = context;
  return (
    lockTime < (lockTime < firstLockTime ? height : medianTimePast) ||
    lockTime === 0 ||
    inputs.every(({ sequence }) => sequence === finalSequence)
  );
}

const isDisabled = (sequence: number) => (sequence & 0x8000_0000) !== 0;
const isTimed = (sequence: number) => (sequence & 0x0040_0000) !== 0;

/** Does this input wait until its coin has an age in seconds? Then that age must be known. */
export function isTimeLocked({ version }: Transaction, { sequence }: Input): boolean {
  return version >= 2 && !isDisabled(sequence) && isTimed(sequence);
}

/** What relative locks must know further. */
export interface RelativeLockContext extends LockContext {
  /** The median time past of the block at this height, on the branch in question. */
  readonly medianTimePastAt: (height: number) => number;
}

/**
 * Are the coins old enough for the sequences of the inputs, in blocks or in units of 512 seconds?
 * BIP68; `coins` in the order of the inputs. Core: SequenceLocks.
 */
export function areCoinsOldEnough(
  { version, inputs }: Transaction,
  coins: readonly Coin[],
  context: RelativeLockContext,
): boolean {
  if (version < 2) return true;
  return inputs.every(({ sequence }, i) => {
    const coin = coins[i];
    if (!coin || isDisabled(sequence)) return true;
    const age = sequence & 0xffff;
    if (!isTimed(sequence)) return coin.height + age <= context.height;
    // A coin's age begins with the block before its own, whose time nobody could still choose.
    const since = context.medianTimePastAt(Math.max(coin.height - 1, 0));
    return since + age * 512 <= context.medianTimePast;
  });
}
