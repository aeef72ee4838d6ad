/**
 * The proof that transactions are in a block: its header, and of its merkle tree just the hashes
 * that lead from them to the root. BIP37; Core: CMerkleBlock.
 *
 * The tree is walked from the root, left before right. One bit a node says whether a transaction
 * that is proven lies beneath: if so, the walk goes down; if not, or at a leaf, its hash is next.
 */
import { concatBytes } from '@noble/hashes/utils.js';
import { Header } from './block.ts';
import {
  Bytes,
  Hash,
  hashFromBytes,
  hashToBytes,
  list,
  struct,
  U32,
  type ValueOf,
} from './codec.ts';
import { sha256d } from './hash.ts';

export const Proof = struct({
  header: Header,
  /** How many transactions the block has: the shape of the tree follows. */
  count: U32,
  hashes: list(Hash),
  /** Eight bits a byte, the lowest first. */
  bits: Bytes,
});
export interface Proof extends ValueOf<typeof Proof> {}

/** No block has more: 4,000,000 units of weight, and 240 at least for each. */
const maxCount = 16_666;

/** How many nodes there are at this height above the leaves. */
function width(count: number, height: number): number {
  return Math.ceil(count / 2 ** height);
}

/** How high the root lies above the leaves. */
function rootHeight(count: number): number {
  let height = 0;
  while (width(count, height) > 1) height++;
  return height;
}

function hashPair(left: Hash, right: Hash): Hash {
  return hashFromBytes(sha256d(concatBytes(hashToBytes(left), hashToBytes(right))));
}

/** Proves that those of these transactions which are wanted are in the block of this header. */
export function prove(header: Header, txids: readonly Hash[], wanted: ReadonlySet<Hash>): Proof {
  const rows: (readonly Hash[])[] = [txids];
  for (let row = txids; row.length > 1; rows.push(row)) row = rowAbove(row);
  const hashes: Hash[] = [];
  const bits: boolean[] = [];
  const walk = (height: number, at: number): void => {
    const beneath = txids.slice(at * 2 ** height, (at + 1) * 2 ** height);
    const isParent = beneath.some((id) => wanted.has(id));
    bits.push(isParent);
    if (height === 0 || !isParent) {
      hashes.push(rows[height]?.[at] as Hash);
      return;
    }
    walk(height - 1, at * 2);
    if (at * 2 + 1 < width(txids.length, height - 1)) walk(height - 1, at * 2 + 1);
  };
  walk(rows.length - 1, 0);
  return { header, count: txids.length, hashes, bits: packed(bits) };
}

function rowAbove(row: readonly Hash[]): readonly Hash[] {
  return Array.from({ length: width(row.length, 1) }, (_, i) => {
    const left = row[i * 2] as Hash;
    return hashPair(left, row[i * 2 + 1] ?? left);
  });
}

function packed(bits: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  for (const [i, bit] of bits.entries()) {
    if (bit) bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (1 << (i & 7));
  }
  return bytes;
}

/** A walk that cannot be one. */
class Misfit extends Error {}

/**
 * The transactions that the proof shows to lie under its header's root; `undefined` if it shows
 * nothing. Core: CPartialMerkleTree::ExtractMatches.
 *
 * Whoever asks must also know that the block has `count` transactions. Else the 64 bytes of an
 * inner node can pose as a transaction, and a taller tree prove what never was. CVE-2017-12842.
 */
export function proven(proof: Proof): readonly Hash[] | undefined {
  const { count, hashes, bits, header } = proof;
  const isSound = count > 0 && count <= maxCount && hashes.length <= count;
  if (!isSound || bits.length * 8 < hashes.length) return undefined;
  try {
    const walk = new Walk(proof);
    const root = walk.rootAt(rootHeight(count), 0);
    return walk.isDone && root === header.merkleRoot ? walk.found : undefined;
  } catch (error) {
    if (error instanceof Misfit) return undefined;
    throw error;
  }
}

/** Goes through a proof, and spends its bits and hashes on the way. */
class Walk {
  readonly found: Hash[] = [];
  readonly #proof: Proof;
  #bits = 0;
  #hashes = 0;

  constructor(proof: Proof) {
    this.#proof = proof;
  }

  /** Is nothing left over but the bits that fill up the last byte? */
  get isDone(): boolean {
    const { hashes, bits } = this.#proof;
    return this.#hashes === hashes.length && Math.ceil(this.#bits / 8) === bits.length;
  }

  rootAt(height: number, at: number): Hash {
    const isParent = this.#nextBit();
    if (height === 0 || !isParent) {
      const hash = this.#nextHash();
      if (height === 0 && isParent) this.found.push(hash);
      return hash;
    }
    const left = this.rootAt(height - 1, at * 2);
    const hasRight = at * 2 + 1 < width(this.#proof.count, height - 1);
    const right = hasRight ? this.rootAt(height - 1, at * 2 + 1) : left;
    // Two that are the same would let one transaction stand in two places. CVE-2012-2459.
    if (hasRight && right === left) throw new Misfit();
    return hashPair(left, right);
  }

  #nextBit(): boolean {
    const byte = this.#proof.bits[this.#bits >> 3];
    if (byte === undefined) throw new Misfit();
    return ((byte >> (this.#bits++ & 7)) & 1) === 1;
  }

  #nextHash(): Hash {
    const hash = this.#proof.hashes[this.#hashes++];
    if (hash === undefined) throw new Misfit();
    return hash;
  }
}
