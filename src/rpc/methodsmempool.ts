/** The methods that tell of the payments that wait for a block, and take new ones. */
import { isReject, type Reject } from '../consensus/reject.ts';
import type { Member } from '../mempool/member.ts';
import type { Node } from '../node/node.ts';
import { mempoolState } from '../node/view.ts';
import { decode } from '../primitives/codec.ts';
import { isUnspendable } from '../primitives/script.ts';
import { Transaction, txid, weight, wtxid } from '../primitives/transaction.ts';
import { coins, type Fields, type Value } from './exact.ts';
import { badParameter, codes, Failure } from './failure.ts';
import { memberJson, stateJson } from './jsonmempool.ts';
import { type Method, method, type Run } from './method.ts';
import { type Arguments, decoded, hashIn, objectsIn, wholeIn } from './parameters.ts';

const getMempoolInfo: Run = (_asked, { node, now }) =>
  stateJson(mempoolState(node.mempool, now()), coins);

function entryFields(member: Member, { mempool }: Node): Fields {
  const family = [member, ...mempool.ancestorsOf(member)];
  const isSignalling = family.some(({ transaction: { inputs } }) =>
    inputs.some(({ sequence }) => sequence < 0xffff_fffe),
  );
  return memberJson(member, isSignalling, coins);
}

/** The ids of these payments, or all that is known of them. */
function tell(members: readonly Member[], isVerbose: boolean, node: Node): Value {
  if (!isVerbose) return members.map(({ id }) => id);
  return Object.fromEntries(members.map((member) => [member.id, entryFields(member, node)]));
}

function findMember(asked: Arguments, { mempool }: Node): Member {
  const member = mempool.get(asked.hash('txid'));
  if (member) return member;
  throw new Failure(codes.addressOrKey, 'Transaction not in mempool');
}

const getRawMempool: Run = (asked, { node }) => {
  const isVerbose = asked.flag('verbose', false);
  if (asked.flag('mempool_sequence', false)) {
    throw badParameter('This node numbers no changes of its mempool');
  }
  return tell(node.mempool.list(), isVerbose, node);
};

const getTxSpendingPrevout: Run = (asked, { node }) => {
  const outputs = objectsIn(asked.list('outputs'));
  if (outputs.length === 0) throw badParameter('Invalid parameter, outputs are missing');
  return outputs.map((each): Fields => {
    const outPoint = { txid: hashIn(each, 'txid'), index: wholeIn(each, 'vout', 0xffff_ffff) };
    const spendingtxid = node.mempool.spenderOf(outPoint);
    return { txid: outPoint.txid, vout: outPoint.index, spendingtxid };
  });
};

/** In base units per 1,000 virtual bytes: what is above it is most likely a slip. */
const maxFeeRate = 10_000_000n;

function readTransaction(hex: string): Transaction {
  const problem = 'TX decode failed. Make sure the tx has at least one input.';
  const transaction = decoded(hex, (bytes) => decode(Transaction, bytes), problem);
  if (transaction.inputs.length === 0) throw new Failure(codes.decoding, problem);
  return transaction;
}

/** Core: sendrawtransaction and BroadcastTransaction. */
const sendRawTransaction: Run = async (asked, { node, submitPayment }) => {
  const transaction = readTransaction(asked.text('hexstring'));
  const mostBurnt = asked.amount('maxburnamount', 0n);
  if (transaction.outputs.some((each) => isUnspendable(each.script) && each.amount > mostBurnt)) {
    const problem = 'Unspendable output exceeds maximum configured by user (maxburnamount)';
    throw new Failure(codes.verify, problem);
  }
  const id = txid(transaction);
  if (node.mempool.get(id)) return id;
  const wanted = await node.tryPayment(transaction);
  if (!isReject(wanted)) demandFeeBelow(wanted.fee, transaction, feeRateOf(asked));
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

function feeRateOf(asked: Arguments): bigint {
  return asked.amount('maxfeerate', maxFeeRate);
}

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
  const transactions = texts.map((text) => readTransaction(typeof text === 'string' ? text : ''));
  const answers: Fields[] = [];
  for (const transaction of transactions) {
    answers.push(await tryOne(transaction, node, feeRateOf(asked)));
  }
  return answers;
};

async function tryOne(transaction: Transaction, node: Node, most: bigint): Promise<Fields> {
  const names = { txid: txid(transaction), wtxid: wtxid(transaction) };
  const wanted = await node.tryPayment(transaction);
  if (isReject(wanted)) {
    const { reason } = wanted;
    const isMissing = reason === 'bad-txns-inputs-missingorspent';
    return isMissing
      ? { ...names, allowed: false, 'reject-reason': 'missing-inputs' }
      : {
          ...names,
          allowed: false,
          'reject-reason': reason,
          'reject-details': withFacts(wanted),
        };
  }
  const { fee } = wanted;
  if (!isFeeBelow(fee, transaction, most)) {
    return { ...names, allowed: false, 'reject-reason': 'max-fee-exceeded' };
  }
  const vsize = Math.ceil(weight(transaction) / 4);
  const feeRate = (fee * 1_000n) / BigInt(vsize);
  const effective = { 'effective-feerate': coins(feeRate), 'effective-includes': [names.wtxid] };
  return { ...names, allowed: true, vsize, fees: { base: coins(fee), ...effective } };
}

export const mempoolMethods: readonly Method[] = [
  method('getmempoolinfo', '', 'Tells how many payments wait, and their limits.', getMempoolInfo),
  method(
    'getrawmempool',
    'verbose:bool? mempool_sequence:bool?',
    'Tells the payments that wait: their ids, or all that is known of each.',
    getRawMempool,
  ),
  method('getmempoolentry', 'txid:string', 'Tells of one that waits.', (asked, { node }) =>
    entryFields(findMember(asked, node), node),
  ),
  method(
    'getmempoolancestors',
    'txid:string verbose:bool?',
    'Tells of those that must be in a block before it.',
    (asked, { node }) => {
      const ancestors = node.mempool.ancestorsOf(findMember(asked, node));
      return tell(ancestors, asked.flag('verbose', false), node);
    },
  ),
  method(
    'getmempooldescendants',
    'txid:string verbose:bool?',
    'Tells of those that cannot be in a block without it.',
    (asked, { node }) => {
      const descendants = node.mempool.descendantsOf(findMember(asked, node));
      return tell(descendants, asked.flag('verbose', false), node);
    },
  ),
  method(
    'gettxspendingprevout',
    'outputs:array',
    'Tells which payments that wait spend these coins.',
    getTxSpendingPrevout,
  ),
  method(
    'sendrawtransaction',
    'hexstring:string maxfeerate:amount? maxburnamount:amount?',
    'Takes a signed payment, to wait for a block; its txid.',
    sendRawTransaction,
  ),
  method(
    'testmempoolaccept',
    'rawtxs:array maxfeerate:amount?',
    'Tells of each payment whether it might wait here now, by itself.',
    testMempoolAccept,
  ),
];
