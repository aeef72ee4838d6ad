/**
 * Our values as JSON, in the field names of Bitcoin Core's RPC. Amounts are text with eight places,
 * for a JSON number is a floating-point one to most who read it.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Params } from '../consensus/params.ts';
import { decodeBits } from '../consensus/work.ts';
import type { BlockView } from '../node/view.ts';
import { addressOf } from '../primitives/address.ts';
import { formatAmount } from '../primitives/amount.ts';
import { blockWeight, strippedBlockBytes, totalBlockBytes } from '../primitives/block.ts';
import { type OutputKind, outputKind } from '../primitives/script.ts';
import {
  type Input,
  isCoinbase,
  type Output,
  outPointName,
  type Transaction,
  totalBytes,
  txid,
  virtualBytes,
  weight,
  wtxid,
} from '../primitives/transaction.ts';

/** The block as `getblock` with verbosity 3 tells it. */
export function blockJson(view: BlockView, params: Params): object {
  const { block, entry, hash } = view;
  const { header } = block;
  return {
    hash,
    confirmations: view.confirmations,
    height: entry.height,
    version: header.version,
    versionHex: hex(header.version >>> 0, 8),
    merkleroot: header.merkleRoot,
    time: header.time,
    mediantime: entry.medianTimePast,
    nonce: header.nonce,
    bits: hex(header.bits, 8),
    target: hex(decodeBits(header.bits).target, 64),
    difficulty: difficultyOf(header.bits),
    chainwork: hex(entry.work, 64),
    nTx: block.transactions.length,
    ...(entry.height > 0 ? { previousblockhash: header.parent } : {}),
    ...(view.next ? { nextblockhash: view.next } : {}),
    strippedsize: strippedBlockBytes(block),
    size: totalBlockBytes(block),
    weight: blockWeight(block),
    tx: block.transactions.map((transaction) => transactionJson(transaction, view, params)),
  };
}

/** How many times harder than Bitcoin's easiest these bits are. Core: GetDifficulty. */
export function difficultyOf(bits: number): number {
  const mantissa = bits & 0x00ff_ffff;
  return (0xffff / mantissa) * 256 ** (0x1d - (bits >>> 24));
}

function transactionJson(transaction: Transaction, view: BlockView, params: Params): object {
  const { version, lockTime, inputs, outputs } = transaction;
  return {
    txid: txid(transaction),
    hash: wtxid(transaction),
    version,
    size: totalBytes(transaction),
    vsize: virtualBytes(transaction),
    weight: weight(transaction),
    locktime: lockTime,
    vin: inputs.map((input) =>
      isCoinbase(transaction) ? coinbaseInputJson(input) : inputJson(input, view, params),
    ),
    vout: outputs.map((output, n) => ({ n, ...outputJson(output, params) })),
    ...feeJson(transaction, view),
  };
}

function coinbaseInputJson({ scriptSig, witness, sequence }: Input): object {
  return { coinbase: bytesToHex(scriptSig), txinwitness: witness.map(bytesToHex), sequence };
}

function inputJson(input: Input, { spent }: BlockView, params: Params): object {
  const { prevout, scriptSig, witness, sequence } = input;
  const coin = spent.get(outPointName(prevout));
  return {
    txid: prevout.txid,
    vout: prevout.index,
    scriptSig: { asm: '', hex: bytesToHex(scriptSig) },
    txinwitness: witness.map(bytesToHex),
    ...(coin ? { prevout: outputJson(coin, params) } : {}),
    sequence,
  };
}

function outputJson({ amount, script }: Output, { prefix }: Params): object {
  const address = addressOf(script, prefix);
  const output = outputKind(script);
  return {
    value: formatAmount(amount),
    scriptPubKey: {
      asm: output ? assembly(output) : '',
      hex: bytesToHex(script),
      ...(address ? { address } : {}),
      type: output ? typeNames[output.kind] : 'nonstandard',
    },
  };
}

/** Core's names for the kinds of output. */
const typeNames = {
  p2wpkh: 'witness_v0_keyhash',
  p2tr: 'witness_v1_taproot',
  carrier: 'nulldata',
} as const;

function assembly(output: OutputKind): string {
  if (output.kind === 'carrier') return ['OP_RETURN', ...output.pushes.map(bytesToHex)].join(' ');
  return `${output.kind === 'p2wpkh' ? 0 : 1} ${bytesToHex(output.program)}`;
}

/** Known where all the coins that were spent are. */
function feeJson(transaction: Transaction, { spent }: BlockView): object {
  if (isCoinbase(transaction)) return {};
  let fee = -transaction.outputs.reduce((sum, { amount }) => sum + amount, 0n);
  for (const { prevout } of transaction.inputs) {
    const coin = spent.get(outPointName(prevout));
    if (!coin) return {};
    fee += coin.amount;
  }
  return { fee: formatAmount(fee) };
}

function hex(number: number | bigint, digits: number): string {
  return number.toString(16).padStart(digits, '0');
}
