/**
 * The writer: the only one that changes the chain's tables, in batches of which each leaves all of
 * them speaking of the same block.
 */
import type { Block } from '../primitives/block.ts';
import type { NamedCoin } from '../primitives/coin.ts';
import type { Operation } from './database.ts';
import { CoinDigest, type CoinSum, noCoins } from './digest.ts';
import { type Entry, hashOf } from './entry.ts';
import type { Guard } from './guard.ts';
import { addToIndexes, readTouches, takeFromIndexes } from './indexes.ts';
import { Store, withLeaf, withoutLeaf } from './store.ts';
import * as tables from './tables.ts';

/** What a block does to the coins, net, as it is written. */
export interface CoinChange {
  readonly spent: readonly NamedCoin[];
  readonly created: readonly NamedCoin[];
}

/** Records that one batch deletes at most, so that its size has a bound. */
const deletedAtOnce = 10_000;

export class Writer {
  readonly #guard: Guard;
  readonly #store: Store;
  readonly #digest: CoinDigest;
  readonly #isSynced: () => boolean;

  /** @param isSynced Whether what is written at this moment must outlive a loss of power. */
  constructor(guard: Guard, isSynced = () => true) {
    this.#guard = guard;
    this.#isSynced = isSynced;
    this.#store = new Store(guard);
    this.#digest = new CoinDigest(guard.identity);
  }

  /**
   * Lays the foundation, with empty indexes or without any. Nothing can spend the genesis
   * coinbase, so it makes no coin.
   */
  begin(entry: Entry, block: Block, hasIndex: boolean): Promise<void> {
    const hash = hashOf(entry);
    return this.#write([
      tables.entries.put(hash, entry),
      tables.blocks.put({ height: 0, hash }, block),
      tables.leaves.put(hash, undefined),
      tables.leafSums.put('leaves', withLeaf({ count: 0, sum: 0 }, hash)),
      tables.active.put(0, hash),
      tables.tips.put('tip', { hash, ...noCoins }),
      ...(hasIndex ? [tables.hashes.put('index', hash)] : []),
      tables.hashes.put('genesis', hash),
      tables.numbers.put('schema', tables.schemaVersion),
    ]);
  }

  /** Keeps a block, whichever branch it is on. */
  async add(entry: Entry, block: Block): Promise<void> {
    const hash = hashOf(entry);
    const { parent } = entry.header;
    const sum = await this.#store.leafSum();
    const wasLeaf = await tables.leaves.has(this.#guard, parent);
    const left = wasLeaf ? withoutLeaf(sum, parent) : sum;
    await this.#write([
      tables.entries.put(hash, entry),
      tables.blocks.put({ height: entry.height, hash }, block),
      tables.leaves.del(parent),
      tables.leaves.put(hash, undefined),
      tables.leafSums.put('leaves', withLeaf(left, hash)),
    ]);
  }

  /** Remembers that these blocks are bad; or that nothing is known against them. */
  mark(blocks: readonly Entry[], isFailed: boolean): Promise<void> {
    return this.#write(
      blocks.map((entry) => tables.entries.put(hashOf(entry), { ...entry, isFailed })),
    );
  }

  /** Makes the block the tip. */
  async connect(entry: Entry, block: Block, { spent, created }: CoinChange): Promise<void> {
    const { height } = entry;
    const hash = hashOf(entry);
    const sum = this.#digest.add(this.#digest.remove(await this.#sum(), spent), created);
    const isIndexed = (await this.#store.indexTip()) === entry.header.parent;
    await this.#write([
      ...spent.map(({ outPoint }) => tables.coins.del(outPoint)),
      ...created.map(({ outPoint, coin }) => tables.coins.put(outPoint, coin)),
      tables.undos.put({ height, hash }, spent),
      tables.active.put(height, hash),
      tables.tips.put('tip', { hash, ...sum }),
      ...(isIndexed ? await addToIndexes(this.#guard, { block, height, spent }) : []),
      ...(isIndexed ? [tables.hashes.put('index', hash)] : []),
    ]);
  }

  /** Makes the block's parent the tip: what it made is gone, what it spent is there again. */
  async disconnect(entry: Entry, block: Block): Promise<void> {
    const { height } = entry;
    const { parent } = entry.header;
    const hash = hashOf(entry);
    const spent = await this.#store.undo(entry);
    const { created } = readTouches({ block, height, spent });
    const sum = this.#digest.remove(this.#digest.add(await this.#sum(), spent), created);
    const isIndexed = (await this.#store.indexTip()) === hash;
    await this.#write([
      ...created.map(({ outPoint }) => tables.coins.del(outPoint)),
      ...spent.map(({ outPoint, coin }) => tables.coins.put(outPoint, coin)),
      tables.undos.del({ height, hash }),
      tables.active.del(height),
      tables.entries.put(hash, { ...entry, wasConnected: true }),
      tables.tips.put('tip', { hash: parent, ...sum }),
      ...(isIndexed ? await takeFromIndexes(this.#guard, { block, height, spent }) : []),
      ...(isIndexed ? [tables.hashes.put('index', parent)] : []),
    ]);
  }

  /** Forgets the indexes. */
  async dropIndexes(): Promise<void> {
    await this.#write([tables.hashes.del('index')]);
    for (const table of tables.indexes) {
      const gone: Operation[] = [];
      for await (const operation of table.clear(this.#guard)) {
        gone.push(operation);
        if (gone.length === deletedAtOnce) await this.#write(gone.splice(0));
      }
      await this.#write(gone);
    }
  }

  /** Builds what is missing of the indexes, up to the tip; says after which height it is. */
  async buildIndexes(progress: (height: number) => void): Promise<void> {
    const tip = await this.#store.tipEntry();
    const known = await this.#store.indexTip();
    const from = known === undefined ? undefined : await this.#store.entry(known);
    if (!from) await this.dropIndexes();
    for (let height = from ? from.height + 1 : 0; height <= tip.height; height++) {
      const entry = await this.#store.activeEntry(height);
      const block = await this.#store.block(entry);
      const spent = await this.#store.undo(entry);
      // Nothing can spend what genesis seems to mint.
      const added = height > 0 ? await addToIndexes(this.#guard, { block, height, spent }) : [];
      const operations = [...added, tables.hashes.put('index', hashOf(entry))];
      // Whatever a loss of power takes is built again.
      await this.#guard.batch(operations, { sync: height === tip.height });
      progress(height);
    }
  }

  async #sum(): Promise<CoinSum> {
    const { coins, digest } = (await this.#store.tip()) ?? noCoins;
    return { coins, digest };
  }

  #write(operations: readonly Operation[]): Promise<void> {
    return this.#guard.batch(operations, { sync: this.#isSynced() });
  }
}
