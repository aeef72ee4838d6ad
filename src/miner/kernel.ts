/**
 * The kernel: turns the nonce until the hash of the header is not above the target.
 *
 * The first 64 of the 80 bytes stay the same while the nonce turns, so SHA-256's state after them
 * is kept and only the rest is hashed anew. This file is the plain kernel, and the one that others
 * are held against.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { numberFromHash } from '../consensus/work.ts';
import { type Header, Header as HeaderCodec } from '../primitives/block.ts';
import { encode, hashFromBytes } from '../primitives/codec.ts';
import { sha256d } from '../primitives/hash.ts';

/** Where and how far to search, as plain data that can go to another thread. */
export interface Search {
  /** The 80 bytes of the header; those of its nonce do not matter. */
  readonly header: Uint8Array;
  /** 32 bytes, big end first: the highest hash that will do. */
  readonly target: Uint8Array;
  readonly firstNonce: number;
  /** How many nonces to try. */
  readonly count: number;
}

/** A way to search: all answer the same, and differ in speed. */
export interface Kernel {
  readonly name: string;
  /** So many take it a thousandth of a second or so: what it may do without being interrupted. */
  readonly noncesAtOnce: number;
  readonly search: (search: Search) => number | undefined;
}

export const plainKernel: Kernel = { name: 'noble', noncesAtOnce: 2_000, search: searchNonce };

/** The search for this header's nonce, from zero on. */
export function searchOf(header: Header, target: bigint, count: number): Search {
  const digits = target.toString(16).padStart(64, '0');
  const bytes = Uint8Array.from({ length: 32 }, (_, i) =>
    Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16),
  );
  return { header: encode(HeaderCodec, header), target: bytes, firstNonce: 0, count };
}

/** The first nonce that will do; `undefined` where none of them does. */
export function searchNonce({ header, target, firstNonce, count }: Search): number | undefined {
  const tail = header.slice(64);
  const nonceField = new DataView(tail.buffer, 12, 4);
  const midstate = sha256.create().update(header.subarray(0, 64));
  const inner = midstate.clone();
  const outer = sha256.create();
  const blank = sha256.create();
  const hash = new Uint8Array(32);
  const last = Math.min(firstNonce + count, 2 ** 32);
  for (let nonce = firstNonce; nonce < last; nonce++) {
    nonceField.setUint32(0, nonce, true);
    midstate._cloneInto(inner).update(tail).digestInto(hash);
    blank._cloneInto(outer).update(hash).digestInto(hash);
    if (isNotAbove(hash, target)) return nonce;
  }
  return undefined;
}

/** Does this nonce do? Reckoned in the plain way, for no kernel is believed. */
export function isHit({ header, target, firstNonce, count }: Search, nonce: number): boolean {
  if (!(nonce >= firstNonce && nonce < firstNonce + count && nonce < 2 ** 32)) return false;
  const whole = Uint8Array.from(header);
  new DataView(whole.buffer).setUint32(76, nonce, true);
  return numberFromHash(hashFromBytes(sha256d(whole))) <= BigInt(`0x${bytesToHex(target)}`);
}

/** Is the hash, little end first, a number not above the target, big end first? */
function isNotAbove(hash: Uint8Array, target: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) {
    const digit = hash[31 - i] ?? 0;
    const limit = target[i] ?? 0;
    if (digit !== limit) return digit < limit;
  }
  return true;
}
