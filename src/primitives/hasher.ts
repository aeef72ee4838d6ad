/**
 * Who hashes much at a time: the ids of a block's transactions, a row of its merkle tree, many
 * headers. The plain one does one after the other; a batch of machine code is held against it.
 */
import { longestMessage, newBatch } from '../hashing/batch.ts';
import { isSameBytes } from './codec.ts';
import { sha256, sha256d } from './hash.ts';

/** SHA-256 twice of each: 32 bytes each, in their order, one behind the other. */
export interface Hasher {
  readonly name: string;
  /** Of messages of any length. */
  readonly hashAll: (messages: readonly Uint8Array[]) => Uint8Array;
  /** Of every 64 bytes: two neighbours in a merkle tree. */
  readonly hashPairs: (bytes: Uint8Array) => Uint8Array;
  /** Of every 80 bytes: a header. */
  readonly hashHeaders: (bytes: Uint8Array) => Uint8Array;
}

export const plainHasher: Hasher = {
  name: 'noble',
  hashAll: (messages) => joined(messages.map(sha256d)),
  hashPairs: (bytes) => joined(every(bytes, 64).map(sha256d)),
  hashHeaders: (bytes) => joined(every(bytes, 80).map(sha256d)),
};

/** Four hashes at a time; what is longer than fits into its memory is hashed plainly. */
export function newBatchHasher(): Hasher {
  const batch = newBatch();
  return {
    ...batch,
    name: 'wasm, four lanes',
    hashAll: (messages) => {
      if (messages.every(({ length }) => length <= longestMessage)) return batch.hashAll(messages);
      const hashes = messages.map((each) =>
        each.length <= longestMessage ? batch.hashAll([each]) : sha256d(each),
      );
      return joined(hashes);
    },
  };
}

/** The one that this makes, where the machine can have it and it is right; else the plain one. */
export function chooseHasher(make: () => Hasher = newBatchHasher): Hasher {
  try {
    const hasher = make();
    return isSound(hasher) ? hasher : plainHasher;
  } catch {
    return plainHasher;
  }
}

/** Does it answer as the plain one does, for lengths around the ends of blocks? */
function isSound(hasher: Hasher): boolean {
  const messages = Array.from({ length: 133 }, (_, length) => noise(length));
  return (
    isSameBytes(hasher.hashAll(messages), plainHasher.hashAll(messages)) &&
    [1, 2, 3, 4, 70].every((count) => {
      const [pairs, headers] = [noise(count * 64), noise(count * 80)];
      return (
        isSameBytes(hasher.hashPairs(pairs), plainHasher.hashPairs(pairs)) &&
        isSameBytes(hasher.hashHeaders(headers), plainHasher.hashHeaders(headers))
      );
    })
  );
}

/** Bytes without a meaning. */
function noise(length: number): Uint8Array {
  const parts = Array.from({ length: Math.ceil(length / 32) }, (_, i) =>
    sha256(Uint8Array.of(i, i >> 8, length)),
  );
  return joined(parts).subarray(0, length);
}

/** The bytes in parts of this size; what is left over is none. */
function every(bytes: Uint8Array, size: number): readonly Uint8Array[] {
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}

function joined(hashes: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * 32);
  for (const [i, hash] of hashes.entries()) bytes.set(hash, i * 32);
  return bytes;
}
