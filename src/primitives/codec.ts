/**
 * Bytes to values and back: how everything that is hashed, stored or sent is written.
 *
 * A format is a value: a `Codec` knows how to read itself and how to write itself, and larger
 * codecs are made of smaller ones with `struct` and `list`. Reading is strict: what is read and
 * written again gives the same bytes, and anything else is a `DecodeError`, never a guess.
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';

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
  const to = spare ?? new Writer();
  spare = undefined;
  codec.write(value, to);
  const bytes = to.bytes();
  if (bytes.length < 4096) spare = to;
  return bytes;
}

/** Room that is lent to one at a time: to make it costs more than to write a record. */
let spare: Writer | undefined;
const nothing = new Uint8Array(0);

/** Walks over bytes from the front. What it hands out are copies, never views of its source. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    // A Node Buffer's own slice() would alias; a plain Uint8Array's copies.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** The next byte, left in its place; `undefined` at the end. */
  peek(): number | undefined {
    return this.#bytes[this.#offset];
  }

  take(length: number): Uint8Array {
    if (length === 0) return nothing;
    const start = this.#advance(length);
    return this.#bytes.slice(start, start + length);
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true);
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#advance(8), true);
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

/** Gathers bytes; its room doubles when it runs out. */
export class Writer {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(room = 256) {
    this.#bytes = new Uint8Array(room);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** All that was written; what is written next begins anew. */
  bytes(): Uint8Array {
    const length = this.#length;
    this.#length = 0;
    return this.#bytes.slice(0, length);
  }

  put(bytes: Uint8Array): void {
    // First, for growing changes which bytes are meant.
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
  }

  u8(value: number): void {
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
  }

  u16(value: number): void {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, true);
  }

  u32(value: number): void {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, true);
  }

  u64(value: bigint): void {
    const at = this.#grow(8);
    this.#view.setBigUint64(at, value, true);
  }

  #grow(length: number): number {
    const start = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const wider = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      wider.set(this.#bytes);
      this.#bytes = wider;
      this.#view = new DataView(wider.buffer);
    }
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
  read: (from) => hashFromBytes(from.take(32)),
  write: (hash, to) => to.put(hashToBytes(hash)),
};

/** The parent of the first block, and the txid that a coinbase "spends". */
export const noHash = '0'.repeat(64) as Hash;

/** From the 32 bytes as a hash function gives them, which is the reverse of what people read. */
export function hashFromBytes(bytes: Uint8Array): Hash {
  return bytesToHex(bytes.toReversed()) as Hash;
}

export function hashToBytes(hash: Hash): Uint8Array {
  return hexToBytes(hash).reverse();
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
