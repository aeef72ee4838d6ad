/**
 * The machine: the only file of the command line that knows LevelDB, the clock, the dice and the
 * folders of this computer.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { Level } from 'level';
import { type Database, damaged } from '../chain/database.ts';
import type { LastBatch } from '../chain/guard.ts';
import type { Checksum } from '../chain/reader.ts';
import { Fault } from '../primitives/fault.ts';
import { checkTables } from './tablefile.ts';

/** The time in seconds since 1970. */
export function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** Bytes that nobody can guess. */
export function random(length: number): Uint8Array {
  return Uint8Array.from(randomBytes(length));
}

/** Where data goes unless `--datadir` says otherwise: in a checkout `data`, else as is usual. */
export function defaultDatadir(): string {
  const isCheckout = existsSync(new URL('../../src', import.meta.url));
  if (isCheckout) return fileURLToPath(new URL('../../data', import.meta.url));
  if (process.platform === 'darwin') return join(homedir(), 'Library/Application Support/chain');
  if (process.platform === 'win32') {
    return join(process.env['LOCALAPPDATA'] ?? join(homedir(), 'AppData/Local'), 'chain');
  }
  return join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local/share'), 'chain');
}

/** Makes a folder, and those above it, that only their owner can look into. */
export function makeFolder(folder: string): void {
  // Node's own `recursive` never comes back from a place like /proc.
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const isThereNow = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (isThereNow) return;
    throw new Fault('datadir', `cannot make the folder ${folder}: ${String(error)}`, error);
  }
}

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
  const place = join(folder, 'chain');
  const holder = join(folder, 'holder');
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const level = new Level<Uint8Array, Uint8Array>(place, {
      keyEncoding: 'view',
      valueEncoding: 'view',
    });
    try {
      const createIfMissing = isNew(place);
      if (!createIfMissing) {
        await demandFree(level);
        checkTables(place);
      }
      await level.open({ createIfMissing });
      writeFileSync(holder, `process ${process.pid}, chain ${process.argv[2] ?? ''}`.trim());
      const last = new LastFile(join(place, 'last'));
      const close = async () => {
        last.close();
        await level.close();
      };
      return { database: level, last, close };
    } catch (error) {
      if (!isLocked(error)) throw openFault(place, error);
      if (Date.now() >= deadline) throw busy(holder, error);
      await wait(50);
    }
  }
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

function isLocked(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED';
}

function busy(holder: string, cause: unknown): Fault {
  const who = existsSync(holder) ? readFileSync(holder, 'utf8') : 'another process';
  return new Fault('busy', `the database is held by ${who}; try again when it is done`, cause);
}

function openFault(place: string, error: unknown): Fault {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const problem = cause instanceof Error ? cause.message : String(cause);
  if (/Permission denied|Read-only file system/i.test(problem)) {
    return new Fault('datadir', `cannot write to ${place}: ${problem}`, error);
  }
  if (/No space left|File too large|quota/i.test(problem)) {
    return new Fault('disk-full', `cannot open ${place}: ${problem}; make room`, error);
  }
  return damaged(`${place} does not open: ${problem}`, error);
}
