/** The hash functions of Bitcoin, each made of SHA-256 and RIPEMD-160. */
import { ripemd160 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';

export { sha256 };

/** SHA-256 twice: ids, the merkle tree, the work. The 32 bytes in the function's own order. */
export function sha256d(bytes: Uint8Array): Uint8Array {
  return sha256(sha256(bytes));
}

/** RIPEMD-160 of SHA-256, 20 bytes: a key's short name in a P2WPKH program. Core: Hash160. */
export function hash160(bytes: Uint8Array): Uint8Array {
  return ripemd160(sha256(bytes));
}

/** SHA-256 in a domain of its own, so that no hash of one kind can pass for another. BIP340. */
export function taggedHash(tag: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const domain = sha256(utf8ToBytes(tag));
  return sha256(concatBytes(domain, domain, ...parts));
}
