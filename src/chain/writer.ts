/**
 * The writer: the only one that changes the chain's tables, in batches of which each leaves all of
 * them speaking of the same block.
 */
import type { Block } from '../primitives/block.ts';
import type { NamedCoin } from '../primitives/coin.ts';
import { inSteps } from './breathe.ts';
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

  /**
   * Keeps a block, whichever branch it is on. Where more is written of it at once, that outlives a
   * loss of power, and with it what came before.
   */
  async add(entry: Entry, block: Block, isMoreToCome: boolean): Promise<void> {
    const hash = hashOf(entry);
    const { parent } = entry.header;
    const sum = await this.#store.leafSum();
    const wasLeaf = await tables.leaves.has(this.#guard, parent);
    const left = wasLeaf ? withoutLeaf(sum, parent) : sum;
    const operations = [
      tables.entries.put(hash, entry),
      tables.blocks.put({ height: entry.height, hash }, block),
      tables.leaves.del(parent),
      tables.leaves.put(hash, undefined),
      tables.leafSums.put('leaves', withLeaf(left, hash)),
    ];
    await this.#guard.batch(operations, { sync: !isMoreToCome && this.#isSynced() });
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
    const sum = await this.#sumAfter(spent, created);
    const isIndexed = (await this.#store.indexTip()) === entry.header.parent;
    const indexing = isIndexed ? await addToIndexes(this.#guard, { block, height, spent }) : [];
    function* operations(): Iterable<Operation> {
      for (const { outPoint } of spent) yield tables.coins.del(outPoint);
      for (const { outPoint, coin } of created) yield tables.coins.put(outPoint, coin);
      yield tables.undos.put({ height, hash }, spent);
      yield tables.active.put(height, hash);
      yield tables.tips.put('tip', { hash, ...sum });
      yield* indexing;
      if (isIndexed) yield tables.hashes.put('index', hash);
    }
    await this.#write(operations());
  }

  /** Makes the block's parent the tip: what it made is gone, what it spent is there again. */
  async disconnect(entry: Entry, block: Block): Promise<void> {
    const { height } = entry;
    const { parent } = entry.header;
    const hash = hashOf(entry);
    const spent = await this.#store.undo(entry);
    const placed = { block, height, spent };
    const { created } = await inSteps(readTouches(placed), this.#guard.breathe);
    const sum = await this.#sumAfter(created, spent);
    const isIndexed = (await this.#store.indexTip()) === hash;
    const indexing = isIndexed ? await takeFromIndexes(this.#guard, placed) : [];
    function* operations(): Iterable<Operation> {
      for (const { outPoint } of created) yield tables.coins.del(outPoint);
      for (const { outPoint, coin } of spent) yield tables.coins.put(outPoint, coin);
      yield tables.undos.del({ height, hash });
      yield tables.active.del(height);
      yield tables.entries.put(hash, { ...entry, wasConnected: true });
      yield tables.tips.put('tip', { hash: parent, ...sum });
      yield* indexing;
      if (isIndexed) yield tables.hashes.put('index', parent);
    }
    await this.#write(operations());
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

  /** The sum of all coins once these are gone and those are there. */
  async #sumAfter(gone: readonly NamedCoin[], made: readonly NamedCoin[]): Promise<CoinSum> {
    const { coins, digest } = (await this.#store.tip()) ?? noCoins;
    let sum: CoinSum = { coins, digest };
    for (const coin of gone) {
      sum = this.#digest.remove(sum, [coin]);
      await this.#guard.breathe();
    }
    for (const coin of made) {
      sum = this.#digest.add(sum, [coin]);
      await this.#guard.breathe();
    }
    return sum;
  }

  #write(operations: Iterable<Operation>): Promise<void> {
    return this.#guard.batch(operations, { sync: this.#isSynced() });
  }
}
