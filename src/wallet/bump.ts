/**
 * Plans the replacement of a payment that waits by one that pays a higher fee.
 *
 * It spends the same coins and pays the same to others, so that nobody is paid twice or not at all:
 * the fee comes out of what came back to us, and, where that does not suffice, out of further
 * coins. How much it must be is BIP125's to say, for every node asks the same.
 */
import { formatAmount } from '../primitives/amount.ts';
import { isSameBytes } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import { isUnspendable } from '../primitives/script.ts';
import { dustLimit, incrementalFeeRate, minFeeRate } from '../primitives/standard.ts';
import { type Output, type Transaction, virtualBytes } from '../primitives/transaction.ts';
import { checkWeight, inOrder, inputOf, type OwnedCoin, sumOf, withinLimit } from './coins.ts';
import { feeOf, isWorthwhile, type Sum, signedWeight } from './fee.ts';
import type { PublicKey } from './keys.ts';
import type { Payment } from './payment.ts';

export interface BumpRequest {
  /** The payment that waits. */
  readonly transaction: Transaction;
  /** The coins of its inputs, in their order. */
  readonly spent: readonly OwnedCoin[];
  /** The fees of all that leave for the new one: its own, and those of payments behind it. */
  readonly leavingFees: bigint;
  /** What is asked of every payment for want of room, in base units per 1,000 virtual bytes. */
  readonly floor: bigint;
  /** What was asked for, in base units per 1,000 virtual bytes; else the least that will do. */
  readonly feeRate?: bigint | undefined;
  /** All keys of the wallet that pays. */
  readonly keys: readonly PublicKey[];
  /** The wallet's coins that may be added; none of a payment that leaves. */
  readonly coins: readonly OwnedCoin[];
  /** Where change goes that the payment did not have. */
  readonly changeScript: Uint8Array;
}

/** Plans the replacement, or throws a `Fault` that says why there can be none. */
export function planBump(request: BumpRequest): Payment {
  const { transaction, spent } = request;
  const terms = termsOf(request);
  checkRate(request, terms);
  const place = changePlace(transaction.outputs, request.keys);
  const shape = shapeOf(request, place);
  const more = addable(request, place);
  for (let count = 0; count <= more.length; count++) {
    const added = more.slice(0, count);
    const paid = payFrom(sumOf([...spent, ...added]), shape, terms);
    if (paid) return assemble(request, added, paid);
  }
  throw insufficient(request, terms);
}

/** Fees for a payment by its weight. */
interface Terms {
  /** The least that every node accepts. */
  readonly least: (weight: number) => bigint;
  /** What shall be paid. */
  readonly fee: (weight: number) => bigint;
}

function termsOf({ transaction, spent, leavingFees, floor, feeRate }: BumpRequest): Terms {
  const oldFee = feePaid(spent, transaction.outputs);
  const oldBytes = BigInt(virtualBytes(transaction));
  /** The fee at the old rate, times the old size. */
  const before = (weight: number) => oldFee * BigInt(Math.ceil(weight / 4));
  const least = (weight: number) =>
    largest(
      // Rules 3 and 4: all that leaves, and its own way through the network.
      leavingFees + feeOf(weight, incrementalFeeRate),
      // A miner must want it more than the one that it replaces.
      before(weight) / oldBytes + 1n,
      feeOf(weight, floor),
    );
  const usual = (weight: number) =>
    (before(weight) + oldBytes - 1n) / oldBytes + feeOf(weight, incrementalFeeRate);
  const wanted = (weight: number) =>
    feeRate === undefined ? usual(weight) : feeOf(weight, feeRate);
  return { least, fee: (weight) => largest(least(weight), wanted(weight)) };
}

function largest(...amounts: readonly bigint[]): bigint {
  let most = 0n;
  for (const each of amounts) if (each > most) most = each;
  return most;
}

/** Of the payment in its old shape: what is added later only lowers the rate that is asked. */
function checkRate({ transaction, spent, feeRate }: BumpRequest, { least }: Terms): void {
  if (feeRate === undefined) return;
  const weight = signedWeight(sumOf(spent), transaction.outputs);
  const fee = least(weight);
  if (feeOf(weight, feeRate) >= fee) return;
  const bytes = BigInt(Math.ceil(weight / 4));
  const rate = formatRate((fee * 1_000n + bytes - 1n) / bytes);
  throw new Fault(
    'fee-too-low',
    `${formatRate(feeRate)} a virtual byte is too little: say --fee-rate ${rate} at least`,
  );
}

