/**
 * The guard: a database that notices damage.
 *
 * LevelDB does not look at its checksums. One flipped bit in a table gives wrong data or hides a
 * record, one in the log silently drops writes from the middle, and a write that failed is followed
 * by writes that are acknowledged and lost. So here
 *   - every record carries a CRC-32 over its key and value, begun from a number of this database;
 *   - a record that is not found is missed only after its neighbours were seen to be whole and in
 *     order, and so is the end of a scan;
 *   - every batch has a number and leaves a marker, and the last number is kept outside as well: a
 *     gap between the markers is a hole in the log;
 *   - the first write that fails is the last.
 */
import { concatBytes } from '@noble/hashes/utils.js';
import { decode, encode, U32 } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import { type Breathe, breathless } from './breathe.ts';
import {
  type Database,
  damaged,
  type Operation,
  type Range,
  type Source,
  U32Sorted,
} from './database.ts';
import { type Checksum, identityKey, Reader, reading } from './reader.ts';
import { Turns } from './turns.ts';

/** Keeps the number of the last synced batch, outside the database. */
export interface LastBatch {
  read(): number | undefined;
  write(number: number): void;
}

export interface GuardOptions {
  readonly database: Database;
  readonly checksum: Checksum;
  /** Bytes that nobody can guess. */
  readonly random: (length: number) => Uint8Array;
  /** Where nothing can be lost, as in memory, there is none. */
  readonly last?: LastBatch;
  /** Whoever has nothing else to do needs none. */
  readonly breathe?: Breathe;
}

/** Behind all tables, so that every record has a neighbour behind it. */
const fenceKey = Uint8Array.of(255);
const markerLetter = 1;
const identityBytes = 32;

/**
 * Batches whose markers are kept, by their size. LevelDB has two logs at most, each no longer than
 * its write buffer of 4 MiB and one batch: what is older than that lies in its tables.
 */
const loggedBytes = 16 * 2 ** 20;

/** More markers than these are forgotten when the database is opened: reading 1,000 takes 10 ms. */
const mostMarkers = 1_000;

/** A view that stands still, until it is closed. */
export interface View extends Source {
  close(): Promise<void>;
}

export class Guard implements Source {
  /** 32 random bytes, this database's own. */
  readonly identity: Uint8Array;
  /** For all long work on what is here. */
  readonly breathe: Breathe;
  readonly #options: GuardOptions;
  readonly #reader: Reader;
  /** The markers that are kept: their numbers, and the bytes written up to each. */
  readonly #kept: { readonly number: number; readonly bytes: number }[] = [];
  #bytes = 0;
  #first: number;
  #number: number;
  readonly #turns = new Turns();
  #failure: Fault | undefined;

  private constructor(options: GuardOptions, identity: Uint8Array, run: Run) {
    this.identity = identity;
    this.breathe = options.breathe ?? breathless;
    this.#options = options;
    this.#reader = new Reader(options, identity);
    this.#first = run.first;
    this.#number = run.last;
  }

  /** Opens a database, or founds one where there is none at all. Damage that shows is thrown. */
  static async open(options: GuardOptions): Promise<Guard> {
    const { database, last } = options;
    const known = last?.read();
    const identity = await reading(database.get(identityKey, {}));
    if (!identity) {
      const isEmpty = (await firstOf(database.iterator({ limit: 1 }))) === undefined;
      if (!isEmpty || known !== undefined) throw damaged('its beginning is lost');
      return Guard.#found(options);
    }
    const own = Uint8Array.from(identity.subarray(0, identityBytes));
    const reader = new Reader(options, own);
    await reader.get(identityKey);
    const run = await readRun(reader);
    if (last && known === undefined && run.last > 0) throw damaged('its file last is lost');
    if (known !== undefined && run.last < known) {
      throw damaged(`the last ${known - run.last} of ${known} writes are lost`);
    }
    const guard = new Guard(options, own, run);
    // Opening has emptied the log, and whoever opens next would read them all again.
    if (run.last - run.first > mostMarkers) await guard.batch([], { sync: true });
    return guard;
  }

  static async #found(options: GuardOptions): Promise<Guard> {
    const identity = options.random(identityBytes);
    const guard = new Guard(options, identity, { first: 0, last: -1 });
    const [begin, end] = [identityKey, fenceKey].map((key) => guard.#reader.put(key, identity));
    if (begin && end) await guard.#write([begin, end], true);
    return guard;
  }

