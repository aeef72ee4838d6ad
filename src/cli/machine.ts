/** The machine: the clock, the dice, the ciphers and the folders of this computer. */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  randomBytes,
  scryptSync,
  timingSafeEqual,
} from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Timers } from '../network/boundary.ts';
import { Fault } from '../primitives/fault.ts';
import type { Cipher } from '../wallet/seal.ts';

/** The time in seconds since 1970. */
export function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** Time that only goes on, in milliseconds, and calls when it has come. */
export const timers: Timers = {
  nowMs: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

/** Bytes that nobody can guess. */
export function random(length: number): Uint8Array {
  return Uint8Array.from(randomBytes(length));
}

/** Is this the secret? How long the answer takes tells nothing of how much of it was right. */
export function isSecret(given: string, secret: string): boolean {
  const key = randomBytes(32);
  const [one, other] = [given, secret].map((text) =>
    createHmac('sha256', key).update(text).digest(),
  );
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}

/** HMAC-SHA256 in hex. */
export function hmac(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
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
