/**
 * Plans a payment: which coins to spend, what comes back, and what the miner gets.
 *
 * The fee follows from the size, and the size from the coins, so coins are taken, largest first,
 * until they cover the amount and their own fee. Nothing is signed here, and no key is seen.
 */
import { formatAmount } from '../primitives/amount.ts';
import { Fault } from '../primitives/fault.ts';
import { carrierScript, outputKind } from '../primitives/script.ts';
import { dustLimit } from '../primitives/standard.ts';
import type { Output, Transaction } from '../primitives/transaction.ts';
import {
  checkWeight,
  inOrder,
  inputOf,
  type OwnedCoin,
  sumOf,
  tooLongChain,
  withinLimit,
} from './coins.ts';
import { addCoin, feeOf, isWorthwhile, nothing, signedWeight } from './fee.ts';
import { isOnCurve } from './taproot.ts';

export interface PaymentRequest {
  /** The coins that may be spent: mature, and not spent by another payment that waits. */
  readonly coins: readonly OwnedCoin[];
  /** The script of the one who is paid. */
  readonly to: Uint8Array;
  readonly amount: bigint | 'all';
  /** In base units per 1,000 virtual bytes. */
  readonly feeRate: bigint;
  /** Where what is left over goes. */
  readonly changeScript: Uint8Array;
  /** Written into the chain for all to read. */
  readonly memo?: string;
}

export interface Payment {
  /** Complete but for its signatures. */
  readonly transaction: Transaction;
  /** The coins of its inputs, in their order. */
  readonly spent: readonly OwnedCoin[];
  readonly fee: bigint;
  /** What comes back; zero where there is no output for it. */
  readonly change: bigint;
}

/** The longest memo, in bytes of UTF-8. */
const maxMemoBytes = 80;

/** Plans the payment, or throws a `Fault` that says why there can be none. */
export function planPayment(request: PaymentRequest): Payment {
  const { coins, to, amount } = request;
  checkSpendable(to);
  const memo = memoOutputs(request.memo);
  if (coins.length === 0) throw new Fault('no-coins', 'there are no coins here to spend');
  return amount === 'all' ? planAll(request, memo) : planAmount({ ...request, amount }, memo);
}

/** Whoever names a key that is no point has made a mistake, and what is sent there is lost. */
function checkSpendable(to: Uint8Array): void {
  const output = outputKind(to);
  if (output?.kind === 'p2tr' && !isOnCurve(output.program)) {
    throw new Fault(
      'address-unspendable',
      'nobody can have the key of this address: do not pay it',
    );
  }
}

function memoOutputs(memo = ''): readonly Output[] {
  if (memo === '') return [];
  const bytes = new TextEncoder().encode(memo);
  if (bytes.length > maxMemoBytes) {
    const got = `this one has ${bytes.length}`;
    throw new Fault('memo-too-long', `a memo has ${maxMemoBytes} bytes at most, ${got}`);
  }
  return [{ amount: 0n, script: carrierScript(bytes) }];
}

/** Empties the coins into one output. */
function planAll({ coins, to, feeRate }: PaymentRequest, memo: readonly Output[]): Payment {
  const sum = sumOf(coins);
  const least = dustLimit(to);
  if (withinLimit(coins).length < coins.length) throw tooLongChain();
  const fee = feeOf(signedWeight(sum, [{ amount: 0n, script: to }, ...memo]), feeRate);
  const amount = sum.amount - fee;
  if (amount < least) throw insufficient({ there: sum.amount, left: 0n, amount: least, fee });
  return assemble(inOrder(coins), [{ amount, script: to }, ...memo], 0n);
}

interface AmountRequest extends PaymentRequest {
  readonly amount: bigint;
}

function planAmount(request: AmountRequest, memo: readonly Output[]): Payment {
  const { to, amount, feeRate, changeScript } = request;
  if (amount < dustLimit(to)) {
    const least = formatAmount(dustLimit(to));
    throw new Fault('amount-dust', `${formatAmount(amount)} is too little, send ${least} at least`);
  }
  const paid = { amount, script: to };
  const spent = choose(request, [paid, ...memo]);
  const sum = sumOf(spent);
  const withChange = (back: bigint) => [paid, { amount: back, script: changeScript }, ...memo];
  const change = sum.amount - amount - feeOf(signedWeight(sum, withChange(0n)), feeRate);
  // Change that is not worth an output of its own goes to the miner.
  return change >= dustLimit(changeScript)
    ? assemble(spent, withChange(change), change)
    : assemble(spent, [paid, ...memo], 0n);
}

/** The first coins that cover the payment and their own fee. */
function choose(request: AmountRequest, outputs: readonly Output[]): readonly OwnedCoin[] {
  const { coins, amount, feeRate } = request;
  const worthwhile = inOrder(coins).filter(({ output }) => isWorthwhile(output, feeRate));
  const usable = withinLimit(worthwhile);
  let sum = nothing;
  let fee = feeOf(signedWeight(sum, outputs), feeRate);
  for (const [index, { output }] of usable.entries()) {
    sum = addCoin(sum, output);
    fee = feeOf(signedWeight(sum, outputs), feeRate);
    if (sum.amount >= amount + fee) return usable.slice(0, index + 1);
  }
  const all = sumOf(worthwhile);
  if (all.amount >= amount + feeOf(signedWeight(all, outputs), feeRate)) throw tooLongChain();
  const left = sumOf(coins).amount - sum.amount;
  throw insufficient({ there: sum.amount, left, amount, fee });
}

interface Shortage {
  readonly there: bigint;
  /** In coins that bring less than the fee for spending them. */
  readonly left: bigint;
  readonly amount: bigint;
  readonly fee: bigint;
}

function insufficient({ there, left, amount, fee }: Shortage): Fault {
  const [sum, needed] = [formatAmount(there), formatAmount(amount + fee)];
  const parts = `${formatAmount(amount)} and a fee of ${formatAmount(fee)}`;
  const beside = left > 0n ? ` (and ${formatAmount(left)} in coins too small to spend)` : '';
  return new Fault(
    'insufficient-funds',
    `there are ${sum} coins to spend${beside}, and ${needed} are needed: ${parts}`,
  );
}

function assemble(
  spent: readonly OwnedCoin[],
  outputs: readonly Output[],
  change: bigint,
): Payment {
  const sum = sumOf(spent);
  checkWeight(sum, outputs);
  const inputs = spent.map(inputOf);
  const fee = outputs.reduce((rest, { amount }) => rest - amount, sum.amount);
  return { transaction: { version: 2, inputs, outputs, lockTime: 0 }, spent, fee, change };
}
