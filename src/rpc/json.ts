/**
 * Our values as JSON, in the field names of Bitcoin Core's RPC: blocks and what is in them. Amounts
 * are text with eight places, for a JSON number is a floating-point one to most who read it.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Params } from '../consensus/params.ts';
import { decodeBits } from '../consensus/work.ts';
import { type BlockView, feeOf, type TransactionView } from '../node/view.ts';
import { formatAmount } from '../primitives/amount.ts';
import { blockWeight, strippedBlockBytes, totalBlockBytes } from '../primitives/block.ts';
import { encode } from '../primitives/codec.ts';
import {
  type Input,
  isCoinbase,
  type Output,
  outPointName,
  Transaction,
  totalBytes,
  txid,
  virtualBytes,
  weight,
  wtxid,
} from '../primitives/transaction.ts';
import { describeScript } from './assembly.ts';

/** What transactions spend, by `outPointName`. */
type Spent = ReadonlyMap<string, Output>;

/** The block as `getblock` with verbosity 2 tells it, with the bytes of its transactions. */
export function rawBlockJson(view: BlockView, params: Params): object {
  const tx = view.block.transactions.map((transaction) => ({
    ...partsJson(transaction, params),
    ...feeJson(transaction, view.spent),
    ...bytesJson(transaction),
  }));
  return { ...headJson(view), tx };
}

/** The block with the coins that it spent, as with verbosity 3, but without these bytes. */
export function blockJson(view: BlockView, params: Params): object {
  const { block, spent } = view;
  const tx = block.transactions.map((transaction) => ({
    ...partsJson(transaction, params, spent),
    ...feeJson(transaction, spent),
  }));
  return { ...headJson(view), tx };
}

/** The transaction as `getrawtransaction` with verbosity 1 tells it. */
export function transactionJson({ transaction, place }: TransactionView, params: Params): object {
  const told = { ...partsJson(transaction, params), ...bytesJson(transaction) };
  if (place.kind === 'waiting') return told;
  const { hash, confirmations, entry } = place.block;
  const { time } = entry.header;
  return { ...told, blockhash: hash, confirmations, time, blocktime: time };
}

/** All of a block but its transactions. */
function headJson(view: BlockView): object {
  const { block, entry, hash } = view;
  const { header } = block;
  return {
    hash,
    confirmations: view.confirmations,
    height: entry.height,
    version: header.version,
    versionHex: hexOf(header.version >>> 0, 8),
    merkleroot: header.merkleRoot,
    time: header.time,
    mediantime: entry.medianTimePast,
    nonce: header.nonce,
    bits: hexOf(header.bits, 8),
    target: hexOf(decodeBits(header.bits).target, 64),
    difficulty: difficultyOf(header.bits),
    chainwork: hexOf(entry.work, 64),
    nTx: block.transactions.length,
    ...(entry.height > 0 ? { previousblockhash: header.parent } : {}),
    ...(view.next ? { nextblockhash: view.next } : {}),
    strippedsize: strippedBlockBytes(block),
    size: totalBlockBytes(block),
    weight: blockWeight(block),
  };
}

/** How many times harder than Bitcoin's easiest these bits are. Core: GetDifficulty. */
export function difficultyOf(bits: number): number {
  const mantissa = bits & 0x00ff_ffff;
  return (0xffff / mantissa) * 256 ** (0x1d - (bits >>> 24));
}

/** Where it is known what was spent, inputs tell it. */
function partsJson(transaction: Transaction, params: Params, spent?: Spent): object {
  const { version, lockTime, inputs, outputs } = transaction;
  const isMint = isCoinbase(transaction);
  return {
    txid: txid(transaction),
    hash: wtxid(transaction),
    version,
    size: totalBytes(transaction),
    vsize: virtualBytes(transaction),
    weight: weight(transaction),
    locktime: lockTime,
    vin: inputs.map((input) => ({
      ...(isMint ? { coinbase: bytesToHex(input.scriptSig) } : spendingJson(input)),
      ...(input.witness.length > 0 ? { txinwitness: input.witness.map(bytesToHex) } : {}),
      ...prevoutJson(spent?.get(outPointName(input.prevout)), params),
      sequence: input.sequence,
    })),
    vout: outputs.map(({ amount, script }, n) => ({
      value: formatAmount(amount),
      n,
      scriptPubKey: scriptJson(script, params),
    })),
  };
}

function spendingJson({ prevout, scriptSig }: Input): object {
  return {
    txid: prevout.txid,
    vout: prevout.index,
    scriptSig: { asm: '', hex: bytesToHex(scriptSig) },
  };
}

function prevoutJson(coin: Output | undefined, params: Params): object {
  if (!coin) return {};
  const { amount, script } = coin;
  return { prevout: { value: formatAmount(amount), scriptPubKey: scriptJson(script, params) } };
}

function scriptJson(script: Uint8Array, { prefix }: Params): object {
  const { asm, address, type } = describeScript(script, prefix);
  const words = type === 'nonstandard' ? '' : asm;
  return { asm: words, hex: bytesToHex(script), ...(address ? { address } : {}), type };
}

/** Known where all the coins that were spent are. */
function feeJson(transaction: Transaction, spent: Spent): object {
  const fee = feeOf(transaction, spent);
  return fee === undefined ? {} : { fee: formatAmount(fee) };
}

function bytesJson(transaction: Transaction): object {
  return { hex: transactionHex(transaction) };
}

export function transactionHex(transaction: Transaction): string {
  return bytesToHex(encode(Transaction, transaction));
}

export function hexOf(number: number | bigint, digits: number): string {
  return number.toString(16).padStart(digits, '0');
}