/** Base units a virtual byte, as `--fee-rate` takes them. */
function formatRate(feeRate: bigint): string {
  const fraction = String(feeRate % 1_000n).padStart(3, '0');
  return `${feeRate / 1_000n}.${fraction}`.replace(/\.?0+$/, '');
}

/**
 * Which output comes back to us: the last that pays a change address of ours, or else the last of
 * ours at all, for change of an address returns to it; -1 where there is none.
 */
function changePlace(outputs: readonly Output[], keys: readonly PublicKey[]): number {
  const isOwn = ({ script }: Output, of: readonly PublicKey[]) =>
    of.some((key) => isSameBytes(key.script, script));
  const change = keys.filter(({ path }) => path.isChange);
  const place = outputs.findLastIndex((output) => isOwn(output, change));
  return place >= 0 ? place : outputs.findLastIndex((output) => isOwn(output, keys));
}

/** What is paid to others, and where what is left over goes. */
interface Shape {
  readonly kept: readonly Output[];
  readonly changeScript: Uint8Array;
  /** At which place among the outputs. */
  readonly place: number;
}

function shapeOf({ transaction: { outputs }, changeScript }: BumpRequest, place: number): Shape {
  const change = outputs[place];
  if (!change) return { kept: outputs, changeScript, place: outputs.length };
  return { kept: outputs.filter((each) => each !== change), changeScript: change.script, place };
}

/** A payment that was to spend one address's coins only, as its change shows, goes on so. */
function addable({ transaction, spent, coins, feeRate }: BumpRequest, place: number) {
  const change = transaction.outputs[place];
  const isSame = ({ output }: OwnedCoin) =>
    change !== undefined && isSameBytes(output.script, change.script);
  const fitting = spent.every(isSame) ? coins.filter(isSame) : coins;
  const worthwhile = fitting.filter(({ output }) => isWorthwhile(output, feeRate ?? minFeeRate));
  return withinLimit(inOrder(worthwhile), spent);
}

interface Paid {
  readonly outputs: readonly Output[];
  readonly change: bigint;
}

/** What these coins can pay beside the fee; `undefined` where they do not suffice. */
function payFrom(sum: Sum, { kept, changeScript, place }: Shape, { fee }: Terms): Paid | undefined {
  const withChange = (amount: bigint) => kept.toSpliced(place, 0, { amount, script: changeScript });
  const left = kept.reduce((rest, { amount }) => rest - amount, sum.amount);
  const change = left - fee(signedWeight(sum, withChange(0n)));
  if (change >= dustLimit(changeScript)) return { outputs: withChange(change), change };
  // Who pays only oneself would throw all of it away.
  const isPaid = kept.some(({ script }) => !isUnspendable(script));
  const isEnough = isPaid && left >= fee(signedWeight(sum, kept));
  return isEnough ? { outputs: kept, change: 0n } : undefined;
}

function assemble(
  { transaction, spent }: BumpRequest,
  added: readonly OwnedCoin[],
  { outputs, change }: Paid,
): Payment {
  const all = [...spent, ...added];
  checkWeight(sumOf(all), outputs);
  const inputs = [...transaction.inputs, ...added.map(inputOf)];
  const fee = feePaid(all, outputs);
  return { transaction: { ...transaction, inputs, outputs }, spent: all, fee, change };
}

function feePaid(spent: readonly OwnedCoin[], outputs: readonly Output[]): bigint {
  return outputs.reduce((rest, { amount }) => rest - amount, sumOf(spent).amount);
}

function insufficient({ transaction, spent }: BumpRequest, { fee }: Terms): Fault {
  const needed = formatAmount(fee(signedWeight(sumOf(spent), transaction.outputs)));
  const told = `the new fee is ${needed}, and neither its change nor other coins can pay it`;
  return new Fault(
    'insufficient-funds',
    `${told}: choose a lower --fee-rate, wait for a block, or pay this wallet first`,
  );
}
