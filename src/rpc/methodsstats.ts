/** The methods that reckon: how much was paid in a block, and how fast payments came. */
import type { ChainView } from '../chain/chain.ts';
import type { Entry } from '../chain/entry.ts';
import type { Params } from '../consensus/params.ts';
import { subsidyAt } from '../consensus/subsidy.ts';
import { feeOf, type Spent, viewBlock } from '../node/view.ts';
import { hashHeader } from '../primitives/block.ts';
import { encode, type Hash } from '../primitives/codec.ts';
import { isUnspendable } from '../primitives/script.ts';
import {
  hasWitness,
  isCoinbase,
  Output,
  outPointName,
  type Transaction,
  totalBytes,
  weight,
} from '../primitives/transaction.ts';
import { rounded } from './corejson.ts';
import { Exact, type Fields } from './exact.ts';
import { badParameter, codes, Failure } from './failure.ts';
import { findEntry, type Method, method, type Run } from './method.ts';
import { hashOfText } from './parameters.ts';

const getBlockStats: Run = (asked, { node }) =>
  node.read(async (view) => {
    const value = asked.value('hash_or_height');
    const entry = await (value instanceof Exact
      ? entryAt(view, Number(value.digits))
      : findEntry(view, hashOfText(asked.text('hash_or_height'), 'hash_or_height')));
    const { block, spent } = await viewBlock(view, entry);
    const all = statsOf(block.transactions, { entry, spent }, node.chain.params);
    const wanted = asked.list('stats').map(String);
    if (wanted.length === 0) return all;
    const unknown = wanted.find((name) => !Object.hasOwn(all, name));
    if (unknown !== undefined) throw badParameter(`Invalid selected statistic '${unknown}'`);
    return Object.fromEntries(wanted.map((name) => [name, all[name]]));
  });

async function entryAt({ store, tip }: ChainView, height: number): Promise<Entry> {
  if (!Number.isInteger(height)) throw new Failure(codes.misc, 'JSON integer out of range');
  if (height < 0) throw badParameter(`Target block height ${height} is negative`);
  if (height <= tip.height) return await store.activeEntry(height);
  throw badParameter(`Target block height ${height} after current tip ${tip.height}`);
}

/** What an unspent output takes beside its own bytes. Core: PER_UTXO_OVERHEAD. */
const coinOverhead = 41;

/** Core: getblockstats. */
function statsOf(
  transactions: readonly Transaction[],
  { entry, spent }: { readonly entry: Entry; readonly spent: Spent },
  params: Params,
): Fields {
  const payments = transactions.filter((each) => !isCoinbase(each));
  const fees = payments.map((each) => feeOf(each, spent) ?? 0n);
  const rates = payments.map((each, i) => ((fees[i] ?? 0n) * 4n) / BigInt(weight(each)));
  const sizes = payments.map(totalBytes);
  const segwit = payments.filter(hasWitness);
  const weights = sum(payments.map((each) => BigInt(weight(each))));
  const total = { fees: sum(fees), bytes: sum(sizes.map(BigInt)) };
  const count = BigInt(Math.max(payments.length, 1));
  return {
    avgfee: total.fees / count,
    avgfeerate: weights > 0n ? (total.fees * 4n) / weights : 0,
    avgtxsize: total.bytes / count,
    blockhash: hashHeader(entry.header),
    feerate_percentiles: percentiles(payments, rates),
    height: entry.height,
    ins: payments.reduce((all, { inputs }) => all + inputs.length, 0),
    maxfee: most(fees),
    maxfeerate: most(rates),
    maxtxsize: most(sizes.map(BigInt)),
    medianfee: median(fees),
    mediantime: entry.medianTimePast,
    mediantxsize: median(sizes.map(BigInt)),
    minfee: least(fees),
    minfeerate: least(rates),
    mintxsize: least(sizes.map(BigInt)),
    outs: transactions.reduce((all, { outputs }) => all + outputs.length, 0),
    subsidy: subsidyAt(entry.height, params),
    swtotal_size: segwit.reduce((all, each) => all + totalBytes(each), 0),
    swtotal_weight: segwit.reduce((all, each) => all + weight(each), 0),
    swtxs: segwit.length,
    time: entry.header.time,
    total_out: sum(payments.flatMap(({ outputs }) => outputs.map(({ amount }) => amount))),
    total_size: total.bytes,
    total_weight: weights,
    totalfee: total.fees,
    txs: transactions.length,
    ...coinStats(transactions, payments, { entry, spent }),
  };
}

