/**
 * The wallet's file: JSON that a person can read, and that notices any change that was not ours.
 *
 * It is an object with the fields of `Wallet` under their names and in this order: `format`,
 * `label`, `genesis`, `created`, `accounts`, then `words` as they are or `sealed`, `next`, and
 * `checksum`. Every field must be there, and no other: what is not understood cannot be kept when
 * the file is written anew.
 */
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { DecodeError, parseHash } from '../primitives/codec.ts';
import { sha256 } from '../primitives/hash.ts';
import { type Accounts, type KeyKind, Keys, readAccount } from './keys.ts';
import { maxN, newCost, type Sealed } from './seal.ts';
import { labelProblem, maxAddresses, type Next, type Wallet } from './wallet.ts';
import { readWords } from './words.ts';

/** The form of a new file; another form gets another number. */
const format = 2;

/** Before there were passwords: words only, neither accounts nor checksum. It is read for ever. */
const firstFormat = 1;

/** The text of the wallet's file. */
export function writeWallet(wallet: Wallet): string {
  const { label, genesis, created, accounts, secret, next } = wallet;
  const hidden = typeof secret === 'string' ? { words: secret } : { sealed: secret };
  const fields = { format, label, genesis, created, accounts, ...hidden, next };
  const checksum = checksumOf(fields);
  return `${JSON.stringify({ ...fields, checksum }, undefined, 2)}\n`;
}

/** SHA-256 of all other fields as JSON without spaces. It finds damage; guile it does not. */
function checksumOf(fields: object): string {
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify(fields))));
}

/**
 * The wallet in this file. Throws a `DecodeError` that names the field that is wrong, and never
 * quotes a value: it could be the secret.
 */
export function readWallet(text: string, coinType: number): Wallet {
  const file = objectOf(parseJson(text), 'the whole');
  if (file.get('format') === firstFormat) return readFirst(file, coinType);
  if (file.get('format') !== format) wrong('format', `expected ${format}: is it a newer one?`);
  const { checksum, ...rest } = Object.fromEntries(file);
  if (checksum !== checksumOf(rest)) wrong('checksum', 'the file is damaged: put a copy back');
  const secret = file.has('sealed') ? 'sealed' : 'words';
  const names = ['format', 'label', 'genesis', 'created', 'accounts', secret, 'next', 'checksum'];
  checkNames(file, names);
  return {
    ...readCommon(file),
    accounts: readAccounts(objectOf(file.get('accounts'), 'accounts')),
    secret: secret === 'words' ? parsed(file, secret, readWords) : readSealed(file),
  };
}

function readFirst(file: Fields, coinType: number): Wallet {
  checkNames(file, ['format', 'label', 'genesis', 'words', 'created', 'next']);
  const words = parsed(file, 'words', readWords);
  return {
    ...readCommon(file),
    accounts: new Keys(words, coinType).accounts(),
    secret: words,
  };
}

/** What both forms hold. */
function readCommon(file: Fields): Omit<Wallet, 'accounts' | 'secret'> {
  const label = textOf(file, 'label');
  const problem = labelProblem(label);
  if (problem) wrong('label', problem);
  const next = objectOf(file.get('next'), 'next');
  checkNames(next, ['p2wpkh', 'p2tr'], 'next.');
  return {
    label,
    genesis: parsed(file, 'genesis', parseHash),
    created: wholeOf(file.get('created'), 'created', { most: Number.MAX_SAFE_INTEGER }),
    next: { p2wpkh: readNext(next, 'p2wpkh'), p2tr: readNext(next, 'p2tr') },
  };
}

function readAccounts(accounts: Fields): Accounts {
  checkNames(accounts, ['p2wpkh', 'p2tr'], 'accounts.');
  return {
    p2wpkh: parsed(accounts, 'p2wpkh', readAccount, 'accounts.'),
    p2tr: parsed(accounts, 'p2tr', readAccount, 'accounts.'),
  };
}

/** The cost is bounded: a file must not take the machine's memory, nor make guesses cheap. */
function readSealed(file: Fields): Sealed {
  const sealed = objectOf(file.get('sealed'), 'sealed');
  const place = 'sealed.';
  checkNames(sealed, ['kdf', 'N', 'r', 'p', 'salt', 'cipher', 'nonce', 'text'], place);
  if (sealed.get('kdf') !== 'scrypt') wrong('sealed.kdf', 'expected scrypt');
  if (sealed.get('cipher') !== 'aes-256-gcm') wrong('sealed.cipher', 'expected aes-256-gcm');
  const N = wholeOf(sealed.get('N'), 'sealed.N', { least: newCost.N, most: maxN });
  if (!Number.isInteger(Math.log2(N))) wrong('sealed.N', 'expected a power of two');
  const { r, p } = newCost;
  if (sealed.get('r') !== r || sealed.get('p') !== p) wrong('sealed.r', `expected r ${r}, p ${p}`);
  return {
    kdf: 'scrypt',
    N,
    r,
    p,
    salt: hexOf(sealed, 'salt', [16]),
    cipher: 'aes-256-gcm',
    nonce: hexOf(sealed, 'nonce', [12]),
    // Entropy for 12 to 24 words, and the tag.
    text: hexOf(sealed, 'text', [32, 36, 40, 44, 48]),
  };
}

function hexOf(fields: Fields, field: string, lengths: readonly number[]): string {
  const text = textOf(fields, field, 'sealed.');
  if (/^[0-9a-f]*$/.test(text) && lengths.includes(text.length / 2)) return text;
  return wrong(`sealed.${field}`, `expected ${lengths.join(' or ')} bytes in hexadecimal`);
}

type Fields = ReadonlyMap<string, unknown>;

function readNext(next: Fields, kind: KeyKind): Next {
  const place = `next.${kind}`;
  const counts = objectOf(next.get(kind), place);
  checkNames(counts, ['receive', 'change'], `${place}.`);
  return {
    receive: wholeOf(counts.get('receive'), `${place}.receive`, { most: maxAddresses }),
    change: wholeOf(counts.get('change'), `${place}.change`, { most: maxAddresses }),
  };
}

interface Range {
  readonly least?: number;
  readonly most: number;
}

function wholeOf(value: unknown, field: string, { least = 0, most }: Range): number {
  const isWhole = typeof value === 'number' && Number.isInteger(value);
  if (isWhole && value >= least && value <= most) return value;
  return wrong(field, `expected a whole number from ${least} to ${most}`);
}

function textOf(fields: Fields, field: string, place = ''): string {
  const value = fields.get(field);
  return typeof value === 'string' ? value : wrong(place + field, 'expected text');
}

function parsed<T>(fields: Fields, field: string, parse: (text: string) => T, place = ''): T {
  const text = textOf(fields, field, place);
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof DecodeError) return wrong(place + field, 'damaged');
    throw error;
  }
}

function checkNames(fields: Fields, names: readonly string[], place = ''): void {
  for (const name of names) if (!fields.has(name)) wrong(place + name, 'is missing');
  for (const name of fields.keys()) {
    if (!names.includes(name)) wrong(place + name, 'there is no such field');
  }
}

function objectOf(value: unknown, field: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return new Map(Object.entries(value));
  }
  return wrong(field, 'expected an object');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes what lies around the mistake.
    return wrong('the whole', 'not JSON');
  }
}

function wrong(field: string, problem: string): never {
  throw new DecodeError(`wallet file: ${field}: ${problem}`);
}
