/**
 * Why a rule said no, and what that condemns.
 *
 * A rule returns a `Reject` or `valid`; it never throws, for a bad block from a stranger is an
 * ordinary event. The reasons are Bitcoin Core's own words where the rule is Core's.
 */

/**
 * What a rejection condemns. `never`: this block or transaction for ever, and its descendants.
 * `bytes`: this body but not its header, whose true body is welcome; blame the sender, and never
 * remember the hash as bad. `later`: nothing yet; keep it or ask again.
 */
export type Kind = 'never' | 'bytes' | 'later';

const kinds = {
  // The header.
  'high-hash': 'never',
  'prev-blk-not-found': 'later',
  'bad-prevblk': 'never',
  'bad-diffbits': 'never',
  'time-too-old': 'never',
  'time-too-new': 'later',
  'bad-version': 'never',
  // The block.
  'bad-txnmrklroot': 'bytes',
  'bad-txns-duplicate': 'bytes',
  'bad-blk-length': 'never',
  'bad-cb-missing': 'never',
  'bad-cb-multiple': 'never',
  'bad-cb-height': 'never',
  'bad-witness-nonce-size': 'bytes',
  'bad-witness-merkle-match': 'bytes',
  'unexpected-witness': 'bytes',
  'bad-blk-weight': 'never',
  // A transaction by itself.
  'bad-txns-vin-empty': 'never',
  'bad-txns-vout-empty': 'never',
  'bad-txns-oversize': 'never',
  'bad-txns-vout-negative': 'never',
  'bad-txns-vout-toolarge': 'never',
  'bad-txns-txouttotal-toolarge': 'never',
  'bad-txns-inputs-duplicate': 'never',
  'bad-cb-length': 'never',
  'bad-txns-prevout-null': 'never',
  // Ours alone: what makes our rules a strict subset of Bitcoin's.
  'bad-txns-size': 'never',
  'output-kind': 'never',
  'input-kind': 'never',
  'witness-form': 'never',
  // A transaction among its coins.
  'bad-txns-nonfinal': 'never',
  'bad-txns-BIP30': 'never',
  'bad-txns-inputs-missingorspent': 'never',
  'bad-txns-premature-spend-of-coinbase': 'never',
  'bad-txns-inputvalues-outofrange': 'never',
  'bad-txns-in-belowout': 'never',
  'bad-txns-fee-outofrange': 'never',
  'bad-txns-accumulated-fee-outofrange': 'never',
  'bad-cb-amount': 'never',
  'block-script-verify-flag-failed': 'never',
} as const satisfies Record<string, Kind>;

export type Reason = keyof typeof kinds;

/** Every reason there is, for the tests that hold one case against each. */
export const reasons = Object.keys(kinds) as readonly Reason[];

/** What was got and what was expected. */
export type Facts = Readonly<Record<string, string | number | bigint>>;

/** A no. The mempool and the chain have reasons of their own beside the rules'. */
export interface Reject<R extends string = Reason> {
  readonly reason: R;
  readonly kind: Kind;
  readonly facts: Facts;
}

export type Verdict = Reject | undefined;

/** The verdict of a rule that found nothing wrong. Rules join with `??`: the first no wins. */
export const valid = undefined;

export function reject(reason: Reason, facts: Facts = {}, kind: Kind = kinds[reason]): Reject {
  return { reason, kind, facts };
}

/** Is this the no of a rule, rather than what was asked for? */
export function isReject<A extends object>(answer: A): answer is Extract<A, Reject<string>> {
  return 'reason' in answer && 'kind' in answer;
}

/** The first no of a rule over many items. */
export function firstReject<T>(
  items: readonly T[],
  rule: (item: T, index: number) => Verdict,
): Verdict {
  for (const [index, item] of items.entries()) {
    const verdict = rule(item, index);
    if (verdict) return verdict;
  }
  return valid;
}

/** In a line for people: `bad-cb-amount (claimed 5000000001, allowed 5000000000)`. */
export function describeReject({ reason, facts }: Reject<string>): string {
  const told = Object.entries(facts).map(([name, fact]) => `${name} ${fact}`);
  return told.length > 0 ? `${reason} (${told.join(', ')})` : reason;
}
