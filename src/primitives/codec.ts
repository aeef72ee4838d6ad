/**
 * Bytes to values and back: how everything that is hashed, stored or sent is written.
 *
 * A format is a value: a `Codec` knows how to read itself and how to write itself, and larger
 * codecs are made of smaller ones with `struct` and `list`. Reading is strict: what is read and
 * written again gives the same bytes, and anything else is a `DecodeError`, never a guess.
 */
import { hexToBytes } from '@noble/hashes/utils.js';
import { readReversedHex, writeReversedHex } from './hex.ts';
import { type Writer, written } from './writer.ts';

/** These bytes are not such a value. The only error that reading foreign bytes can throw. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

export interface Codec<T> {
  read(from: Reader): T;
  write(value: T, to: Writer): void;
}

/** The type of the values that a codec reads and writes. */
export type ValueOf<C> = C extends Codec<infer T> ? T : never;

/** All of `bytes` as one value; bytes left over are an error. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const from = new Reader(bytes);
  const value = codec.read(from);
  if (from.remaining > 0) throw new DecodeError(`${from.remaining} bytes left over`);
  return value;
}

export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  return written((to) => codec.write(value, to));
}

const nothing = new Uint8Array(0);

/** For the eight bytes of a number that is longer than JavaScript's own whole ones. */
const eight = new DataView(new ArrayBuffer(8));

/** Walks over bytes from the front. What it hands out are copies, never views of its source. */
export class Reader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    // A Node Buffer's own slice() would alias; a plain Uint8Array's copies.
    const isPlain = bytes.constructor === Uint8Array;
    const { buffer, byteOffset, byteLength } = bytes;
    this.#bytes = isPlain ? bytes : new Uint8Array(buffer, byteOffset, byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** The next byte, left in its place; `undefined` at the end. */
  peek(): number | undefined {
    return this.#bytes[this.#offset];
  }

  /** Of 32 bytes. */
  reversedHex(): string {
    return readReversedHex(this.#bytes, this.#advance(32));
  }

  take(length: number): Uint8Array {
    if (length === 0) return nothing;
    const start = this.#advance(length);
    return this.#bytes.slice(start, start + length);
  }

  u8(): number {
    return this.#at(this.#advance(1));
  }

  u16(): number {
    const start = this.#advance(2);
    return this.#at(start) | (this.#at(start + 1) << 8);
  }

  u32(): number {
    return this.i32() >>> 0;
  }

  i32(): number {
    const start = this.#advance(4);
    const low = this.#at(start) | (this.#at(start + 1) << 8);
    return low | (this.#at(start + 2) << 16) | (this.#at(start + 3) << 24);
  }

  u64(): bigint {
    return BigInt.asUintN(64, this.i64());
  }

  i64(): bigint {
    const start = this.#advance(8);
    for (let i = 0; i < 8; i++) eight.setUint8(i, this.#at(start + i));
    return eight.getBigInt64(0, true);
  }

  #at(place: number): number {
    return this.#bytes[place] ?? 0;
  }

  #advance(length: number): number {
    const start = this.#offset;
    if (length > this.remaining) {
      throw new DecodeError(`expected ${length} bytes at ${start}, got ${this.remaining}`);
    }
    this.#offset += length;
    return start;
  }
}

/** Four bytes, little end first, as nearly all numbers here. */
export const U32: Codec<number> = {
  read: (from) => from.u32(),
  write: (value, to) => to.u32(value),
};

/** Signed, in two's complement. Writing needs no twin: the low 32 bits are the same. */
export const I32: Codec<number> = {
  read: (from) => from.i32(),
  write: (value, to) => to.u32(value >>> 0),
};

/** Signed, so that a rule can see and refuse a negative amount instead of its wrapping round. */
export const I64: Codec<bigint> = {
  read: (from) => from.i64(),
  write: (value, to) => to.u64(BigInt.asUintN(64, value)),
};

