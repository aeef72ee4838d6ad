/**
 * The merkle tree: one hash for a list of hashes, so that eighty bytes can stand for a block and
 * a few hashes can prove that a transaction is in it.
 */
import { concatBytes } from '@noble/hashes/utils.js';
import { type Hash, hashFromBytes, hashToBytes, isSameBytes, noHash } from './codec.ts';
import { sha256d } from './hash.ts';

export interface MerkleRoot {
  readonly root: Hash;
  /**
   * Two neighbours were the same, so a shorter list has this root too: a row of odd length is
   * filled up with its own last hash. CVE-2012-2459.
   */
  readonly mutated: boolean;
}

/** Core: ComputeMerkleRoot. The root of nothing is zero. */
export function merkleRoot(leaves: readonly Hash[]): MerkleRoot {
  let row = leaves.map(hashToBytes);
  let mutated = false;
  while (row.length > 1) {
    const parents: Uint8Array[] = [];
    for (let i = 0; i < row.length; i += 2) {
      const left = row[i] as Uint8Array;
      const right = row[i + 1];
      mutated ||= right !== undefined && isSameBytes(left, right);
      parents.push(sha256d(concatBytes(left, right ?? left)));
    }
    row = parents;
  }
  return { root: row[0] ? hashFromBytes(row[0]) : noHash, mutated };
}
