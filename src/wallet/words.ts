/**
 * A wallet's secret as words that a person can write down. BIP39.
 *
 * Each word stands for eleven bits; the last ones are a checksum, so that a slip of the pen is seen
 * and not taken for another, empty wallet.
 */
import { entropyToMnemonic, validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { DecodeError } from '../primitives/codec.ts';

/** Sixteen random bytes as twelve English words. */
export function newWords(entropy: Uint8Array): string {
  return entropyToMnemonic(entropy, wordlist);
}

const counts = [12, 15, 18, 21, 24];

/** Words as a person typed them, in their one form: lower case, a single space between two. */
export function readWords(text: string): string {
  const words = text.trim().toLowerCase().split(/\s+/);
  if (!counts.includes(words.length)) {
    const got = text.trim() === '' ? 0 : words.length;
    throw new DecodeError(`expected 12, 15, 18, 21 or 24 words, got ${got}`);
  }
  const unknown = words.findIndex((word) => !wordlist.includes(word));
  if (unknown >= 0) {
    throw new DecodeError(`word ${unknown + 1}, '${words[unknown]}', is not one of BIP39's`);
  }
  const joined = words.join(' ');
  if (!validateMnemonic(joined, wordlist)) {
    throw new DecodeError('the checksum of these words is wrong: is one mistyped or out of place?');
  }
  return joined;
}
