/** The methods that take payments, or say whether they would. */
import { isReject, type Reject } from '../consensus/reject.ts';
import type { Candidate } from '../mempool/member.ts';
import type { Node } from '../node/node.ts';
import { decode } from '../primitives/codec.ts';
import { isUnspendable } from '../primitives/script.ts';
import { Transaction, txid, virtualBytes, weight, wtxid } from '../primitives/transaction.ts';
import { coins, type Fields } from './exact.ts';
import { badParameter, codes, Failure } from './failure.ts';
import { type Method, method, type Run } from './method.ts';
import { type Arguments, decoded } from './parameters.ts';

/** In base units per 1,000 virtual bytes: what is above it is most likely a slip. */
const maxFeeRate = 10_000_000n;
/** And this is one for certain. */
const absurdFeeRate = 100_000_000n;

/** Core: ParseFeeRate. */
function feeRateOf(asked: Arguments): bigint {
  const rate = asked.amount('maxfeerate', maxFeeRate);
  if (rate < absurdFeeRate) return rate;
  throw badParameter('Fee rates larger than or equal to 1BTC/kvB are not accepted');
}

function readTransaction(hex: string, problem: string): Transaction {
  const transaction = decoded(hex, (bytes) => decode(Transaction, bytes), problem);
  if (transaction.inputs.length === 0) throw new Failure(codes.decoding, problem);
  return transaction;
}

const noInput = 'Make sure the tx has at least one input.';

/** Core: sendrawtransaction and BroadcastTransaction. */
const sendRawTransaction: Run = async (asked, { node, submitPayment }) => {
  const transaction = readTransaction(asked.text('hexstring'), `TX decode failed. ${noInput}`);
  const mostBurnt = asked.amount('maxburnamount', 0n);
  if (transaction.outputs.some((each) => isUnspendable(each.script) && each.amount > mostBurnt)) {
    const problem = 'Unspendable output exceeds maximum configured by user (maxburnamount)';
    throw new Failure(codes.verify, problem);
  }
  const most = feeRateOf(asked);
  const id = txid(transaction);
  if (node.mempool.get(id)) return id;
  const wanted = await node.tryPayment(transaction);
  if (!isReject(wanted)) demandFeeBelow(wanted.fee, transaction, most);
  const answer = isReject(wanted) ? wanted : await submitPayment(transaction);
  if (!isReject(answer)) return answer.id;
  const { reason } = answer;
  if (reason === 'txn-already-known') {
    throw new Failure(codes.alreadyInChain, 'Transaction outputs already in utxo set');
  }
  const isMissing = reason === 'bad-txns-inputs-missingorspent';
  throw new Failure(
    isMissing ? codes.verify : codes.rejected,
    isMissing ? reason : withFacts(answer),
  );
};

function demandFeeBelow(fee: bigint, transaction: Transaction, most: bigint): void {
  if (isFeeBelow(fee, transaction, most)) return;
  const problem = 'Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)';
  throw new Failure(codes.verify, problem);
}

/** Is the fee not above this rate a virtual byte? A rate of 0 bounds nothing. */
function isFeeBelow(fee: bigint, transaction: Transaction, most: bigint): boolean {
  return most === 0n || fee * 4_000n <= most * BigInt(weight(transaction) + 3);
}

/** As Core tells of a refusal: the reason, then what led to it. */
function withFacts({ reason, facts }: Reject<string>): string {
  return [reason, ...Object.entries(facts).map(([name, fact]) => `${name} ${fact}`)].join(', ');
}

/** So many in one call. Core: MAX_PACKAGE_COUNT. */
const maxPackage = 25;

const testMempoolAccept: Run = async (asked, { node }) => {
  const texts = asked.list('rawtxs');
  if (texts.length === 0 || texts.length > maxPackage) {
    throw badParameter(`Array must contain between 1 and ${maxPackage} transactions.`);
  }
  const most = feeRateOf(asked);
  const transactions = texts.map((text) => {
    const hex = typeof text === 'string' ? text : '';
    return readTransaction(hex, `TX decode failed: ${hex} ${noInput}`);
  });
  const [only] = transactions;
  if (only && transactions.length === 1) {
    return [{ ...namesOf(only), ...tell(only, await node.tryPayment(only), most) }];
  }
  return await tryTogether(transactions, node, most);
};

function namesOf(transaction: Transaction) {
  return { txid: txid(transaction), wtxid: wtxid(transaction) };
}

async function tryTogether(
  transactions: readonly Transaction[],
  node: Node,
  most: bigint,
): Promise<readonly Fields[]> {
  const answers = await node.tryPayments(transactions);
  if (typeof answers === 'string') {
    return transactions.map((each) => ({ ...namesOf(each), 'package-error': answers }));
  }
  let isOver = false;
  return transactions.map((transaction, i): Fields => {
    const names = namesOf(transaction);
    const answer = answers[i];
    // What comes behind one that pays too much is left open.
    if (!answer || isOver) return names;
    const told = tell(transaction, answer, most);
    isOver = !isReject(answer) && told['allowed'] === false;
    return { ...names, ...told };
  });
}

function tell(transaction: Transaction, answer: Candidate | Reject<string>, most: bigint): Fields {
  if (isReject(answer)) {
    const { reason } = answer;
    if (reason === 'bad-txns-inputs-missingorspent') {
      return { allowed: false, 'reject-reason': 'missing-inputs' };
    }
    return { allowed: false, 'reject-reason': reason, 'reject-details': withFacts(answer) };
  }
  const { fee } = answer;
  if (!isFeeBelow(fee, transaction, most)) {
    return { allowed: false, 'reject-reason': 'max-fee-exceeded' };
  }
  const vsize = virtualBytes(transaction);
  const rate = coins((fee * 1_000n) / BigInt(vsize));
  const effective = { 'effective-feerate': rate, 'effective-includes': [wtxid(transaction)] };
  return { allowed: true, vsize, fees: { base: coins(fee), ...effective } };
}

export const acceptMethods: readonly Method[] = [
  method(
    'sendrawtransaction',
    'hexstring:string maxfeerate:amount? maxburnamount:amount?',
    'Takes a signed payment, to wait for a block; its txid.',
    sendRawTransaction,
  ),
  method(
    'testmempoolaccept',
    'rawtxs:array maxfeerate:amount?',
    'Tells of payments whether they might wait here now, parents before their children.',
    testMempoolAccept,
  ),
];