/** No length in Bitcoin's formats is above this. Core: MAX_SIZE. */
const maxSize = 0x0200_0000;

/**
 * A length: one byte, or a mark and 2, 4 or 8 bytes. Only the shortest form is read, so that a
 * value has one encoding and one hash. Core: ReadCompactSize.
 */
export const CompactSize: Codec<number> = {
  read: (from) => {
    const first = from.u8();
    if (first < 0xfd) return first;
    const [size, least] =
      first === 0xfd
        ? [from.u16(), 0xfd]
        : first === 0xfe
          ? [from.u32(), 0x1_0000]
          : [Number(from.u64()), 0x1_0000_0000];
    if (size < least) throw new DecodeError(`non-canonical size: ${size} in too many bytes`);
    if (size > maxSize) throw new DecodeError(`size ${size} is above ${maxSize}`);
    return size;
  },
  write: (size, to) => {
    if (size < 0xfd) return to.u8(size);
    if (size <= 0xffff) {
      to.u8(0xfd);
      return to.u16(size);
    }
    to.u8(0xfe);
    return to.u32(size);
  },
};

/** How many bytes `CompactSize` takes for this length. */
export function compactSizeBytes(size: number): number {
  return size < 0xfd ? 1 : size <= 0xffff ? 3 : 5;
}

/** A length, then that many bytes. */
export const Bytes: Codec<Uint8Array> = {
  read: (from) => from.take(CompactSize.read(from)),
  write: (bytes, to) => {
    CompactSize.write(bytes.length, to);
    to.put(bytes);
  },
};

/** A count, then that many items of one byte at least: so a false count ends with the input. */
export function list<T>(item: Codec<T>): Codec<readonly T[]> {
  return {
    read: (from) => {
      const count = CompactSize.read(from);
      if (count > from.remaining) {
        throw new DecodeError(`${count} items in ${from.remaining} bytes`);
      }
      const items: T[] = [];
      for (let i = 0; i < count; i++) items.push(item.read(from));
      return items;
    },
    write: (items, to) => {
      CompactSize.write(items.length, to);
      for (const each of items) item.write(each, to);
    },
  };
}

/** Fields in the order they are written; the type of the value follows from theirs. */
export function struct<T extends object>(
  fields: {
    readonly [Name in keyof T]: Codec<T[Name]>;
  },
): Codec<Readonly<T>> {
  const names = Object.keys(fields) as (keyof T)[];
  return {
    read: (from) => {
      const value = {} as T;
      for (const name of names) value[name] = fields[name].read(from);
      return value;
    },
    write: (value, to) => {
      for (const name of names) fields[name].write(value[name], to);
    },
  };
}

/**
 * A double SHA-256, held as people read it: in hex, big end first, the leading zeros showing the
 * work. As a string it can be compared, be the key of a map, and stand in a log.
 */
export type Hash = string & { readonly brand: 'Hash' };
export const Hash: Codec<Hash> = {
  read: (from) => from.reversedHex() as Hash,
  write: (hash, to) => to.reversedHex(hash),
};

/** The parent of the first block, and the txid that a coinbase "spends". */
export const noHash = '0'.repeat(64) as Hash;

/** From the 32 bytes as a hash function gives them, which is the reverse of what people read. */
export function hashFromBytes(bytes: Uint8Array): Hash {
  return readReversedHex(bytes, 0) as Hash;
}

export function hashToBytes(hash: Hash): Uint8Array {
  const bytes = new Uint8Array(32);
  writeReversedHex(hash, bytes, 0);
  return bytes;
}

export function isSameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}

/** Hex from outside, as a hash. */
export function parseHash(text: string): Hash {
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new DecodeError(`expected 64 hex digits, got '${text}'`);
  return text.toLowerCase() as Hash;
}

/** Hex from outside, as bytes. */
export function parseHex(text: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/i.test(text)) throw new DecodeError('expected pairs of hex digits');
  return hexToBytes(text);
}
