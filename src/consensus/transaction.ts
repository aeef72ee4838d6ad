/** What makes a transaction valid by itself, before any coin is looked at. */
import { isMoney, maxMoney } from '../primitives/amount.ts';
import { outputKind } from '../primitives/script.ts';
import {
  isCoinbase,
  isNoOutPoint,
  outPointName,
  strippedBytes,
  type Transaction,
  txid,
} from '../primitives/transaction.ts';
import { firstReject, reject, type Verdict, valid } from './reject.ts';

/** The most that a block may weigh, and so a transaction. Core: MAX_BLOCK_WEIGHT. */
export const maxBlockWeight = 4_000_000;

/** Bitcoin's rules for a transaction alone. Core: CheckTransaction. */
export function checkTransaction(transaction: Transaction): Verdict {
  return (
    checkNotEmpty(transaction) ??
    checkSize(transaction) ??
    checkAmounts(transaction) ??
    checkDistinctInputs(transaction) ??
    (isCoinbase(transaction) ? checkCoinbaseScript(transaction) : checkPrevouts(transaction))
  );
}

/** Our own rules, which only tighten Bitcoin's: there is no Script here to run. */
export function checkSubset(transaction: Transaction): Verdict {
  return (
    checkNotNodeSized(transaction) ??
    (isCoinbase(transaction) ? valid : checkInputKinds(transaction)) ??
    checkOutputKinds(transaction)
  );
}

function checkNotEmpty(transaction: Transaction): Verdict {
  if (transaction.inputs.length === 0) return reject('bad-txns-vin-empty');
  return transaction.outputs.length > 0 ? valid : reject('bad-txns-vout-empty');
}

function checkSize(transaction: Transaction): Verdict {
  const bytes = strippedBytes(transaction);
  return bytes * 4 <= maxBlockWeight ? valid : reject('bad-txns-oversize', { bytes });
}

/** Each amount and their sum is money, or coins could be made of an overflow. CVE-2010-5139. */
function checkAmounts({ outputs }: Transaction): Verdict {
  let total = 0n;
  for (const [output, { amount }] of outputs.entries()) {
    if (amount < 0n) return reject('bad-txns-vout-negative', { output, amount });
    if (amount > maxMoney) return reject('bad-txns-vout-toolarge', { output, amount });
    total += amount;
    if (!isMoney(total)) return reject('bad-txns-txouttotal-toolarge', { total });
  }
  return valid;
}

/** No coin is spent twice within a transaction, or coins are made of nothing. CVE-2018-17144. */
function checkDistinctInputs({ inputs }: Transaction): Verdict {
  const seen = new Set<string>();
  for (const { prevout } of inputs) {
    const coin = outPointName(prevout);
    if (seen.has(coin)) return reject('bad-txns-inputs-duplicate', { coin });
    seen.add(coin);
  }
  return valid;
}

function checkCoinbaseScript({ inputs }: Transaction): Verdict {
  const length = inputs[0]?.scriptSig.length ?? 0;
  return length >= 2 && length <= 100 ? valid : reject('bad-cb-length', { length });
}

function checkPrevouts({ inputs }: Transaction): Verdict {
  return firstReject(inputs, ({ prevout }, input) =>
    isNoOutPoint(prevout) ? reject('bad-txns-prevout-null', { input }) : valid,
  );
}

/**
 * Sixty-four bytes are also two hashes of the merkle tree side by side: such a transaction could be
 * shown as an inner node of the tree, and a node as a transaction. BIP54.
 */
function checkNotNodeSized(transaction: Transaction): Verdict {
  return isNodeSized(transaction) ? reject('bad-txns-size', { txid: txid(transaction) }) : valid;
}

export function isNodeSized(transaction: Transaction): boolean {
  return strippedBytes(transaction) === 64;
}

/** All our coins are spent by their witness alone. */
function checkInputKinds({ inputs }: Transaction): Verdict {
  return firstReject(inputs, ({ scriptSig }, input) =>
    scriptSig.length === 0
      ? valid
      : reject('input-kind', { input, scriptSigBytes: scriptSig.length }),
  );
}

/** P2WPKH, P2TR or a data carrier: the only scripts whose meaning we know without running them. */
function checkOutputKinds({ outputs }: Transaction): Verdict {
  return firstReject(outputs, ({ script }, output) =>
    outputKind(script) ? valid : reject('output-kind', { output, scriptBytes: script.length }),
  );
}
