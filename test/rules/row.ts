/** A row of the table of rules: a thing to judge, and what its rule must say of it. */
import type { Params } from '../../src/consensus/params.ts';
import type { Kind, Reason, Verdict } from '../../src/consensus/reject.ts';

export interface Row {
  readonly rule: Reason;
  /** What is judged, as the subject of a sentence that ends `is accepted` or `is refused`. */
  readonly subject: string;
  /** What the rule condemns; `undefined` where it has nothing to say. */
  readonly kind: Kind | undefined;
  readonly judge: (params: Params) => Verdict;
}

/** No rule at all says no, not even another than the one in question. */
export function passes(rule: Reason, subject: string, judge: Row['judge']): Row {
  return { rule, subject, kind: undefined, judge };
}

export function never(rule: Reason, subject: string, judge: Row['judge']): Row {
  return { rule, subject, kind: 'never', judge };
}

export function bytes(rule: Reason, subject: string, judge: Row['judge']): Row {
  return { rule, subject, kind: 'bytes', judge };
}

export function later(rule: Reason, subject: string, judge: Row['judge']): Row {
  return { rule, subject, kind: 'later', judge };
}
