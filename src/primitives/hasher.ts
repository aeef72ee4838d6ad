/**
 * Who hashes much at a time: the ids of a block's transactions, a row of its merkle tree, many
 * headers. The plain one does one after the other, and any other answers as it does.
 */
import { sha256d } from './hash.ts';

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

let chosen = plainHasher;

/** The one who hashes for everybody here. */
export function hasher(): Hasher {
  return chosen;
}

/** Lets another hash from now on: not what comes of it changes, but how long it takes. */
export function useHasher(other: Hasher): void {
  chosen = other;
}

/** The bytes in parts of this size; what is left over is none. */
function every(bytes: Uint8Array, size: number): readonly Uint8Array[] {
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}

/** One behind the other, 32 bytes each. */
export function joined(hashes: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * 32);
  for (const [i, hash] of hashes.entries()) bytes.set(hash, i * 32);
  return bytes;
}
