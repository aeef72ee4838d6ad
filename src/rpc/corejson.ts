/** Blocks and transactions as Core's JSON-RPC tells of them: its names, its order, its numbers. */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Chain, ChainView } from '../chain/chain.ts';
import type { Entry } from '../chain/entry.ts';
import type { Params } from '../consensus/params.ts';
import { decodeBits } from '../consensus/work.ts';
import { feeOf } from '../node/view.ts';
import {
  type Block,
  blockWeight,
  hashHeader,
  strippedBlockBytes,
  totalBlockBytes,
} from '../primitives/block.ts';
import type { Coin } from '../primitives/coin.ts';
import {
  type Input,
  isCoinbase,
  outPointName,
  type Transaction,
  totalBytes,
  txid,
  virtualBytes,
  weight,
  wtxid,
} from '../primitives/transaction.ts';
import { assembly, scriptFields } from './assembly.ts';
import { coins, type Fields, type Value } from './exact.ts';
import { difficultyOf, hexOf, transactionHex } from './json.ts';

/** The coins that some transactions spent, by `outPointName`. */
export type Spent = ReadonlyMap<string, Coin>;

/** Where nothing is known of them. */
const nothingSpent: Spent = new Map();

/** A double as Core prints it, with 16 digits. */
export function rounded(number: number): number {
  return Number(number.toPrecision(16));
}

export function bitsFields(bits: number): Fields {
  return { bits: hexOf(bits, 8), target: hexOf(decodeBits(bits).target, 64) };
}

/** Core: blockheaderToJSON. */
export async function headerFields({ store, tip }: ChainView, entry: Entry): Promise<Fields> {
  const { header, height } = entry;
  const hash = hashHeader(header);
  const isActive = (await store.hashAt(height)) === hash;
  return {
    hash,
    confirmations: isActive ? tip.height - height + 1 : -1,
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
    nextblockhash: isActive ? await store.hashAt(height + 1) : undefined,
  };
}

/** How much is told of the transactions of a block. */
export type Detail = 'ids' | 'fees' | 'prevouts';

/** Core: blockToJSON. */
export async function blockFields(
  view: ChainView,
  entry: Entry,
  detail: Detail,
  { params, breathe }: Pick<Chain, 'params' | 'breathe'>,
): Promise<Fields> {
  const block = await view.store.block(entry);
  const spent = detail === 'ids' ? nothingSpent : await spentIn(view, entry, block);
  const tell = (transaction: Transaction): Value => {
    if (detail === 'ids') return txid(transaction);
    const isPlain = detail === 'fees';
    return transactionFields(transaction, params, { spent, isPlain, hex: true });
  };
  const tx: Value[] = [];
  for (const each of block.transactions) {
    tx.push(tell(each));
    await breathe();
  }
  return {
    ...(await headerFields(view, entry)),
    strippedsize: strippedBlockBytes(block),
    size: totalBlockBytes(block),
    weight: blockWeight(block),
    tx,
  };
}

/** The coins that a block spent; on a side branch nothing is known of them. */
export async function spentIn({ store }: ChainView, entry: Entry, block: Block): Promise<Spent> {
  if ((await store.hashAt(entry.height)) !== hashHeader(entry.header)) return nothingSpent;
  const spent = new Map<string, Coin>();
  for (const transaction of block.transactions) {
    const { height } = entry;
    for (const [index, output] of transaction.outputs.entries()) {
      const name = outPointName({ txid: txid(transaction), index });
      spent.set(name, { ...output, height, isCoinbase: isCoinbase(transaction) });
    }
  }
  for (const { outPoint, coin } of await store.undo(entry)) spent.set(outPointName(outPoint), coin);
  return spent;
}

export interface TransactionDetail {
  readonly spent?: Spent;
  /** Whether the coins themselves are left out, and only the fee is told. */
  readonly isPlain?: boolean;
  /** Whether its bytes are told too. */
  readonly hex?: boolean;
}

/** Core: TxToUniv. */
export function transactionFields(
  transaction: Transaction,
  { prefix }: Params,
  { spent = nothingSpent, isPlain = false, hex = false }: TransactionDetail = {},
): Fields {
  const { version, lockTime, inputs, outputs } = transaction;
  const shown = isPlain ? nothingSpent : spent;
  const isMinting = isCoinbase(transaction);
  const fee = feeOf(transaction, spent);
  return {
    txid: txid(transaction),
    hash: wtxid(transaction),
    version,
    size: totalBytes(transaction),
    vsize: virtualBytes(transaction),
    weight: weight(transaction),
    locktime: lockTime,
    vin: inputs.map((input) => (isMinting ? mintFields(input) : inputFields(input, shown, prefix))),
    vout: outputs.map(({ amount, script }, n) => ({
      value: coins(amount),
      n,
      scriptPubKey: scriptFields(script, prefix),
    })),
    fee: fee === undefined ? undefined : coins(fee),
    hex: hex ? transactionHex(transaction) : undefined,
  };
}

function mintFields({ scriptSig, witness, sequence }: Input): Fields {
  const items = witness.length > 0 ? witness.map(bytesToHex) : undefined;
  return { coinbase: bytesToHex(scriptSig), txinwitness: items, sequence };
}

function inputFields(input: Input, spent: Spent, prefix: string): Fields {
  const { prevout, scriptSig, witness, sequence } = input;
  const coin = spent.get(outPointName(prevout));
  return {
    txid: prevout.txid,
    vout: prevout.index,
    scriptSig: { asm: assembly(scriptSig), hex: bytesToHex(scriptSig) },
    txinwitness: witness.length > 0 ? witness.map(bytesToHex) : undefined,
    prevout: coin && {
      generated: coin.isCoinbase,
      height: coin.height,
      value: coins(coin.amount),
      scriptPubKey: scriptFields(coin.script, prefix),
    },
    sequence,
  };
}
