/** A block with all that is told of it: its place in the chain, and the coins that it spent. */
import type { ChainView } from '../chain/chain.ts';
import { damaged } from '../chain/database.ts';
import { type Entry, hashOf } from '../chain/entry.ts';
import type { Block } from '../primitives/block.ts';
import type { Hash } from '../primitives/codec.ts';
import { type Output, outPointName, txid } from '../primitives/transaction.ts';

export interface BlockView {
  readonly entry: Entry;
  readonly hash: Hash;
  readonly block: Block;
  readonly isActive: boolean;
  /** Blocks from this one to the tip; -1 on a side branch, as Core has it. */
  readonly confirmations: number;
  /** The block after it on the active chain. */
  readonly next: Hash | undefined;
  /** By `outPointName`: what its inputs spent. On a side branch only what the block itself made. */
  readonly spent: ReadonlyMap<string, Output>;
}

export async function viewBlock({ store, tip }: ChainView, entry: Entry): Promise<BlockView> {
  const hash = hashOf(entry);
  const isActive = (await store.hashAt(entry.height)) === hash;
  const block = await store.block(entry);
  const spent = new Map<string, Output>();
  for (const transaction of block.transactions) {
    for (const [index, output] of transaction.outputs.entries()) {
      spent.set(outPointName({ txid: txid(transaction), index }), output);
    }
  }
  if (isActive) {
    for (const { outPoint, coin } of await store.undo(entry)) {
      spent.set(outPointName(outPoint), coin);
    }
  }
  return {
    entry,
    hash,
    block,
    isActive,
    confirmations: isActive ? tip.height - entry.height + 1 : -1,
    next: isActive ? await store.hashAt(entry.height + 1) : undefined,
    spent,
  };
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

/** The blocks of the active chain, genesis first. */
export async function* walkUp({ store, tip }: ChainView): AsyncIterable<Block> {
  for (let height = 0; height <= tip.height; height++) {
    yield await store.block(await store.activeEntry(height));
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
