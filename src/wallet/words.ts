/**
 * A wallet's secret as words that a person can write down. BIP39.
 *
 * Each word stands for eleven bits; the last ones are a checksum, so that a slip of the pen is seen
 * and not taken for another, empty wallet.
 */
import { entropyToMnemonic, mnemonicToEntropy, validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { DecodeError } from '../primitives/codec.ts';

/** Sixteen random bytes as twelve English words. */
export function newWords(entropy: Uint8Array): string {
  return entropyToMnemonic(entropy, wordlist);
}

/** The random bytes that these words stand for. */
export function entropyOf(words: string): Uint8Array {
  return mnemonicToEntropy(words, wordlist);
}

const counts = [12, 15, 18, 21, 24];

/** Words as a person typed them, in their one form: lower case, a single space between two. */
export function readWords(text: string): string {
  const words = text.trim().toLowerCase().split(/\s+/);
  if (!counts.includes(words.length)) {
    const got = text.trim() === '' ? 0 : words.length;
    throw new DecodeError(`expected 12, 15, 18, 21 or 24 words, got ${got}`);
  }
  for (const [index, word] of words.entries()) {
    if (wordlist.includes(word)) continue;
    const typed = word.slice(0, maxTypedLength);
    const shown = typed === word ? word : `${typed}…`;
    const hint = `did you mean '${nearestWords(typed).join("' or '")}'?`;
    throw new DecodeError(`word ${index + 1}, '${shown}', is not one of BIP39's; ${hint}`);
  }
  const joined = words.join(' ');
  if (!validateMnemonic(joined, wordlist)) {
    throw new DecodeError('the checksum of these words is wrong: is one mistyped or out of place?');
  }
  return joined;
}

/** BIP39's words have eight letters at most: what is longer than this resembles none. */
const maxTypedLength = 16;

/** Up to three words that are as near as any, the likeliest first: few slip on the first letter. */
function nearestWords(typed: string): readonly string[] {
  const distances = wordlist.map((word) => editDistance(typed, word));
  const least = Math.min(...distances);
  const nearest = wordlist.filter((_, index) => distances[index] === least);
  const isLikely = (word: string) => Number(word[0] === typed[0]);
  return nearest.toSorted((a, b) => isLikely(b) - isLikely(a)).slice(0, 3);
}

/** How many letters to insert, leave out, exchange or swap to come from one word to the other. */
function editDistance(from: string, to: string): number {
  const table = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number) => table[row]?.[column] ?? 0;
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    table.push(row);
    for (let j = 1; j <= to.length; j++) {
      const exchanged = at(i - 1, j - 1) + Number(from[i - 1] !== to[j - 1]);
      const isSwap = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const swapped = isSwap ? at(i - 2, j - 2) + 1 : exchanged;
      row.push(Math.min(exchanged, swapped, at(i - 1, j) + 1, at(i, j - 1) + 1));
    }
  }
  return at(from.length, to.length);
}