  /** Nothing was ever written but what founds a database. */
  get isNew(): boolean {
    return this.#number === 0;
  }

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#reader.get(key);
  }

  getMany(keys: Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return this.#reader.getMany(keys);
  }

  iterator(range: Range): AsyncIterable<[Uint8Array, Uint8Array]> {
    return this.#reader.iterator(range);
  }

  /** The database as it is now, for as long as the view is not closed. */
  view(): View {
    const snapshot = this.#options.database.snapshot();
    const reader = new Reader(this.#options, this.identity, snapshot);
    return Object.assign(reader, { close: () => snapshot.close() });
  }

  /** All of it or nothing; with `sync` it outlives a loss of power. */
  async batch(operations: Iterable<Operation>, { sync }: { readonly sync: boolean }) {
    // One after the other: a crash must not leave a later batch without an earlier one.
    await this.#turns.take(async () => {
      const sealed: Operation[] = [];
      for (const each of operations) {
        sealed.push(each.type === 'put' ? this.#reader.put(each.key, each.value) : each);
        await this.breathe();
      }
      await this.#write(sealed, sync);
    });
  }

  async #write(sealed: readonly Operation[], sync: boolean): Promise<void> {
    if (this.#failure) throw this.#failure;
    const number = this.#number + 1;
    const dropped = this.#forget(number, sealed);
    const marker = this.#reader.put(markerKey(number), encode(U32, this.#first));
    try {
      await this.#options.database.batch([...sealed, ...dropped, marker], { sync });
      this.#number = number;
      if (sync) this.#options.last?.write(number);
    } catch (error) {
      this.#failure = writeFault(error);
      throw this.#failure;
    }
  }

  /** Deletes the markers of batches that no log holds any more. */
  #forget(number: number, sealed: readonly Operation[]): readonly Operation[] {
    for (const each of sealed) {
      this.#bytes += each.key.length + (each.type === 'put' ? each.value.length : 0);
    }
    // What was there when the database was opened has left the log with that.
    const oldest = this.#kept.find(({ bytes }) => bytes > this.#bytes - loggedBytes);
    const first = this.#kept.length === 0 ? Math.max(number - 1, 0) : (oldest?.number ?? number);
    while ((this.#kept[0]?.number ?? number) < first) this.#kept.shift();
    this.#kept.push({ number, bytes: this.#bytes });
    const gone = Array.from({ length: first - this.#first }, (_, i) => this.#first + i);
    this.#first = first;
    return gone.map((each) => ({ type: 'del', key: markerKey(each) }));
  }
}

/** The batches whose markers are there, without a gap. */
interface Run {
  readonly first: number;
  readonly last: number;
}

async function readRun(reader: Reader): Promise<Run> {
  const range = { gte: Uint8Array.of(markerLetter), lt: Uint8Array.of(markerLetter + 1) };
  const numbers: number[] = [];
  let first = 0;
  for await (const [key, value] of reader.iterator(range)) {
    numbers.push(decode(U32Sorted, key.subarray(1)));
    first = decode(U32, value);
  }
  const last = numbers.at(-1);
  if (last === undefined) throw damaged('the markers of its writes are lost');
  const missing = last - first + 1 - numbers.length;
  if (numbers[0] !== first || missing !== 0) {
    throw damaged(`${Math.abs(missing)} writes before the last one are lost`);
  }
  return { first, last };
}

function markerKey(number: number): Uint8Array {
  return concatBytes(Uint8Array.of(markerLetter), encode(U32Sorted, number));
}

async function firstOf<T>(values: AsyncIterable<T>): Promise<T | undefined> {
  for await (const value of values) return value;
  return undefined;
}

/** Why nothing can be written any more. */
function writeFault(error: unknown): Fault {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const why = cause instanceof Error ? cause.message : String(cause);
  // Writes fail, too, where LevelDB cannot read what it would rearrange.
  if (/corruption/i.test(why)) return damaged(why, error);
  const isFull = /No space left|File too large|quota|ENOSPC|EFBIG|EDQUOT/i.test(why);
  return isFull
    ? new Fault('disk-full', `${why}; nothing is lost that was acknowledged: make room`, error)
    : new Fault('write-failed', `cannot write to the database: ${why}`, error);
}
