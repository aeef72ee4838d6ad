/**
 * LevelDB on this machine: the only file that knows it. How a database is opened, by one process at
 * a time; how a new one takes the place of an old one; and what each failure is called.
 */
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { ClassicLevel } from 'classic-level';
import { Level } from 'level';
import { type Database, damaged } from '../chain/database.ts';
import type { LastBatch } from '../chain/guard.ts';
import type { Checksum } from '../chain/reader.ts';
import { Fault } from '../primitives/fault.ts';
import { breathe } from './breath.ts';
import { makeFolder } from './machine.ts';
import { findNode, nodeRunning, type RunningNode } from './nodefile.ts';
import { checkTables } from './tablecheck.ts';

export const checksum: Checksum = crc32;

export interface OpenDatabase {
  readonly database: Database;
  readonly last: LastBatch;
  readonly close: () => Promise<void>;
}

/** How long a command waits for another one to be done with the database. */
const patienceMs = 10_000;

/** Opens the database of this network's folder, which one process at a time can. */
export async function openDatabase(folder: string): Promise<OpenDatabase> {
  makeFolder(folder);
  finishExchange(folder);
  return openAt(folder, 'chain');
}

/** Opens the database of this name, once its tables were looked at in this way. */
export async function openAt(
  folder: string,
  name: string,
  look: (place: string) => void = checkTables,
): Promise<OpenDatabase> {
  const place = join(folder, name);
  const holder = join(folder, 'holder');
  return await openLevel({ place, holder, what: 'the database is', mayCreate: isNew, look });
}

/**
 * Takes the lock over this folder's wallets, until it is let go of.
 *
 * It is LevelDB's lock, on a database that holds nothing: Node has no other that the system itself
 * takes from a process that dies, so none is ever left behind, or broken by mistake.
 */
export async function takeWalletLock(folder: string): Promise<() => Promise<void>> {
  makeFolder(folder);
  const place = join(folder, 'walletlock');
  makeFolder(place);
  const holder = join(place, 'holder');
  const what = 'the wallets are';
  try {
    const { close } = await openLevel({
      place,
      holder,
      what,
      mayCreate: () => true,
      look: () => {},
    });
    return close;
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'damaged') throw error;
    const problem = `the lock over the wallets does not open; remove ${place}, it holds nothing`;
    throw new Fault('wallet-lock', problem, error);
  }
}

interface LevelPlace {
  readonly place: string;
  /** Where it is written who has it. */
  readonly holder: string;
  /** What it is, for people. */
  readonly what: string;
  readonly mayCreate: (place: string) => boolean;
  /** What is to be done before it is opened, when no other process has it. */
  readonly look: (place: string) => void;
}

async function openLevel(level: LevelPlace): Promise<OpenDatabase> {
  const { place, holder, what } = level;
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const database = levelAt(place);
    try {
      const createIfMissing = level.mayCreate(place);
      if (!createIfMissing) {
        await demandFree(database);
        level.look(place);
      }
      await database.open({ createIfMissing });
      writeFileSync(holder, `process ${process.pid}, chain ${process.argv[2] ?? ''}`.trim());
      const last = new LastFile(join(place, 'last'));
      const close = async () => {
        last.close();
        await database.close();
      };
      return { database: inPortions(database), last, close };
    } catch (error) {
      if (!isLocked(error)) throw openFault(place, error);
      // Another command is soon done; a node is not.
      if (Date.now() >= deadline || nodeHolding(holder)) throw busy(what, holder, error);
      await wait(50);
    }
  }
}

/** What LevelDB can do beside what is asked of a database. */
interface ByHand extends Database {
  getSync(key: Uint8Array, at: Parameters<Database['get']>[1]): Uint8Array | undefined;
}

/** So many are as quickly read one by one in this thread. */
const fewKeys = 4;

/**
 * The same database, which takes a long batch one by one rather than all at once. A single record
 * is read in this thread: that takes 13 microseconds, and to hand it to another and to wait for it
 * 24, and much longer while this one works.
 */
