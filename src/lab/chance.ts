/**
 * Chance: numbers that look random and follow from a seed.
 *
 * The generator is sfc32 by Chris Doty-Humphrey (PractRand): 128 bits of state, of which one part
 * counts, so that no seed has a short cycle. Each part of a world draws from a stream of its own,
 * so that one more throw here changes nothing there.
 */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { sha256 } from '../primitives/hash.ts';

export class Chance {
  readonly #name: string;
  readonly #state = new Uint32Array(4);

  /** @param name The seed: any text. */
  constructor(name: string) {
    this.#name = name;
    const view = new DataView(sha256(utf8ToBytes(name)).buffer);
    for (let i = 0; i < 3; i++) this.#state[i] = view.getUint32(i * 4);
    this.#state[3] = 1;
    for (let i = 0; i < 12; i++) this.#u32();
  }

  /** A stream of its own; what it gives does not hang on what was drawn here. */
  stream(name: string): Chance {
    return new Chance(`${this.#name}/${name}`);
  }

  #u32(): number {
    const [a = 0, b = 0, c = 0, count = 0] = this.#state;
    const drawn = (a + b + count) >>> 0;
    this.#state[0] = b ^ (b >>> 9);
    this.#state[1] = c + (c << 3);
    this.#state[2] = ((c << 21) | (c >>> 11)) + drawn;
    this.#state[3] = count + 1;
    return drawn;
  }

  /** From 0 on and below 1, in steps of 2^-32. */
  fraction(): number {
    return this.#u32() / 2 ** 32;
  }

  /** A whole number from 0 on and below this one. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  /** A whole number from the first to the last, both included. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  /** True so often of one. */
  is(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** How long until something happens that happens every so often, and knows no past. */
  wait(mean: number): number {
    return -Math.log(1 - this.fraction()) * mean;
  }

  /** One of these; there must be one. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('there is nothing to pick from');
    return item;
  }

  /** The same items in another order. */
  shuffle<T>(items: readonly T[]): readonly T[] {
    const keyed = items.map((item) => ({ item, key: this.fraction() }));
    return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
  }

  /** So many bytes. Nobody may rely on them being secret. */
  readonly bytes = (length: number): Uint8Array =>
    Uint8Array.from({ length }, () => this.#u32() & 0xff);
}
