/** Hashes many messages at a time by machine code, held against the plain way before it is used. */
import { longestMessage, newBatch } from '../hashing/batch.ts';
import { isSameBytes } from './codec.ts';
import { sha256, sha256d } from './hash.ts';
import { type Hasher, joined, plainHasher } from './hasher.ts';

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
