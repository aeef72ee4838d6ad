/**
 * Views: blocks, transactions and what waits, each with all that is told of it.
 *
 * A block is told with its place in the chain and the coins that it spent, a transaction with the
 * block that holds it.
 */
import type { ChainView } from '../chain/chain.ts';
import { damaged } from '../chain/database.ts';
import { type Entry, hashOf } from '../chain/entry.ts';
import type { Member } from '../mempool/member.ts';
import type { Mempool } from '../mempool/mempool.ts';
import type { Block } from '../primitives/block.ts';
import type { Hash } from '../primitives/codec.ts';
import type { Coin } from '../primitives/coin.ts';
import { incrementalFeeRate, minFeeRate } from '../primitives/standard.ts';
import {
  isCoinbase,
  type Output,
  outPointName,
  type Transaction,
  txid,
} from '../primitives/transaction.ts';

/** A block by its entry, and where it is as seen from the tip. */
export interface EntryView {
  readonly entry: Entry;
  readonly hash: Hash;
  readonly isActive: boolean;
  /** Blocks from this one to the tip; -1 on a side branch, as Core has it. */
  readonly confirmations: number;
  /** The block after it on the active chain. */
  readonly next: Hash | undefined;
}

export interface BlockView extends EntryView {
  readonly block: Block;
  /** What its inputs spent. On a side branch only what the block itself made. */
  readonly spent: Spent;
}

/** Coins that transactions spend, by `outPointName`. */
export type Spent = ReadonlyMap<string, Coin>;

export async function viewEntry({ store, tip }: ChainView, entry: Entry): Promise<EntryView> {
  const hash = hashOf(entry);
  const isActive = (await store.hashAt(entry.height)) === hash;
  return {
    entry,
    hash,
    isActive,
    confirmations: isActive ? tip.height - entry.height + 1 : -1,
    next: isActive ? await store.hashAt(entry.height + 1) : undefined,
  };
}

export async function viewBlock(view: ChainView, entry: Entry): Promise<BlockView> {
  const seen = await viewEntry(view, entry);
  const block = await view.store.block(entry);
  return { ...seen, block, spent: await spentIn(view, seen, block) };
}

/** What a block spent; see `BlockView`. */
export async function spentIn(
  { store, breathe }: ChainView,
  { entry, isActive }: EntryView,
  block: Block,
): Promise<Spent> {
  const spent = new Map<string, Coin>();
  const { height } = entry;
  for (const transaction of block.transactions) {
    const [id, isMinted] = [txid(transaction), isCoinbase(transaction)];
    for (const [index, output] of transaction.outputs.entries()) {
      spent.set(outPointName({ txid: id, index }), { ...output, height, isCoinbase: isMinted });
    }
    await breathe();
  }
  if (!isActive) return spent;
  for (const { outPoint, coin } of await store.undo(entry)) {
    spent.set(outPointName(outPoint), coin);
    await breathe();
  }
  return spent;
}

/** Where a transaction is. */
type BlockPlace = Pick<BlockView, 'entry' | 'hash' | 'confirmations'>;

export interface TransactionView {
  readonly transaction: Transaction;
  /** What its inputs spend. */
  readonly spent: Spent;
  readonly place:
    | { readonly kind: 'block'; readonly block: BlockPlace }
    | { readonly kind: 'waiting'; readonly member: Member };
}

/** The transaction of this id that waits or is on the active chain; `undefined` if neither is. */
export async function viewTransaction(
  view: ChainView,
  mempool: Mempool,
  id: Hash,
): Promise<TransactionView | undefined> {
  const member = mempool.get(id);
  if (member) {
    const { transaction, coins } = member;
    const names = transaction.inputs.map(({ prevout }) => outPointName(prevout));
    const spent = new Map(coins.map((coin, i) => [names[i] ?? '', coin]));
    return { transaction, spent, place: { kind: 'waiting', member } };
  }
  const place = await findPlace(view, id);
  if (!place) return undefined;
  const told = await viewBlock(view, await view.store.activeEntry(place.height));
  const { entry, hash, block, confirmations } = told;
  const transaction = block.transactions[place.position];
  if (!transaction || txid(transaction) !== id) throw damaged(`transaction ${id} is not in place`);
  const spent = spentBy(transaction, told.spent);
  return { transaction, spent, place: { kind: 'block', block: { entry, hash, confirmations } } };
}