/** By how much the coins grew in number and bytes; `actual` leaves out what nobody can spend. */
function coinStats(
  transactions: readonly Transaction[],
  payments: readonly Transaction[],
  { entry, spent }: { readonly entry: Entry; readonly spent: Spent },
): Fields {
  const sizeOf = (output: Output) => encode(Output, output).length + coinOverhead;
  const made = transactions.flatMap(({ outputs }) => outputs);
  const real = entry.height === 0 ? [] : made.filter(({ script }) => !isUnspendable(script));
  const gone = payments.flatMap(({ inputs }) =>
    inputs.flatMap(({ prevout }) => spent.get(outPointName(prevout)) ?? []),
  );
  const bytes = (outputs: readonly Output[]) => outputs.reduce((all, o) => all + sizeOf(o), 0);
  return {
    utxo_increase: made.length - gone.length,
    utxo_size_inc: bytes(made) - bytes(gone),
    utxo_increase_actual: real.length - gone.length,
    utxo_size_inc_actual: bytes(real) - bytes(gone),
  };
}

/** The rates at these parts of the block's weight, from the lowest on. */
function percentiles(payments: readonly Transaction[], rates: readonly bigint[]): bigint[] {
  const parts = payments.map((each, i) => ({ rate: rates[i] ?? 0n, weight: weight(each) }));
  const rising = parts.toSorted((one, other) => Number(one.rate - other.rate));
  const total = rising.reduce((all, each) => all + each.weight, 0);
  return [0.1, 0.25, 0.5, 0.75, 0.9].map((part) => {
    let passed = 0;
    const found = rising.find((each) => {
      passed += each.weight;
      return passed >= total * part;
    });
    return found?.rate ?? 0n;
  });
}

function sum(numbers: readonly bigint[]): bigint {
  return numbers.reduce((all, each) => all + each, 0n);
}

function most(numbers: readonly bigint[]): bigint {
  return sorted(numbers).at(-1) ?? 0n;
}

function least(numbers: readonly bigint[]): bigint {
  return sorted(numbers)[0] ?? 0n;
}

function sorted(numbers: readonly bigint[]): readonly bigint[] {
  return numbers.toSorted((one, other) => Number(one - other));
}

/** Cut to a whole number. Core: CalculateTruncatedMedian. */
function median(numbers: readonly bigint[]): bigint {
  const all = sorted(numbers);
  const middle = Math.floor(all.length / 2);
  const upper = all[middle] ?? 0n;
  return all.length % 2 === 1 ? upper : ((all[middle - 1] ?? 0n) + upper) / 2n;
}

const monthSeconds = 30 * 24 * 3600;

const getChainTxStats: Run = (asked, { node }) =>
  node.read(async (view) => {
    const { difficulty } = node.chain.params;
    const spacing = difficulty.rule === 'none' ? 600 : difficulty.spacingSeconds;
    const last = asked.has('blockhash')
      ? await activeEntry(view, asked.hash('blockhash'))
      : view.tip;
    const month = Math.max(0, Math.min(Math.floor(monthSeconds / spacing), last.height - 1));
    const count = asked.whole('nblocks', month);
    if (count < 0 || (count > 0 && count >= last.height)) {
      const bounds = "should be between 0 and the block's height - 1";
      throw badParameter(`Invalid block count: ${bounds}`);
    }
    const first = await view.store.activeEntry(last.height - count);
    const interval = last.medianTimePast - first.medianTimePast;
    const transactions = await countTransactions(view, first.height + 1, last.height);
    return {
      time: last.header.time,
      window_final_block_hash: hashHeader(last.header),
      window_final_block_height: last.height,
      window_block_count: count,
      window_interval: count > 0 ? interval : undefined,
      window_tx_count: count > 0 ? transactions : undefined,
      txrate: count > 0 && interval > 0 ? rounded(transactions / interval) : undefined,
    };
  });

async function activeEntry(view: ChainView, hash: Hash): Promise<Entry> {
  const entry = await findEntry(view, hash);
  if ((await view.store.hashAt(entry.height)) === hash) return entry;
  throw badParameter('Block is not in main chain');
}

async function countTransactions({ store }: ChainView, from: number, to: number) {
  let count = 0;
  for (let height = from; height <= to; height++) {
    count += (await store.activeEntry(height)).transactions;
  }
  return count;
}

export const statsMethods: readonly Method[] = [
  method(
    'getblockstats',
    'hash_or_height:any stats:array?',
    'Reckons up a block; amounts are in base units.',
    getBlockStats,
  ),
  method(
    'getchaintxstats',
    'nblocks:number? blockhash:string?',
    'Tells how fast transactions came, over so many blocks.',
    getChainTxStats,
  ),
];
