/**
 * What is standard: the bounds that every node sets to what it passes on, and so every wallet to
 * what it makes. Not rules: a block may hold more.
 */
import { isUnspendable, outputKind } from './script.ts';

/** Base units per 1,000 virtual bytes. Core: DEFAULT_MIN_RELAY_TX_FEE, as it was for long. */
export const minFeeRate = 1_000n;
/** The heaviest payment that is passed on, in weight units. Core: MAX_STANDARD_TX_WEIGHT. */
export const maxPaymentWeight = 400_000;
/**
 * How many may wait in a package: a payment with all before it, or with all behind it. Core:
 * DEFAULT_ANCESTOR_LIMIT and DEFAULT_DESCENDANT_LIMIT.
 */
export const maxPackageCount = 25;
/**
 * What it costs to be carried through the network once more, per 1,000 virtual bytes. Core:
 * DEFAULT_INCREMENTAL_RELAY_FEE, as it was for long.
 */
export const incrementalFeeRate = 1_000n;

/**
 * The least that an output of this script must hold, in base units: below it, spending it costs
 * more than it is worth at 3 units a virtual byte, and every node would keep it for ever.
 * Core: GetDustThreshold.
 */
export function dustLimit(script: Uint8Array): bigint {
  if (isUnspendable(script)) return 0n;
  return outputKind(script)?.kind === 'p2tr' ? 330n : 294n;
}
