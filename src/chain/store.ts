/**
 * The store: what the chain remembers, to be read. `Writer` is what changes it.
 *
 * It reads the database as it is, or a view of it that stands still; what is read is whole or a
 * `Fault` says that it is damaged.
 */
import { Block } from '../primitives/block.ts';
import { Bytes, decode, encode, Hash, isSameBytes } from '../primitives/codec.ts';
import type { Coin, NamedCoin } from '../primitives/coin.ts';
import { Fault } from '../primitives/fault.ts';
import type { OutPoint } from '../primitives/transaction.ts';
import { damaged, type Source } from './database.ts';
import { type Entry, hashOf } from './entry.ts';
import * as tables from './tables.ts';

export class Store {
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  /** The block that the coins speak of, and their sum; `undefined` in a new database. */
  tip(): Promise<tables.Tip | undefined> {
    return tables.tips.get(this.#source, 'tip');
  }

  entry(hash: Hash): Promise<Entry | undefined> {
    return tables.entries.get(this.#source, hash);
  }

  /** The entry of the tip. */
  async tipEntry(): Promise<Entry> {
    const tip = await this.tip();
    const entry = tip && (await this.entry(tip.hash));
    if (!entry) throw damaged(`the entry of its tip ${tip?.hash} is lost`);
    return entry;
  }

  /** The entry of the active block at this height, which is not above the tip. */
  async activeEntry(height: number): Promise<Entry> {
    const hash = await this.hashAt(height);
    const entry = hash && (await this.entry(hash));
    if (!entry) throw damaged(`the block at height ${height} is lost`);
    return entry;
  }

  /** The entries of so many active blocks from this height on, none of which is above the tip. */
  async activeEntries(from: number, count: number): Promise<readonly Entry[]> {
    const heights = Array.from({ length: count }, (_, i) => from + i);
    const hashes = await tables.active.getMany(this.#source, heights);
    const known = hashes.filter((hash) => hash !== undefined);
    const found = await tables.entries.getMany(this.#source, known);
    const entries = found.filter((entry) => entry !== undefined);
    if (entries.length < count) throw damaged(`a block from height ${from} on is lost`);
    return entries;
  }

  /** The active block at this height; `undefined` above the tip. */
  hashAt(height: number): Promise<Hash | undefined> {
    return tables.active.get(this.#source, height);
  }

  async block(entry: Entry): Promise<Block> {
    return decode(Block, await this.blockBytes(entry));
  }

  /** A block as it is written, and as others are given it. */
  async blockBytes(entry: Entry): Promise<Uint8Array> {
    const hash = hashOf(entry);
    const bytes = await tables.blocks.getBytes(this.#source, { height: entry.height, hash });
    if (!bytes) throw damaged(`block ${hash} is lost`);
    return bytes;
  }

  /** Is there a body for this entry, whatever the index says? */
  hasBlock(entry: Entry): Promise<boolean> {
    const { height } = entry;
    return tables.blocks.has(this.#source, { height, hash: hashOf(entry) });
  }

  /** The coins that the block spent. Genesis spends none. */
  async undo(entry: Entry): Promise<readonly NamedCoin[]> {
    if (entry.height === 0) return [];
    const hash = hashOf(entry);
    const undo = await tables.undos.get(this.#source, { height: entry.height, hash });
    if (!undo) throw damaged(`undo record ${hash} is lost`);
    return undo;
  }

  /** The coins at these outpoints, in their order; `undefined` for one spent or never made. */
  coins(at: readonly OutPoint[]): Promise<(Coin | undefined)[]> {
    return tables.coins.getMany(this.#source, at);
  }

  /** One coin; where there is none, the database was looked at closely. */
  coin(at: OutPoint): Promise<Coin | undefined> {
    return tables.coins.get(this.#source, at);
  }

  /** A coin that this transaction made and nobody has spent, where there is one. */
  async coinOf(txid: Hash): Promise<Coin | undefined> {
    for await (const [, coin] of tables.coins.scan(this.#source, encode(Hash, txid))) return coin;
    return undefined;
  }

  /** All coins, in the order of their outpoints' bytes. */
  async *allCoins(): AsyncIterable<NamedCoin> {
    for await (const [outPoint, coin] of tables.coins.scan(this.#source)) yield { outPoint, coin };
  }

  /** The tips of all branches, the active one among them. */
  async leaves(): Promise<readonly Hash[]> {
    const found: Hash[] = [];
    for await (const [hash] of tables.leaves.scan(this.#source)) found.push(hash);
    const expected = await this.leafSum();
    const { count, sum } = found.reduce(withLeaf, noLeaves);
    if (count !== expected.count || sum !== expected.sum) {
      throw damaged(`${count} branch tips are there of ${expected.count}`);
    }
    return found;
  }

  async leafSum(): Promise<tables.LeafSum> {
    return (await tables.leafSums.get(this.#source, 'leaves')) ?? noLeaves;
  }

  /** Refuses a database of another network or another version of this program. */
  async check(genesis: Hash): Promise<void> {
    const version = await tables.numbers.get(this.#source, 'schema');
    const found = await tables.hashes.get(this.#source, 'genesis');
    if (version === undefined || found === undefined) throw damaged('its settings are lost');
    if (version !== tables.schemaVersion) {
      const problem = `the database has schema ${version}, this program ${tables.schemaVersion}`;
      throw new Fault('schema', `${problem}; run chain reindex`);
    }
    if (found !== genesis) {
      const problem = `the database has genesis ${found}, the network ${genesis}`;
      const remedy = 'name its own with --network, or another folder with --datadir';
      throw new Fault('wrong-network', `${problem}; ${remedy}`);
    }
  }

  /** The block that the indexes speak of; `undefined` where there are none. */
  indexTip(): Promise<Hash | undefined> {
    return tables.hashes.get(this.#source, 'index');
  }

  /** Where a transaction of the active chain lies. */
  async place(txid: Hash): Promise<tables.Place | undefined> {
    await this.#demandIndex();
    return tables.places.get(this.#source, txid);
  }

  /** The coins that pay this script. Without the index every coin is looked at. */
  async coinsOf(script: Uint8Array): Promise<readonly NamedCoin[]> {
    const owned: OutPoint[] = [];
    if (!(await this.hasIndex())) return this.#searchCoins(script);
    const beginning = encode(Bytes, script);
    for await (const [{ outPoint }] of tables.ownedCoins.scan(this.#source, beginning)) {
      owned.push(outPoint);
    }
    const coins = await this.coins(owned);
    const found = owned.flatMap((outPoint, i) => {
      const coin = coins[i];
      if (!coin) throw damaged(`coin ${outPoint.txid}:${outPoint.index} is lost`);
      return { outPoint, coin };
    });
    const sum = await this.addressSum(script);
    const amount = found.reduce((total, { coin }) => total + coin.amount, 0n);
    if (sum.coins !== found.length || sum.amount !== amount) {
      throw damaged(`an address has ${found.length} coins of ${sum.coins}`);
    }
    return found;
  }

  async #searchCoins(script: Uint8Array): Promise<readonly NamedCoin[]> {
    const found: NamedCoin[] = [];
    for await (const named of this.allCoins()) {
      if (isSameBytes(named.coin.script, script)) found.push(named);
    }
    return found;
  }

  /** How many coins an address has, and how long its history is. */
  async addressSum(script: Uint8Array): Promise<tables.AddressSum> {
    await this.#demandIndex();
    return (await tables.addressSums.get(this.#source, script)) ?? untouched;
  }

  /** What happened to an address from event number `from` on, `count` of them at most. */
  async historyOf(
    script: Uint8Array,
    from: number,
    count: number,
  ): Promise<readonly tables.Event[]> {
    const { events } = await this.addressSum(script);
    const length = Math.max(Math.min(events - from, count), 0);
    const keys = Array.from({ length }, (_, i) => ({ script, number: from + i }));
    return (await tables.history.getMany(this.#source, keys)).map((event, i) => {
      if (!event) throw damaged(`event ${from + i} of an address is lost`);
      return event;
    });
  }

  /** Do the indexes speak of the tip? */
  async hasIndex(): Promise<boolean> {
    const tip = await this.tip();
    return tip !== undefined && (await this.indexTip()) === tip.hash;
  }

  async #demandIndex(): Promise<void> {
    if (await this.hasIndex()) return;
    const remedy = 'chain reindex --only-index builds them';
    throw new Fault('no-index', `this database has no transaction and address indexes; ${remedy}`);
  }
}

const noLeaves: tables.LeafSum = { count: 0, sum: 0 };
export const untouched: tables.AddressSum = { coins: 0, amount: 0n, events: 0 };

/** The sum with one leaf more. */
export function withLeaf({ count, sum }: tables.LeafSum, leaf: Hash): tables.LeafSum {
  return { count: count + 1, sum: (sum + leafNumber(leaf)) >>> 0 };
}

/** The sum with one leaf less. */
export function withoutLeaf({ count, sum }: tables.LeafSum, leaf: Hash): tables.LeafSum {
  return { count: count - 1, sum: (sum - leafNumber(leaf)) >>> 0 };
}

/** The last digits, for the first are zeros. */
function leafNumber(hash: Hash): number {
  return Number.parseInt(hash.slice(-8), 16);
}
