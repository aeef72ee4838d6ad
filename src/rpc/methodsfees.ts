/** The methods that tell what to pay, and let a payment count for another fee. */
import { estimateRate } from '../node/feerate.ts';
import { coins, Exact, type Value } from './exact.ts';
import { badParameter, codes, Failure } from './failure.ts';
import { demandRunning, type Method, method, type Run } from './method.ts';
import type { Arguments } from './parameters.ts';

/** Core: the highest target of its estimator. */
const maxTarget = 1_008;
const modes = ['unset', 'economical', 'conservative'];

/** Core: estimatesmartfee. No block can be reckoned on to be the next, so 1 is taken for 2. */
const estimateSmartFee: Run = async (asked, { node, now, pause }, signal) => {
  const target = asked.whole('conf_target');
  if (target < 1 || target > maxTarget) {
    throw badParameter(`Invalid conf_target, must be between 1 and ${maxTarget}`);
  }
  const mode = asked.text('estimate_mode', 'economical').toLowerCase();
  if (!modes.includes(mode)) {
    const named = modes.map((each) => `"${each}"`).join(', ');
    throw badParameter(`Invalid estimate_mode parameter, must be one of: ${named}`);
  }
  const blocks = Math.max(target, 2);
  const rest = async () => {
    demandRunning(signal);
    await pause();
  };
  const question = { target: blocks, isConservative: mode === 'conservative', rest };
  const waiting = node.mempool.list();
  const rate = await node.read((view) => estimateRate(view, { ...question, waiting }));
  if (rate === undefined) return { errors: ['Insufficient data or no feerate found'], blocks };
  const floor: bigint = node.mempool.minFeeRate(now());
  return { feerate: coins(rate > floor ? rate : floor), blocks };
};

/** A whole number of 64 bits, with a sign. */
function wholeAmount(asked: Arguments, name: string): bigint {
  const value = asked.value(name);
  const digits = value instanceof Exact ? value.digits : '';
  const number = /^-?\d{1,19}$/.test(digits) ? BigInt(digits) : undefined;
  if (number !== undefined && number === BigInt.asIntN(64, number)) return number;
  throw new Failure(codes.misc, 'JSON integer out of range');
}

const prioritiseTransaction: Run = async (asked, { node }) => {
  const id = asked.hash('txid');
  const by = wholeAmount(asked, 'fee_delta');
  const dummy: Value = asked.value('dummy');
  if (dummy instanceof Exact && Number(dummy.digits) !== 0) {
    const problem = 'dummy argument to prioritisetransaction must be 0.';
    throw badParameter(`Priority is no longer supported, ${problem}`);
  }
  await node.prioritise(id, by);
  return true;
};

const getPrioritisedTransactions: Run = (_asked, { node: { mempool } }) => {
  const told = [...mempool.deltas].map(([id, delta]) => {
    const member = mempool.get(id);
    const state = { fee_delta: delta, in_mempool: member !== undefined };
    return [id, { ...state, modified_fee: member?.modifiedFee }] as const;
  });
  return Object.fromEntries(told);
};

export const feeMethods: readonly Method[] = [
  method(
    'estimatesmartfee',
    'conf_target:number estimate_mode:string?',
    'Tells what to pay for 1,000 virtual bytes to be in one of the next blocks.',
    estimateSmartFee,
  ),
];

export const priorityMethods: readonly Method[] = [
  method(
    'prioritisetransaction',
    'txid:string dummy:number? fee_delta:number',
    'Lets a payment count for so many base units more or less than it pays, until a block holds ' +
      'it or the node stops.',
    prioritiseTransaction,
  ),
  method(
    'getprioritisedtransactions',
    '',
    'Tells which payments count for more or less than they pay.',
    getPrioritisedTransactions,
  ),
];
