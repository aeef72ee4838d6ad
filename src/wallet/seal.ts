/**
 * A wallet's words under a password: without it the file shows addresses, and spends nothing.
 *
 * The key comes from the password by scrypt, which makes each guess cost 128 MiB and a third of a
 * second. What the words are worth hangs on the public fields too: who could exchange the keys that
 * addresses grow from would be paid in our stead. So these are authenticated with the words.
 */
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { Fault } from '../primitives/fault.ts';
import type { Wallet } from './wallet.ts';
import { entropyOf, newWords } from './words.ts';

/** scrypt's parameters: memory is 128 N r bytes. RFC 7914. */
interface Scrypt {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** How words are sealed, and the sealed words; bytes are hexadecimal. */
export interface Sealed extends Scrypt {
  readonly kdf: 'scrypt';
  /** 16 bytes, new with each seal. */
  readonly salt: string;
  readonly cipher: 'aes-256-gcm';
  /** 12 bytes, new with each seal. */
  readonly nonce: string;
  /** The entropy of the words, encrypted, then the tag of 16 bytes. */
  readonly text: string;
}

/** What is encrypted under a key, and what is authenticated beside it. */
interface Envelope {
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly associated: Uint8Array;
}

/** The machine's cryptography, handed in: it is many times faster than any in JavaScript. */
export interface Cipher {
  /** scrypt, 32 bytes long. */
  deriveKey(password: Uint8Array, salt: Uint8Array, cost: Scrypt): Uint8Array;
  /** AES-256-GCM: the text encrypted, then the tag. */
  encrypt(envelope: Envelope, text: Uint8Array): Uint8Array;
  /** The text, or `undefined` where the tag does not fit. */
  decrypt(envelope: Envelope, sealed: Uint8Array): Uint8Array | undefined;
}

/** What new seals cost: as OWASP advises. */
export const newCost: Scrypt = { N: 2 ** 17, r: 8, p: 1 };

/** The most that a file may ask for: a quarter of a gigabyte. */
export const maxN = 2 ** 18;

/** What sealing needs beside the wallet. */
export interface Sealing {
  readonly password: string;
  readonly cipher: Cipher;
  readonly random: (length: number) => Uint8Array;
}

/** The wallet with its words sealed, under a key that no other seal has. */
export function seal(wallet: Wallet, { password, cipher, random }: Sealing): Wallet {
  if (typeof wallet.secret !== 'string') return wallet;
  const lock = {
    kdf: 'scrypt',
    ...newCost,
    salt: bytesToHex(random(16)),
    cipher: 'aes-256-gcm',
    nonce: bytesToHex(random(12)),
  } as const;
  const envelope = envelopeOf(wallet, lock, { password, cipher });
  const text = bytesToHex(cipher.encrypt(envelope, entropyOf(wallet.secret)));
  return { ...wallet, secret: { ...lock, text } };
}

/** The words of the wallet. Throws a `Fault` where the password is another. */
export function unseal(wallet: Wallet, password: string, cipher: Cipher): string {
  const { secret } = wallet;
  if (typeof secret === 'string') return secret;
  const { text, ...lock } = secret;
  const envelope = envelopeOf(wallet, lock, { password, cipher });
  const entropy = cipher.decrypt(envelope, hexToBytes(text));
  if (entropy) return newWords(entropy);
  throw new Fault(
    'wrong-password',
    `this is not the password of '${wallet.label}'; if you are sure that it is, ` +
      'somebody has changed the file: put a copy of it back',
  );
}

type Lock = Omit<Sealed, 'text'>;

/**
 * Authenticated is a JSON array of every field of the wallet's file that stays as it is, those of
 * the lock included. The counts of addresses change while no password is at hand.
 */
function envelopeOf(
  { label, genesis, created, accounts }: Wallet,
  { kdf, N, r, p, salt, cipher: name, nonce }: Lock,
  { password, cipher }: Omit<Sealing, 'random'>,
): Envelope {
  const fields = [label, genesis, created, accounts.p2wpkh, accounts.p2tr];
  const lock = [kdf, N, r, p, salt, name, nonce];
  return {
    // However a keyboard composes its letters, the password is the same.
    key: cipher.deriveKey(utf8ToBytes(password.normalize('NFKC')), hexToBytes(salt), { N, r, p }),
    nonce: hexToBytes(nonce),
    associated: utf8ToBytes(JSON.stringify([...fields, ...lock])),
  };
}
