/**
 * SHA-256, written once over words that may be anything: over numbers it is the textbook's
 * function, over the nodes of a graph (`graph.ts`) it is what machine code is made of.
 * FIPS 180-4, section 6.2.
 */

/** What the rounds ask of words of 32 bits. */
export interface Arithmetic<T> {
  /** A word that is the same in every hash. */
  fixed(value: number): T;
  add(a: T, b: T): T;
  xor(a: T, b: T): T;
  and(a: T, b: T): T;
  /**
   * Turned to the right, where what leaves comes back on the left: by each of these, the least
   * first, and what comes of it joined by exclusive or.
   */
  turn(a: T, bits: readonly number[]): T;
  /** Shifted to the right: zeros come from the left. */
  shift(a: T, bits: number): T;
}

/** Eight words: what goes from block to block, and in the end is the hash. */
export type State<T> = readonly [T, T, T, T, T, T, T, T];

const primes = firstPrimes(64);

/** What each round adds: of the cube roots of the first 64 primes what is behind the point. */
const roundConstants = primes.map((prime) => fraction(Math.cbrt(prime)));

/** Where every hash begins: the same of the square roots of the first eight. */
export function initialState<T>(on: Arithmetic<T>): State<T> {
  const [a, b, c, d, e, f, g, h] = primes.map((prime) => on.fixed(fraction(Math.sqrt(prime))));
  return [a, b, c, d, e, f, g, h] as State<T>;
}

/** The hash of the hash. */
export function sha256d<T>(on: Arithmetic<T>, message: readonly T[]): State<T> {
  return sha256(on, sha256(on, message));
}

/** The hash of a message of whole words. */
export function sha256<T>(on: Arithmetic<T>, message: readonly T[]): State<T> {
  const words = [...message, ...padding(message.length).map((word) => on.fixed(word))];
  let state = initialState(on);
  for (let i = 0; i < words.length; i += 16) state = compress(on, state, words.slice(i, i + 16));
  return state;
}

/** What follows so many words: a one, zeros to the end of a block, and how many bits they are. */
export function padding(words: number): readonly number[] {
  const zeros = 15 - ((words + 2) % 16);
  return [0x8000_0000, ...new Array<number>(zeros + 1).fill(0), words * 32];
}

/** The state after one more block of sixteen words. */
export function compress<T>(on: Arithmetic<T>, state: State<T>, block: readonly T[]): State<T> {
  const words = [...block];
  let [a, b, c, d, e, f, g, h] = state;
  for (const [i, constant] of roundConstants.entries()) {
    if (i >= 16) words.push(nextWord(on, words.slice(-16)));
    const choice = on.xor(g, on.and(e, on.xor(f, g)));
    // What two of the three have. Its last part is its first one of the round before.
    const majority = on.xor(b, on.and(on.xor(a, b), on.xor(b, c)));
    const key = on.add(on.fixed(constant), words[i] as T);
    const first = sum(on, [key, h, choice, on.turn(e, [6, 11, 25])]);
    const second = on.add(on.turn(a, [2, 13, 22]), majority);
    [a, b, c, d, e, f, g, h] = [on.add(first, second), a, b, c, on.add(first, d), e, f, g];
  }
  const last = [a, b, c, d, e, f, g, h];
  return state.map((word, i) => on.add(last[i] as T, word)) as unknown as State<T>;
}

/** The word that follows these sixteen. */
function nextWord<T>(on: Arithmetic<T>, words: readonly T[]): T {
  const [oldest, second, tenth, last] = [words[0], words[1], words[9], words[14]] as [T, T, T, T];
  const small0 = on.xor(on.turn(second, [7, 18]), on.shift(second, 3));
  const small1 = on.xor(on.turn(last, [17, 19]), on.shift(last, 10));
  return sum(on, [oldest, small0, tenth, small1]);
}

function sum<T>(on: Arithmetic<T>, words: readonly T[]): T {
  return words.reduce((a, b) => on.add(a, b));
}

/** The first 32 bits behind the point. */
function fraction(root: number): number {
  return Math.floor((root % 1) * 2 ** 32) | 0;
}

function firstPrimes(count: number): readonly number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) {
    if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  }
  return primes;
}
