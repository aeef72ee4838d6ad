/**
 * The machine: the only file of the command line that knows LevelDB, the clock, the dice and the
 * folders of this computer.
 */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Level } from 'level';
import type { Database } from '../chain/database.ts';
import { Fault } from '../primitives/fault.ts';
import type { Cipher } from '../wallet/seal.ts';

/** The time in seconds since 1970. */
export function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** Bytes that nobody can guess. */
export function random(length: number): Uint8Array {
  return Uint8Array.from(randomBytes(length));
}

const tagBytes = 16;

/** The cryptography of OpenSSL. */
export const cipher: Cipher = {
  deriveKey: (password, salt, { N, r, p }) =>
    // Its bound on memory is 32 MiB by default; a little more than the table itself is needed.
    scryptSync(password, salt, 32, { N, r, p, maxmem: 128 * r * (N + p + 2) }),
  encrypt({ key, nonce, associated }, text) {
    const encryption = createCipheriv('aes-256-gcm', key, nonce).setAAD(associated);
    const parts = [encryption.update(text), encryption.final(), encryption.getAuthTag()];
    return Uint8Array.from(Buffer.concat(parts));
  },
  decrypt({ key, nonce, associated }, sealed) {
    const decryption = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
      .setAAD(associated)
      .setAuthTag(sealed.slice(-tagBytes));
    const text = decryption.update(sealed.slice(0, -tagBytes));
    try {
      return Uint8Array.from(Buffer.concat([text, decryption.final()]));
    } catch {
      // OpenSSL throws for one reason here: the tag does not fit.
      return undefined;
    }
  },
};

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
  return await openLevel({ place, holder, what: 'the database is', mayCreate: () => isNew(place) });
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
  const level = await openLevel({
    place,
    holder,
    what: 'the wallets are',
    mayCreate: () => true,
  });
  return () => level.close();
}

interface LevelPlace {
  readonly place: string;
  /** Where it is written who has it. */
  readonly holder: string;
  /** What it is, for people. */
  readonly what: string;
  readonly mayCreate: () => boolean;
}

async function openLevel({ place, holder, what, mayCreate }: LevelPlace): Promise<OpenDatabase> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const level = new Level<Uint8Array, Uint8Array>(place, {
      keyEncoding: 'view',
      valueEncoding: 'view',
    });
    try {
      await level.open({ createIfMissing: mayCreate() });
      writeFileSync(holder, `process ${process.pid}, chain ${process.argv[2] ?? ''}`.trim());
      return level;
    } catch (error) {
      if (!isLocked(error)) throw openFault(place, error);
      if (Date.now() >= deadline) throw busy(what, holder, error);
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

function busy(what: string, holder: string, cause: unknown): Fault {
  const who = existsSync(holder) ? readFileSync(holder, 'utf8') : 'another process';
  return new Fault('busy', `${what} held by ${who}; try again when it is done`, cause);
}

function openFault(place: string, error: unknown): Fault {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const problem = cause instanceof Error ? cause.message : String(cause);
  if (/permission denied|read-only file system|no space left|file too large/i.test(problem)) {
    return new Fault('datadir', `cannot write to ${place}: ${problem}`, error);
  }
  const remedy = 'put a copy of it back, or move it away to begin anew; wallets are not in it';
  return new Fault(
    'damaged',
    `the database in ${place} does not open: ${problem}; ${remedy}`,
    error,
  );
}
