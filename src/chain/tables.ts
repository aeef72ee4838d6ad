/**
 * The tables of the database, with their keys and values.
 *
 *   i  hash               the block index, one entry for every block we know
 *   b  height hash        blocks; height first, so that LevelDB appends them and never moves them
 *   u  height hash        the coins that the block spent, to take it back
 *   a  height             hash of the active block there
 *   c  txid index         coins
 *   l  hash               leaves: blocks on which no other is built
 *   m  name               the tip with the sum of its coins, the sum of the leaves, the block that
 *                         the indexes speak of, the genesis block and the version of this schema
 *
 * The indexes, which can be dropped and built again from the blocks:
 *
 *   t  txid               where a transaction of the active chain lies
 *   o  script txid index  coins by their script: what an address owns
 *   h  script number      what happened to an address, counted from 0
 *   s  script             how many coins an address owns, their sum, and the length of its history
 *
 * Beside them lie the mempool's (w and f) and the guard's own records.
 */
import { Block } from '../primitives/block.ts';
import { Bytes, type Codec, Hash, I64, struct, U32, type ValueOf } from '../primitives/codec.ts';
import { Coin, Undo } from '../primitives/coin.ts';
import { OutPoint } from '../primitives/transaction.ts';
import { Table, U32Sorted } from './database.ts';
import { Entry } from './entry.ts';

/** Counts up when the tables change in a way that older programs would misread. */
export const schemaVersion = 2;

const U64: Codec<bigint> = {
  read: (from) => from.u64(),
  write: (value, to) => to.u64(value),
};
const Name: Codec<string> = {
  read: (from) => String.fromCharCode(...from.take(from.remaining)),
  write: (name, to) => {
    for (const letter of name) to.u8(letter.charCodeAt(0));
  },
};
const Nothing: Codec<undefined> = { read: () => undefined, write: () => {} };

export const HeightAndHash = struct({ height: U32Sorted, hash: Hash });
export interface HeightAndHash extends ValueOf<typeof HeightAndHash> {}

/** The block that the coins speak of, and what they come to. */
export const Tip = struct({
  hash: Hash,
  /** How many coins there are. */
  coins: U32,
  /** The digest of all of them: see `CoinDigest`. */
  digest: U64,
});
export interface Tip extends ValueOf<typeof Tip> {}

/** What a scan of the leaves must come to. */
export const LeafSum = struct({ count: U32, sum: U32 });
export interface LeafSum extends ValueOf<typeof LeafSum> {}

/** Where a transaction of the active chain lies. */
export const Place = struct({
  height: U32,
  /** Counted from the coinbase, which is 0. */
  position: U32,
});
export interface Place extends ValueOf<typeof Place> {}

/** What a transaction did to an address. */
export const Event = struct({
  txid: Hash,
  height: U32,
  /** In base units: what it paid to the address, less what it spent of it. */
  change: I64,
});
export interface Event extends ValueOf<typeof Event> {}

/** What the scans of an address must come to. */
export const AddressSum = struct({
  coins: U32,
  /** Of these coins, in base units. */
  amount: I64,
  /** How many transactions touched it. */
  events: U32,
});
export interface AddressSum extends ValueOf<typeof AddressSum> {}

const ScriptAndOutPoint = struct({ script: Bytes, outPoint: OutPoint });
const ScriptAndNumber = struct({ script: Bytes, number: U32Sorted });

export const entries = new Table('i', Hash, Entry);
export const blocks = new Table('b', HeightAndHash, Block);
export const undos = new Table('u', HeightAndHash, Undo);
export const active = new Table('a', U32Sorted, Hash);
export const coins = new Table('c', OutPoint, Coin);
export const leaves = new Table('l', Hash, Nothing);
export const tips = new Table('m', Name, Tip);
export const leafSums = new Table('m', Name, LeafSum);
export const hashes = new Table('m', Name, Hash);
export const numbers = new Table('m', Name, U32);

export const places = new Table('t', Hash, Place);
export const ownedCoins = new Table('o', ScriptAndOutPoint, Nothing);
export const history = new Table('h', ScriptAndNumber, Event);
export const addressSums = new Table('s', Bytes, AddressSum);

/** Those that can be built again from the blocks. */
export const indexes = [places, ownedCoins, history, addressSums];