/** Of what a block spends, what this one does. */
function spentBy({ inputs }: Transaction, all: Spent): Spent {
  const spent = new Map<string, Coin>();
  for (const { prevout } of inputs) {
    const name = outPointName(prevout);
    const coin = all.get(name);
    if (coin) spent.set(name, coin);
  }
  return spent;
}

async function findPlace({ store }: ChainView, id: Hash) {
  // Genesis is in no index; but the root of a tree of one transaction is the txid of that one.
  const { header } = await store.activeEntry(0);
  return header.merkleRoot === id ? { height: 0, position: 0 } : store.place(id);
}

/** In base units; `undefined` for a coinbase, or where not all that it spends is known. */
export function feeOf(
  transaction: Transaction,
  spent: ReadonlyMap<string, Output>,
): bigint | undefined {
  if (isCoinbase(transaction)) return undefined;
  let fee = -transaction.outputs.reduce((sum, { amount }) => sum + amount, 0n);
  for (const { prevout } of transaction.inputs) {
    const coin = spent.get(outPointName(prevout));
    if (!coin) return undefined;
    fee += coin.amount;
  }
  return fee;
}

/** How full the mempool is, and what is asked of whoever wants to wait too. */
export interface MempoolState {
  readonly size: number;
  readonly bytes: number;
  readonly fees: bigint;
  readonly usage: number;
  readonly maxBytes: number;
  /** What a payment must pay always, now, and more than what it replaces. */
  readonly rates: {
    /** All in base units per 1,000 virtual bytes. */
    readonly least: bigint;
    readonly now: bigint;
    readonly incremental: bigint;
  };
}

/** The mempool with what waits in it. */
export interface MempoolView extends MempoolState {
  /** Parents before their children. */
  readonly members: readonly Member[];
  /** Those that signal, or spend coins of one that does. BIP125. */
  readonly replaceable: ReadonlySet<Hash>;
}

export function viewMempool(mempool: Mempool, now: number): MempoolView {
  const members = mempool.list();
  const replaceable = new Set<Hash>();
  for (const { id, transaction, parents } of members) {
    const isSignal = transaction.inputs.some(({ sequence }) => sequence < 0xffff_fffe);
    if (isSignal || [...parents].some((each) => replaceable.has(each))) replaceable.add(id);
  }
  return { ...mempoolState(mempool, now), members, replaceable };
}

export function mempoolState(mempool: Mempool, now: number): MempoolState {
  const { size, bytes, fees, usage, maxBytes } = mempool;
  // Where anything is asked for want of room, it is not below what is always asked.
  const asked: bigint = mempool.minFeeRate(now);
  const rates = {
    least: minFeeRate,
    now: asked > minFeeRate ? asked : minFeeRate,
    incremental: incrementalFeeRate,
  };
  return { size, bytes, fees, usage, maxBytes, rates };
}

/** The active blocks from this height down, the newest first. */
export async function* walkDown(
  { store }: ChainView,
  height: number,
  count: number,
): AsyncIterable<Entry> {
  for (let at = height; at >= 0 && at > height - count; at--) {
    yield await store.activeEntry(at);
  }
}

/** The blocks of side branches at these heights, bad ones too. */
export async function sideEntries(
  { store }: ChainView,
  lowest: number,
  highest: number,
): Promise<readonly Entry[]> {
  const found = new Map<Hash, Entry>();
  for (const leaf of await store.leaves()) {
    let hash = leaf;
    for (;;) {
      const entry = await store.entry(hash);
      if (!entry) throw damaged(`the entry of block ${hash} is lost`);
      if (entry.height < lowest || found.has(hash)) break;
      if ((await store.hashAt(entry.height)) === hash) break;
      if (entry.height <= highest) found.set(hash, entry);
      hash = entry.header.parent;
    }
  }
  return [...found.values()];
}
