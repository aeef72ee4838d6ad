/**
 * The store: everything the chain remembers, as tables of one database.
 *
 *   i  hash             the block index, one entry for every block we know
 *   b  height hash      blocks; height first, so that LevelDB appends them and never moves them
 *   u  height hash      the coins that the block spent, to take it back
 *   a  height           hash of the active block there
 *   c  txid index       coins
 *   s  script txid index  coins by their script: what an address owns
 *   l  hash             leaves: blocks on which no other is built
 *   m  name             the tip, the genesis block and the version of this schema
 */
import type { Block } from '../primitives/block.ts';
import { Block as BlockCodec } from '../primitives/block.ts';
import { Bytes, type Codec, encode, Hash, struct, U32 } from '../primitives/codec.ts';
import { Coin, type NamedCoin, Undo } from '../primitives/coin.ts';
import { Fault } from '../primitives/fault.ts';
import { OutPoint } from '../primitives/transaction.ts';
import { type Database, type Operation, Table, U32Sorted } from './database.ts';
import { Entry, hashOf } from './entry.ts';

/** Counts up when the tables change in a way that older programs would misread. */
const schemaVersion = 1;

const HeightAndHash = struct({ height: U32Sorted, hash: Hash });
const ScriptAndOutPoint = struct({ script: Bytes, outPoint: OutPoint });
const Name: Codec<string> = {
  read: (from) => String.fromCharCode(...from.take(from.remaining)),
  write: (name, to) => {
    for (const letter of name) to.u8(letter.charCodeAt(0));
  },
};
const Nothing: Codec<undefined> = { read: () => undefined, write: () => {} };

const entries = new Table('i', Hash, Entry);
const blocks = new Table('b', HeightAndHash, BlockCodec);
const undos = new Table('u', HeightAndHash, Undo);
const active = new Table('a', U32Sorted, Hash);
const coins = new Table('c', OutPoint, Coin);
const coinsByScript = new Table('s', ScriptAndOutPoint, Nothing);
const leaves = new Table('l', Hash, Nothing);
const hashes = new Table('m', Name, Hash);
const numbers = new Table('m', Name, U32);

/** What a block does to the coins, as it is written. */
export interface CoinChange {
  readonly spent: readonly NamedCoin[];
  readonly created: readonly NamedCoin[];
}

export class Store {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The block that the coins speak of; `undefined` in a new database. */
  tip(): Promise<Hash | undefined> {
    return hashes.get(this.#database, 'tip');
  }

  entry(hash: Hash): Promise<Entry | undefined> {
    return entries.get(this.#database, hash);
  }

  /** The active block at this height; `undefined` above the tip. */
  hashAt(height: number): Promise<Hash | undefined> {
    return active.get(this.#database, height);
  }

  block(entry: Entry): Promise<Block> {
    return this.#ofBlock(blocks, 'block', entry);
  }

  undo(entry: Entry): Promise<readonly NamedCoin[]> {
    return this.#ofBlock(undos, 'undo', entry);
  }

  /** The coins at these outpoints, in their order; `undefined` for one spent or never made. */
  coins(at: readonly OutPoint[]): Promise<(Coin | undefined)[]> {
    return coins.getMany(this.#database, at);
  }

  /** The coins that pay this script. */
  async coinsOf(script: Uint8Array): Promise<readonly NamedCoin[]> {
    const owned: OutPoint[] = [];
    for await (const [{ outPoint }] of coinsByScript.scan(this.#database, encode(Bytes, script))) {
      owned.push(outPoint);
    }
    const found = await this.coins(owned);
    return owned.flatMap((outPoint, i) => {
      const coin = found[i];
      if (!coin) throw damaged(`coin ${outPoint.txid}:${outPoint.index}`);
      return { outPoint, coin };
    });
  }

  /** The tips of all branches, the active one among them. */
  async leaves(): Promise<readonly Hash[]> {
    const found: Hash[] = [];
    for await (const [hash] of leaves.scan(this.#database)) found.push(hash);
    return found;
  }

  /** Refuses a database of another network or another version of this program. */
  async check(genesis: Hash): Promise<void> {
    const version = await numbers.get(this.#database, 'schema');
    if (version !== schemaVersion) {
      const problem = `the database has schema ${version}, this program knows ${schemaVersion}`;
      throw new Fault('schema', problem);
    }
    const found = await hashes.get(this.#database, 'genesis');
    if (found !== genesis) {
      throw new Fault('wrong-network', `the database has genesis ${found}, the network ${genesis}`);
    }
  }

  /** Lays the foundation: nothing can spend the genesis coinbase, so it makes no coin. */
  begin(entry: Entry, block: Block): Promise<void> {
    const hash = hashOf(entry);
    return this.#write([
      ...this.#added(entry, block),
      active.put(0, hash),
      hashes.put('tip', hash),
      hashes.put('genesis', hash),
      numbers.put('schema', schemaVersion),
    ]);
  }

  /** Keeps a block, whichever branch it is on. */
  add(entry: Entry, block: Block): Promise<void> {
    return this.#write([leaves.del(entry.header.parent), ...this.#added(entry, block)]);
  }

  /** Remembers that these blocks are bad. */
  fail(failed: readonly Entry[]): Promise<void> {
    return this.#write(
      failed.map((entry) => entries.put(hashOf(entry), { ...entry, isFailed: true })),
    );
  }

  /** Makes the block the tip. */
  connect(entry: Entry, { spent, created }: CoinChange): Promise<void> {
    const hash = hashOf(entry);
    return this.#write([
      ...spent.flatMap(removed),
      ...created.flatMap(made),
      undos.put({ height: entry.height, hash }, spent),
      active.put(entry.height, hash),
      hashes.put('tip', hash),
    ]);
  }

  /** Makes the block's parent the tip. */
  disconnect(entry: Entry, { spent, created }: CoinChange): Promise<void> {
    return this.#write([
      ...created.flatMap(removed),
      ...spent.flatMap(made),
      undos.del({ height: entry.height, hash: hashOf(entry) }),
      active.del(entry.height),
      hashes.put('tip', entry.header.parent),
    ]);
  }

  #added(entry: Entry, block: Block): Operation[] {
    const hash = hashOf(entry);
    return [
      entries.put(hash, entry),
      blocks.put({ height: entry.height, hash }, block),
      leaves.put(hash, undefined),
    ];
  }

  async #ofBlock<T>(
    table: Table<{ readonly height: number; readonly hash: Hash }, T>,
    what: string,
    entry: Entry,
  ): Promise<T> {
    const hash = hashOf(entry);
    const found = await table.get(this.#database, { height: entry.height, hash });
    if (found === undefined) throw damaged(`${what} ${hash}`);
    return found;
  }

  #write(operations: Operation[]): Promise<void> {
    return this.#database.batch(operations, { sync: true });
  }
}

function made({ outPoint, coin }: NamedCoin): Operation[] {
  return [
    coins.put(outPoint, coin),
    coinsByScript.put({ script: coin.script, outPoint }, undefined),
  ];
}

function removed({ outPoint, coin }: NamedCoin): Operation[] {
  return [coins.del(outPoint), coinsByScript.del({ script: coin.script, outPoint })];
}

function damaged(what: string): Fault {
  return new Fault('damaged', `the database has lost ${what}`);
}
