/**
 * The reader: sees that what the database says is what was written, and that what it does not say
 * was never written.
 *
 * A record whose key was changed lies where it always lay, but is not found there. So before one is
 * missed its neighbours are looked at: they must be whole and in order. The same at the ends of a
 * scan, which has no other way to tell that its first or last record went astray.
 */
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import { Reader as Cursor } from '../primitives/codec.ts';
import { written } from '../primitives/writer.ts';
import {
  type Database,
  damaged,
  type Operation,
  type Range,
  type Snapshot,
  type Source,
} from './database.ts';

/** CRC-32 as zlib has it, of bytes, begun from the CRC of those before them. */
export type Checksum = (bytes: Uint8Array, begun: number) => number;

/** The first record, before all tables: every other has a neighbour before it. */
export const identityKey = Uint8Array.of(0);

/** Checks what it reads, from the database or from a snapshot of it. */
export class Reader implements Source {
  readonly #database: Database;
  readonly #checksum: Checksum;
  readonly #begun: number;
  readonly #at: { readonly snapshot?: Snapshot };

  /** @param identity Of the database: where its checksums begin. */
  constructor(
    { database, checksum }: { readonly database: Database; readonly checksum: Checksum },
    identity: Uint8Array,
    snapshot?: Snapshot,
  ) {
    this.#database = database;
    this.#checksum = checksum;
    this.#begun = checksum(identity, 0);
    this.#at = snapshot ? { snapshot } : {};
  }

  /** A record; where there is none, its neighbours are looked at first. */
  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const record = await reading(this.#database.get(key, this.#at));
    if (record) return this.#open(key, record);
    for await (const [found] of this.iterator({ gte: key, lt: concatBytes(key, identityKey) })) {
      throw damaged(`${name(found)} is hidden`);
    }
    return undefined;
  }

  /** Records in the order of their keys. What is missing here may be damage: see `get`. */
  async getMany(keys: Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const records = await reading(this.#database.getMany(keys, this.#at));
    return records.map((record, i) => record && this.#open(keys[i] ?? identityKey, record));
  }

  async *iterator({ gte, lt }: Range): AsyncIterable<[Uint8Array, Uint8Array]> {
    await this.#lookBefore(gte);
    let before: Uint8Array | undefined;
    // Without an end, so that a record whose key was changed is met where it lies.
    const records = this.#database.iterator({ gte, ...this.#at })[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value: record } = await reading(records.next());
        if (done) throw damaged('the end of its tables is lost');
        const [key, value] = record;
        const bytes = this.#open(key, value);
        if (compare(key, before ?? gte) < (before ? 1 : 0)) throw damaged(`${name(key)} is astray`);
        if (compare(key, lt) >= 0) return;
        yield [key, bytes];
        before = key;
      }
    } finally {
      await records.return?.();
    }
  }

  /** The record before this key must be whole, and before it: else one may be hidden between. */
  async #lookBefore(key: Uint8Array): Promise<void> {
    const walk = this.#database.iterator({ lt: key, reverse: true, limit: 1, ...this.#at });
    const records = walk[Symbol.asyncIterator]();
    const { done, value: record } = await reading(records.next());
    await records.return?.();
    if (done) throw damaged(`nothing is left before ${name(key)}`);
    const [found, value] = record;
    this.#open(found, value);
    if (compare(found, key) >= 0) throw damaged(`${name(found)} is astray`);
  }

  /** What a record holds, if it is what was written. */
  #open(key: Uint8Array, record: Uint8Array): Uint8Array {
    const value = record.subarray(0, Math.max(record.length - 4, 0));
    const seal = new Cursor(record.subarray(value.length));
    const isWhole = seal.remaining === 4 && seal.u32() === this.#seal(key, value);
    if (!isWhole) throw damaged(`${name(key)} does not match its checksum`);
    return value;
  }

  put(key: Uint8Array, value: Uint8Array): Operation {
    const sealed = written((to) => {
      to.put(value);
      to.u32(this.#seal(key, value));
    });
    return { type: 'put', key, value: sealed };
  }

  #seal(key: Uint8Array, value: Uint8Array): number {
    return this.#checksum(value, this.#checksum(key, this.#begun));
  }
}

/** What each table is called when it is damaged. */
const names: Readonly<Record<string, string>> = {
  '\u0000': 'its beginning',
  '\u0001': 'a marker',
  a: 'the active chain',
  b: 'a block',
  c: 'a coin',
  f: 'the place of the waiting payments',
  h: 'the history of an address',
  i: 'the block index',
  l: 'a branch tip',
  m: 'a setting',
  o: 'a coin of an address',
  s: 'the sum of an address',
  t: 'the transaction index',
  u: 'an undo record',
  w: 'a waiting payment',
};

function name(key: Uint8Array): string {
  const letter = String.fromCharCode(key[0] ?? 255);
  const rest = bytesToHex(Uint8Array.from(key.subarray(1, 41)));
  return `${names[letter] ?? 'a record'}${rest === '' ? '' : ` (${rest})`}`;
}

function compare(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** LevelDB's own words for what it found broken. */
export async function reading<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    throw damaged(error instanceof Error ? error.message : String(error), error);
  }
}

/** Did LevelDB come upon something that it cannot read? */
export function isUnreadable(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'LEVEL_CORRUPTION' || code === 'LEVEL_IO_ERROR';
}
