/**
 * Pages of rows for who looks around: the last blocks, the transactions of one, and what waits. The
 * rows are small, and reading them costs no whole blocks but the one that was asked for.
 */
import type { ChainView } from '../chain/chain.ts';
import { type Entry, hashOf } from '../chain/entry.ts';
import type { Member } from '../mempool/member.ts';
import type { Node } from '../node/node.ts';
import { feeOf, sideEntries, viewBlock, walkDown } from '../node/view.ts';
import { type Transaction, txid, virtualBytes } from '../primitives/transaction.ts';
import { coins, Exact, type Fields, type Value } from '../rpc/exact.ts';
import { badParameter } from '../rpc/failure.ts';
import { findEntry } from '../rpc/method.ts';
import { hashOfText } from '../rpc/parameters.ts';

export const rowsPerPage = 64;

export interface Page {
  /** In the notation of `parameters`. */
  readonly parameters: string;
  readonly rows: (asked: Fields) => Value | Promise<Value>;
}

export function pagesOf(node: Node): ReadonlyMap<string, Page> {
  return new Map<string, Page>([
    ['blocks', { parameters: 'before:number?', rows: (asked) => blocks(node, asked) }],
    [
      'transactions',
      { parameters: 'blockhash:string page:number?', rows: (asked) => transactions(node, asked) },
    ],
    ['mempool', { parameters: 'page:number?', rows: (asked) => mempool(node, asked) }],
  ]);
}

/**
 * The blocks below this height, or the last of all, the highest first; those beside the active
 * chain among them, at most another page of these. `before` is where the next page begins.
 */
function blocks(node: Node, { before }: Fields): Promise<Value> {
  return node.read(async (view) => {
    const { height } = view.tip;
    const highest = before === undefined ? height : Math.min(whole(before, 'before') - 1, height);
    const lowest = Math.max(highest - rowsPerPage + 1, 0);
    const active: Entry[] = [];
    for await (const entry of walkDown(view, highest, rowsPerPage)) active.push(entry);
    // Where a branch with less work is higher than the tip, the first page has it all.
    const top = before === undefined ? Number.MAX_SAFE_INTEGER : highest;
    const beside = highest < 0 ? [] : await sideEntries(view, lowest, top);
    const sides = beside.toSorted((one, other) => other.height - one.height);
    const rows = [
      ...active.map((entry) => blockRow(entry, 'active')),
      ...sides.slice(0, rowsPerPage).map((entry) => {
        return blockRow(entry, entry.isFailed ? 'invalid' : 'side');
      }),
    ];
    return {
      rows: rows.toSorted((one, other) => other.height - one.height),
      before: lowest > 0 ? lowest : undefined,
    };
  });
}

function blockRow(entry: Entry, status: string) {
  const { header, height, transactions } = entry;
  return {
    height,
    hash: hashOf(entry),
    previousblockhash: height > 0 ? header.parent : undefined,
    time: header.time,
    nTx: transactions,
    status,
  };
}

/** The transactions of a block, in their order. A fee is told where the coins are known. */
function transactions(node: Node, { blockhash, page }: Fields): Promise<Value> {
  return node.read(async (view: ChainView) => {
    const hash = hashOfText(typeof blockhash === 'string' ? blockhash : '', 'blockhash');
    const { block, spent } = await viewBlock(view, await findEntry(view, hash));
    const tell = (transaction: Transaction): Fields => {
      const fee = feeOf(transaction, spent);
      const amount = transaction.outputs.reduce((sum, output) => sum + output.amount, 0n);
      return {
        txid: txid(transaction),
        vsize: virtualBytes(transaction),
        inputs: transaction.inputs.length,
        outputs: transaction.outputs.length,
        amount: coins(amount),
        fee: fee === undefined ? undefined : coins(fee),
      };
    };
    return tellPage(block.transactions, page, tell);
  });
}

/** What waits, the dearest first. A fee rate is coins per 1,000 virtual bytes. */
function mempool({ mempool }: Node, { page }: Fields): Value {
  const members = mempool.list().toSorted(dearestFirst);
  return tellPage(members, page, ({ id, fee, bytes, time }) => ({
    txid: id,
    fee: coins(fee),
    vsize: bytes,
    feerate: coins((fee * 1_000n) / BigInt(bytes)),
    time,
  }));
}

function dearestFirst(one: Member, other: Member): number {
  const difference = other.fee * BigInt(one.bytes) - one.fee * BigInt(other.bytes);
  return difference === 0n ? one.number - other.number : difference < 0n ? -1 : 1;
}

function tellPage<T>(all: readonly T[], page: Value | undefined, tell: (one: T) => Fields): Fields {
  const begin = (page === undefined ? 0 : whole(page, 'page')) * rowsPerPage;
  const rows = all.slice(begin, begin + rowsPerPage).map(tell);
  return { rows, total: all.length };
}

function whole(value: Value, name: string): number {
  const number = value instanceof Exact ? Number(value.digits) : -1;
  if (number >= 0) return number;
  throw badParameter(`Parameter ${name} must be a whole number from 0 on`);
}
