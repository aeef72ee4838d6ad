/**
 * SipHash-2-4: a short hash under a key, so that nobody without the key can aim at a value.
 *
 * Fast for short messages. Not for anything that others must be able to check. Aumasson and
 * Bernstein, 2012; Core: CSipHasher.
 */

/** 64 bits in two halves: JavaScript shifts no more than 32. */
interface Word {
  high: number;
  low: number;
}

/** The hash of these bytes under a key of 16 bytes; 64 bits. */
export function siphash(key: Uint8Array, bytes: Uint8Array): bigint {
  const state = begin(key);
  const whole = bytes.length - (bytes.length % 8);
  for (let at = 0; at < whole; at += 8) absorb(state, half(bytes, at + 4), half(bytes, at));
  // The last word: what is left over, and the length in its top byte.
  absorb(state, half(bytes, whole + 4) | (bytes.length << 24), half(bytes, whole));

  const [a, b, c, d] = state;
  c.low ^= 0xff;
  for (let i = 0; i < 4; i++) round(state);
  const high = (a.high ^ b.high ^ c.high ^ d.high) >>> 0;
  const low = (a.low ^ b.low ^ c.low ^ d.low) >>> 0;
  return (BigInt(high) << 32n) | BigInt(low);
}

type State = readonly [Word, Word, Word, Word];

/** Half a word, little end first; what is behind the end is zero. */
function half(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
  return low | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

function begin(key: Uint8Array): State {
  const [low0, high0, low1, high1] = [half(key, 0), half(key, 4), half(key, 8), half(key, 12)];
  // "somepseudorandomlygeneratedbytes", in four words.
  return [
    { high: high0 ^ 0x736f6d65, low: low0 ^ 0x70736575 },
    { high: high1 ^ 0x646f7261, low: low1 ^ 0x6e646f6d },
    { high: high0 ^ 0x6c796765, low: low0 ^ 0x6e657261 },
    { high: high1 ^ 0x74656462, low: low1 ^ 0x79746573 },
  ];
}

function absorb(state: State, high: number, low: number): void {
  const [a, , , d] = state;
  d.high ^= high;
  d.low ^= low;
  round(state);
  round(state);
  a.high ^= high;
  a.low ^= low;
}

function round([a, b, c, d]: State): void {
  add(a, b);
  add(c, d);
  turn(b, 13);
  turn(d, 16);
  mix(b, a);
  mix(d, c);
  swap(a);
  add(c, b);
  add(a, d);
  turn(b, 17);
  turn(d, 21);
  mix(b, c);
  mix(d, a);
  swap(c);
}

function add(to: Word, word: Word): void {
  const low = (to.low >>> 0) + (word.low >>> 0);
  to.high = (to.high + word.high + (low > 0xffff_ffff ? 1 : 0)) | 0;
  to.low = low | 0;
}

function mix(to: Word, word: Word): void {
  to.high ^= word.high;
  to.low ^= word.low;
}

/** To the left, by less than 32 bits. */
function turn(word: Word, by: number): void {
  const { high, low } = word;
  word.high = (high << by) | (low >>> (32 - by));
  word.low = (low << by) | (high >>> (32 - by));
}

/** By 32 bits. */
function swap(word: Word): void {
  const { high } = word;
  word.high = word.low;
  word.low = high;
}
