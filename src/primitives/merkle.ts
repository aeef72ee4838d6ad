/**
 * The merkle tree: one hash for a list of hashes, so that eighty bytes can stand for a block and
 * a few hashes can prove that a transaction is in it.
 */
import { concatBytes } from '@noble/hashes/utils.js';
import { type Hash, hashFromBytes, hashToBytes, noHash } from './codec.ts';
import { hasher } from './hasher.ts';

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
  let row: Uint8Array = concatBytes(...leaves.map(hashToBytes));
  let mutated = false;
  while (row.length > 32) {
    mutated ||= hasTwins(row);
    const isOdd = row.length % 64 !== 0;
    row = hasher().hashPairs(isOdd ? concatBytes(row, row.subarray(-32)) : row);
  }
  return { root: row.length > 0 ? hashFromBytes(row) : noHash, mutated };
}

/** Are two neighbours in this row the same, left and right of one parent? */
function hasTwins(row: Uint8Array): boolean {
  for (let left = 0; left + 64 <= row.length; left += 64) {
    let i = 0;
    while (i < 32 && row[left + i] === row[left + 32 + i]) i++;
    if (i === 32) return true;
  }
  return false;
}
