/**
 * The machine: the only file of the command line that knows LevelDB, the clock, the dice and the
 * folders of this computer.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Level } from 'level';
import type { Database } from '../chain/database.ts';
import { Fault } from '../primitives/fault.ts';

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

export interface OpenDatabase extends Database {
  close(): Promise<void>;
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
      await level.open({ createIfMissing: isNew(place) });
      writeFileSync(holder, `process ${process.pid}, chain ${process.argv[2] ?? ''}`.trim());
      return level;
    } catch (error) {
      if (!isLocked(error)) throw openFault(place, error);
      if (Date.now() >= deadline) throw busy(holder, error);
      await wait(50);
    }
  }
}

/** LevelDB would quietly begin anew where its file CURRENT is lost, so it may only in no folder. */
function isNew(place: string): boolean {
  return !existsSync(place) || readdirSync(place).length === 0;
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
  if (/Permission denied|Read-only file system/.test(problem)) {
    return new Fault('datadir', `cannot write to ${place}: ${problem}`, error);
  }
  const remedy = 'put a copy of it back, or move it away to begin anew; wallets are not in it';
  return new Fault(
    'damaged',
    `the database in ${place} does not open: ${problem}; ${remedy}`,
    error,
  );
}
