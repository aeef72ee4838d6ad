/**
 * The database underneath: keys and values in order, and batches that happen whole or not at all.
 *
 * `level` answers this on disk and in a browser, `memory-level` in a test. This room imports
 * neither, and trusts neither: tables are read and written through the guard. All that one step
 * changes goes into one batch, so that after a crash everything here still speaks of the same
 * block.
 */
import { concatBytes } from '@noble/hashes/utils.js';
import { type Codec, decode, encode } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import { written } from '../primitives/writer.ts';

/** What can be read: the database as it is, or a view of it that stands still. */
export interface Source {
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  getMany(keys: Uint8Array[]): Promise<(Uint8Array | undefined)[]>;
  /** The records with keys from `gte` on and before `lt`, in the order of their bytes. */
  iterator(range: Range): AsyncIterable<[Uint8Array, Uint8Array]>;
}

export interface Range {
  readonly gte: Uint8Array;
  readonly lt: Uint8Array;
}

/** All that was written up to a moment, whatever is written later. */
export interface Snapshot {
  close(): Promise<void>;
}

/** Where to read, and how much. */
interface At {
  readonly snapshot?: Snapshot;
}

interface Walk extends At {
  readonly gte?: Uint8Array;
  readonly lt?: Uint8Array;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/** What is asked of a database. Every key and value is a `Uint8Array`. */
export interface Database {
  get(key: Uint8Array, at: At): Promise<Uint8Array | undefined>;
  getMany(keys: Uint8Array[], at: At): Promise<(Uint8Array | undefined)[]>;
  iterator(walk: Walk): AsyncIterable<[Uint8Array, Uint8Array]>;
  /** All of it or nothing; with `sync` it outlives a loss of power. */
  batch(operations: Operation[], options: { readonly sync: boolean }): Promise<void>;
  snapshot(): Snapshot;
}

export type Operation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array };

/** A failure that only building the tables anew can mend. */
export function damaged(what: string, cause?: unknown): Fault {
  const remedy = 'run chain reindex, which rebuilds all but the blocks';
  return new Fault('damaged', `the database is damaged: ${what}; ${remedy}`, cause);
}

/** Big end first, for the keys of tables: so that numbers sort as bytes. */
export const U32Sorted: Codec<number> = {
  read: (from) => {
    const view = from.take(4);
    return new DataView(view.buffer, view.byteOffset, 4).getUint32(0);
  },
  write: (value, to) => {
    for (const shift of [24, 16, 8, 0]) to.u8((value >>> shift) & 0xff);
  },
};

/** Records that are read at one go: a millisecond's work, so that nobody waits long for it. */
const keysAtOnce = 256;

/** One table: its keys and its values. The first byte of a key tells the table. */
export class Table<K, V> {
  readonly #prefix: Uint8Array;
  readonly #keys: Codec<K>;
  readonly #values: Codec<V>;

  constructor(letter: string, keys: Codec<K>, values: Codec<V>) {
    this.#prefix = Uint8Array.of(letter.charCodeAt(0));
    this.#keys = keys;
    this.#values = values;
  }

  async get(source: Source, key: K): Promise<V | undefined> {
    const value = await source.get(this.#key(key));
    return value && decode(this.#values, value);
  }

  /** A value as it is written, whole but not read. */
  getBytes(source: Source, key: K): Promise<Uint8Array | undefined> {
    return source.get(this.#key(key));
  }

  /** In the order of the keys; `undefined` for what is not there. */
  async getMany(source: Source, keys: readonly K[]): Promise<(V | undefined)[]> {
    const found: (V | undefined)[] = [];
    for (let from = 0; from < keys.length; from += keysAtOnce) {
      const some = keys.slice(from, from + keysAtOnce);
      const values = await source.getMany(some.map((key) => this.#key(key)));
      for (const value of values) found.push(value && decode(this.#values, value));
    }
    return found;
  }

  /** All records whose keys begin with these bytes, in order. */
  async *scan(
    source: Source,
    beginning: Uint8Array = new Uint8Array(0),
  ): AsyncIterable<readonly [K, V]> {
    const gte = concatBytes(this.#prefix, beginning);
    for await (const [key, value] of source.iterator({ gte, lt: behind(gte) })) {
      yield [decode(this.#keys, key.subarray(1)), decode(this.#values, value)];
    }
  }

  /** Is there such a record? For tables whose keys say all. */
  async has(source: Source, key: K): Promise<boolean> {
    return (await source.get(this.#key(key))) !== undefined;
  }

  /** Which of these records there are, in the order of the keys. */
  async hasMany(source: Source, keys: readonly K[]): Promise<boolean[]> {
    const found: boolean[] = [];
    for (let from = 0; from < keys.length; from += keysAtOnce) {
      const some = keys.slice(from, from + keysAtOnce);
      const values = await source.getMany(some.map((key) => this.#key(key)));
      for (const value of values) found.push(value !== undefined);
    }
    return found;
  }

  /** What deletes the whole table, record by record. */
  async *clear(source: Source): AsyncIterable<Operation> {
    const range = { gte: this.#prefix, lt: behind(this.#prefix) };
    for await (const [key] of source.iterator(range)) yield { type: 'del', key };
  }

  put(key: K, value: V): Operation {
    return { type: 'put', key: this.#key(key), value: encode(this.#values, value) };
  }

  del(key: K): Operation {
    return { type: 'del', key: this.#key(key) };
  }

  #key(key: K): Uint8Array {
    return written((to) => {
      to.put(this.#prefix);
      this.#keys.write(key, to);
    });
  }
}

/** The first key behind all that begin so. No table's letter is 255, so there is one. */
function behind(beginning: Uint8Array): Uint8Array {
  const last = beginning.findLastIndex((byte) => byte < 0xff);
  const next = beginning.slice(0, last + 1);
  next[last] = (next[last] ?? 0) + 1;
  return next;
}
