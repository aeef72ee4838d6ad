/** A block: a header of eighty bytes that commits to a past, to work and to a content. */
import { concatBytes } from '@noble/hashes/utils.js';
import {
  compactSizeBytes,
  encode,
  Hash,
  hashFromBytes,
  I32,
  list,
  struct,
  U32,
  type ValueOf,
} from './codec.ts';
import { sha256d } from './hash.ts';
import { hasher } from './hasher.ts';
import { strippedBytes, Transaction, totalBytes } from './transaction.ts';

export const Header = struct({
  /** Signed, as in Bitcoin, where it once meant how old the miner's rules are. */
  version: I32,
  /** Hash of the parent's header: the link that makes blocks a chain. Core: hashPrevBlock. */
  parent: Hash,
  /** Root of the tree over the txids, so that the header stands for them all. */
  merkleRoot: Hash,
  /** When the miner says it was made, in seconds since 1970. Ends in 2106. */
  time: U32,
  /** The target in compact form. Core: nBits. */
  bits: U32,
  /** What the miner turns until the hash falls to the target or below it. */
  nonce: U32,
});
export interface Header extends ValueOf<typeof Header> {}

/** The bytes of every header. */
export const headerBytes = 80;

export const Block = struct({
  header: Header,
  transactions: list(Transaction),
});
export interface Block extends ValueOf<typeof Block> {}

const hashes = new WeakMap<Header, Hash>();

/** The block's name: the double SHA-256 of its header. Headers never change: hashed once. */
export function hashHeader(header: Header): Hash {
  const known = hashes.get(header);
  if (known) return known;
  const hash = hashFromBytes(sha256d(encode(Header, header)));
  hashes.set(header, hash);
  return hash;
}

/** Hashes all of these in one go, which is faster than one by one when they are asked for. */
export function hashHeadersTogether(headers: readonly Header[]): void {
  const fresh = headers.filter((each) => !hashes.has(each));
  const found = hasher().hashHeaders(concatBytes(...fresh.map((each) => encode(Header, each))));
  for (const [i, header] of fresh.entries()) {
    hashes.set(header, hashFromBytes(found.subarray(i * 32, i * 32 + 32)));
  }
}

/** Bytes of the block without its witnesses. */
export function strippedBlockBytes({ transactions }: Block): number {
  return blockBytes(transactions, strippedBytes);
}

/** Bytes of the block in all. */
export function totalBlockBytes({ transactions }: Block): number {
  return blockBytes(transactions, totalBytes);
}

/** Weight units: a stripped byte weighs four, a witness byte one. BIP141. */
export function blockWeight(block: Block): number {
  return strippedBlockBytes(block) * 3 + totalBlockBytes(block);
}

function blockBytes(
  transactions: readonly Transaction[],
  measure: (transaction: Transaction) => number,
): number {
  const count = compactSizeBytes(transactions.length);
  return transactions.reduce((sum, each) => sum + measure(each), headerBytes + count);
}
