/**
 * Blocks and transactions as Core's JSON-RPC tells of them: its names, its order, its numbers. How
 * an amount is written is for the caller to say.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { ChainView } from '../chain/chain.ts';
import type { Entry } from '../chain/entry.ts';
import type { Params } from '../consensus/params.ts';
import { decodeBits } from '../consensus/work.ts';
import {
  type BlockView,
  type EntryView,
  feeOf,
  type Spent,
  spentIn,
  viewEntry,
} from '../node/view.ts';
import { blockWeight, strippedBlockBytes, totalBlockBytes } from '../primitives/block.ts';
import { encode } from '../primitives/codec.ts';
import type { Coin } from '../primitives/coin.ts';
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
import { assembly, scriptFields } from './assembly.ts';
import { coins, type Fields, type Value } from './exact.ts';

/** Where nothing is known of what was spent. */
const nothingSpent: Spent = new Map();

/** Writes an amount in base units. */
type WriteAmount = (units: bigint) => Value;

/** A double as Core prints it, with 16 digits. */
export function rounded(number: number): number {
  return Number(number.toPrecision(16));
}

export function bitsFields(bits: number): Fields {
  return { bits: hexOf(bits, 8), target: hexOf(decodeBits(bits).target, 64) };
}

/** How many times harder than Bitcoin's easiest these bits are. Core: GetDifficulty. */
export function difficultyOf(bits: number): number {
  const mantissa = bits & 0x00ff_ffff;
  return (0xffff / mantissa) * 256 ** (0x1d - (bits >>> 24));
}

export function transactionHex(transaction: Transaction): string {
  return bytesToHex(encode(Transaction, transaction));
}

export function hexOf(number: number | bigint, digits: number): string {
  return number.toString(16).padStart(digits, '0');
}

/** Core: blockheaderToJSON. */
export async function headerFields(view: ChainView, entry: Entry): Promise<Fields> {
  return headFields(await viewEntry(view, entry));
}

function headFields({ entry, hash, confirmations, next }: EntryView): Fields {
  const { header, height } = entry;
  return {
    hash,
    confirmations,
    height,
    version: header.version,
    versionHex: hexOf(header.version >>> 0, 8),
    merkleroot: header.merkleRoot,
    time: header.time,
    mediantime: entry.medianTimePast,
    nonce: header.nonce,
    ...bitsFields(header.bits),
    difficulty: rounded(difficultyOf(header.bits)),
    chainwork: hexOf(entry.work, 64),
    nTx: entry.transactions,
    previousblockhash: height > 0 ? header.parent : undefined,
    nextblockhash: next,
  };
}

/** How much is told of the transactions of a block. */
export type Detail = 'ids' | 'fees' | 'prevouts';

/** Core: getblock. */
export async function blockFields(
  view: ChainView,
  entry: Entry,
  detail: Detail,
  params: Params,
): Promise<Fields> {
  const seen = await viewEntry(view, entry);
  const block = await view.store.block(entry);
  const spent = detail === 'ids' ? nothingSpent : await spentIn(view, seen, block);
  const tell = (transaction: Transaction): Value => {
    if (detail === 'ids') return txid(transaction);
    const isPlain = detail === 'fees';
    return transactionFields(transaction, params, { spent, isPlain, hex: true });
  };
  const tx: Value[] = [];
  for (const each of block.transactions) {
    tx.push(tell(each));
    await view.breathe();
  }
  return wholeBlockFields({ ...seen, block, spent }, tx);
}

/** The block with its transactions as they were told. Core: blockToJSON. */
export function wholeBlockFields(view: BlockView, tx: readonly Value[]): Fields {
  const { block } = view;
  return {
    ...headFields(view),
    strippedsize: strippedBlockBytes(block),
    size: totalBlockBytes(block),
    weight: blockWeight(block),
    tx,
  };
}

export interface TransactionDetail {
  readonly spent?: Spent;
  /** Whether the coins themselves are left out, and only the fee is told. */
  readonly isPlain?: boolean;
  /** Whether its bytes are told too. */
  readonly hex?: boolean;
  /** As a number with eight places, where nothing else is said. */
  readonly amount?: WriteAmount;
}

/** Core: TxToUniv. */
export function transactionFields(
  transaction: Transaction,
  { prefix }: Params,
  { spent = nothingSpent, isPlain = false, hex = false, amount = coins }: TransactionDetail = {},
): Fields {
  const { version, lockTime, inputs, outputs } = transaction;
  const shown = isPlain ? nothingSpent : spent;
  const isMinting = isCoinbase(transaction);
  const fee = feeOf(transaction, spent);
  const outputFields = (output: Output): Fields => ({
    value: amount(output.amount),
    scriptPubKey: scriptFields(output.script, prefix),
  });
  const coinFields = (coin: Coin): Fields => {
    return { generated: coin.isCoinbase, height: coin.height, ...outputFields(coin) };
  };
  return {
    txid: txid(transaction),
    hash: wtxid(transaction),
    version,
    size: totalBytes(transaction),
    vsize: virtualBytes(transaction),
    weight: weight(transaction),
    locktime: lockTime,
    vin: inputs.map((input) => {
      const coin = shown.get(outPointName(input.prevout));
      return isMinting ? mintFields(input) : inputFields(input, coin && coinFields(coin));
    }),
    vout: outputs.map((output, n) => {
      const { value, scriptPubKey } = outputFields(output);
      return { value, n, scriptPubKey };
    }),
    fee: fee === undefined ? undefined : amount(fee),
    hex: hex ? transactionHex(transaction) : undefined,
  };
}

function mintFields({ scriptSig, witness, sequence }: Input): Fields {
  return { coinbase: bytesToHex(scriptSig), txinwitness: itemsOf(witness), sequence };
}

function inputFields(
  { prevout: { txid, index: vout }, scriptSig, witness, sequence }: Input,
  prevout: Fields | undefined,
): Fields {
  const script = { asm: assembly(scriptSig), hex: bytesToHex(scriptSig) };
  return { txid, vout, scriptSig: script, txinwitness: itemsOf(witness), prevout, sequence };
}

function itemsOf(witness: readonly Uint8Array[]): readonly string[] | undefined {
  return witness.length > 0 ? witness.map(bytesToHex) : undefined;
}