function inPortions(level: Level<Uint8Array, Uint8Array>): Database {
  const whole: ByHand = level;
  return {
    async get(key, at) {
      try {
        return whole.getSync(key, at);
      } catch {
        // The other way says by a code what is wrong.
        return await whole.get(key, at);
      }
    },
    async getMany(keys, at) {
      if (keys.length > fewKeys) return await whole.getMany(keys, at);
      return await Promise.all(keys.map((key) => this.get(key, at)));
    },
    iterator: (walk) => whole.iterator(walk),
    snapshot: () => whole.snapshot(),
    async batch(operations, options) {
      const batch = level.batch();
      for (const each of operations) {
        if (each.type === 'put') batch.put(each.key, each.value);
        else batch.del(each.key);
        await breathe();
      }
      await batch.write(options);
    },
  };
}

function levelAt(place: string): Level<Uint8Array, Uint8Array> {
  return new Level(place, { keyEncoding: 'view', valueEncoding: 'view' });
}

/** LevelDB's own repair: from its tables and logs it makes what it can. */
export async function repair(place: string): Promise<void> {
  try {
    await ClassicLevel.repair(place);
  } catch (error) {
    throw openFault(place, error);
  }
}

/** Where the old database was moved away, the new one is whole: a crash may have come between. */
export function finishExchange(folder: string): void {
  const [place, fresh] = [join(folder, 'chain'), join(folder, 'chain.new')];
  if (!existsSync(place) && existsSync(fresh)) renameSync(fresh, place);
  if (existsSync(place)) removeFolder(join(folder, 'chain.old'));
}

export function removeFolder(place: string): void {
  rmSync(place, { recursive: true, force: true });
}

/**
 * The number of the last synced batch, in a file that LevelDB does not know. Two places by turns,
 * eight bytes each: the number and its CRC-32, so that a write cut short leaves the one before.
 */
class LastFile implements LastBatch {
  readonly #path: string;
  #file: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  read(): number | undefined {
    if (!existsSync(this.#path)) return undefined;
    const bytes = readFileSync(this.#path);
    const numbers = [0, 8]
      .filter((at) => at + 8 <= bytes.length)
      .filter((at) => crc32(bytes.subarray(at, at + 4)) === bytes.readUInt32LE(at + 4))
      .map((at) => bytes.readUInt32LE(at));
    return numbers.length > 0 ? Math.max(...numbers) : undefined;
  }

  write(number: number): void {
    this.#file ??= openSync(this.#path, existsSync(this.#path) ? 'r+' : 'w', 0o600);
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32LE(number);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 4)), 4);
    writeSync(this.#file, bytes, 0, 8, (number % 2) * 8);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/**
 * LevelDB would quietly begin anew where its file CURRENT is lost, so it may only where no file is
 * that can hold anything: a beginning that failed leaves others.
 */
function isNew(place: string): boolean {
  const names = existsSync(place) ? readdirSync(place) : [];
  return !names.some((name) => /^(CURRENT|last)$|\.(ldb|log)$/.test(name));
}

/** Throws if another process has the database. Unlike an opening it changes nothing. */
async function demandFree(level: Level<Uint8Array, Uint8Array>): Promise<void> {
  try {
    await level.open({ createIfMissing: false, errorIfExists: true });
  } catch (error) {
    if (isLocked(error)) throw error;
  }
}

/** Throws `busy` if another process has the database of this folder. */
export async function demandUnused(folder: string): Promise<void> {
  try {
    await demandFree(levelAt(join(folder, 'chain')));
  } catch (error) {
    throw busy('the database is', join(folder, 'holder'), error);
  }
}

function isLocked(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED';
}

/** The node that has the database, if one has; a file that it left behind names another holder. */
function nodeHolding(holder: string): RunningNode | undefined {
  const node = findNode(dirname(holder));
  if (!node || !existsSync(holder)) return undefined;
  return readFileSync(holder, 'utf8').startsWith(`process ${node.pid},`) ? node : undefined;
}

function busy(what: string, holder: string, cause: unknown): Fault {
  const node = nodeHolding(holder);
  if (node) return nodeRunning(node, cause);
  const who = existsSync(holder) ? readFileSync(holder, 'utf8') : 'another process';
  return new Fault('busy', `${what} held by ${who}; try again when it is done`, cause);
}

function openFault(place: string, error: unknown): Fault {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const problem = cause instanceof Error ? cause.message : String(cause);
  if (/permission denied|read-only file system/i.test(problem)) {
    return new Fault('datadir', `cannot write to ${place}: ${problem}`, error);
  }
  if (/no space left|file too large|quota/i.test(problem)) {
    return new Fault('disk-full', `cannot open ${place}: ${problem}; make room`, error);
  }
  return damaged(`${place} does not open: ${problem}`, error);
}
