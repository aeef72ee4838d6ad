/** Unlocks a wallet: asks for its password where it has one, and grows its keys. */
import { closeSync, openSync, readSync } from 'node:fs';
import { Fault } from '../primitives/fault.ts';
import { Keys } from '../wallet/keys.ts';
import { unseal } from '../wallet/seal.ts';
import type { Wallet } from '../wallet/wallet.ts';
import type { Desk } from './desk.ts';
import { askPerson, isPersonThere, type Question } from './person.ts';

export interface PasswordOptions {
  readonly passwordFile?: string;
}

/** What only the owner of a wallet has. */
export interface Unlocked {
  readonly words: string;
  readonly keys: Keys;
}

/** The wallet's words and private keys. */
export async function unlock(
  desk: Desk,
  wallet: Wallet,
  options: PasswordOptions,
): Promise<Unlocked> {
  const words = await wordsOf(desk, wallet, options);
  const keys = new Keys(words, desk.params.coinType);
  const accounts = keys.accounts();
  // Who exchanged these would be paid in the owner's stead.
  if (accounts.p2wpkh === wallet.accounts.p2wpkh && accounts.p2tr === wallet.accounts.p2tr) {
    return { words, keys };
  }
  const problem = `the accounts of '${wallet.label}' do not grow from its words`;
  throw new Fault('bad-wallet', `${problem}: its file was changed; put a copy of it back`);
}

async function wordsOf(desk: Desk, wallet: Wallet, options: PasswordOptions): Promise<string> {
  if (typeof wallet.secret === 'string') return wallet.secret;
  const question = { text: `Password of '${wallet.label}': `, isHidden: true };
  const [password = ''] = await passwords(options, `'${wallet.label}'`, [question]);
  return desk.patiently(derivation, () => unseal(wallet, password, desk.cipher));
}

/** Told on a terminal while it lasts. */
export const derivation = 'making the key from the password takes a moment …';

/** The password for a new wallet. A person types it twice, for nobody sees a slip of the finger. */
export async function newPassword(options: PasswordOptions): Promise<string> {
  const [password = '', again] = await passwords(options, 'the new wallet', [
    { text: 'New password: ', isHidden: true },
    { text: 'The same again: ', isHidden: true },
  ]);
  if (password === '') throw new Fault('bad-password', 'a password has one character at least');
  if (again === undefined || again === password) return password;
  throw new Fault(
    'bad-password',
    'the two passwords are not the same; nothing was made, try again',
  );
}

/** From the file that was named, or else from the person at the terminal. */
async function passwords(
  { passwordFile }: PasswordOptions,
  whose: string,
  questions: readonly Question[],
): Promise<readonly string[]> {
  if (passwordFile !== undefined) return [readPasswordFile(passwordFile)];
  if (isPersonThere()) return await askPerson(questions);
  throw new Fault(
    'password-needed',
    `${whose} wants a password: run this at a terminal, or name a file with --password-file`,
  );
}

/** More than any password has; a bound on what is read of a file that never ends. */
const maxPasswordBytes = 4_096;

/** The first line of the file, without its end; the rest may be anything. */
function readPasswordFile(path: string): string {
  try {
    return firstLine(readStart(path));
  } catch (error) {
    const problem = `cannot read the password in ${path}: ${String(error)}`;
    throw new Fault(
      'password-file',
      `${problem}; name a text file with it as its first line`,
      error,
    );
  }
}

function firstLine(start: Uint8Array): string {
  const end = start.indexOf(newline);
  if (end < 0 && start.length > maxPasswordBytes) throw new Error('its first line is too long');
  const line = start.subarray(0, end < 0 ? start.length : end);
  return new TextDecoder('utf-8', { fatal: true }).decode(line).replace(/\r$/, '');
}

const newline = 0x0a;

/** The bytes a file begins with, one more than a password may have; a pipe gives them in pieces. */
function readStart(path: string): Uint8Array {
  const bytes = new Uint8Array(maxPasswordBytes + 1);
  const file = openSync(path, 'r');
  try {
    let length = 0;
    for (let count = -1; count !== 0; length += count) {
      count = readSync(file, bytes, length, bytes.length - length, null);
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(file);
  }
}
