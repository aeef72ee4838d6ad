/**
 * Signatures: one narrow door to elliptic curves. No engine is loaded by this file: most of what
 * the program is asked needs none.
 *
 * An engine answers a boolean for any bytes whatever and never throws, so that no signature from a
 * stranger can be an incident. All engines agree: what one refuses, all refuse.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import { DecodeError, Reader } from './codec.ts';

/** What is asked of the curve, as plain data: to be kept, counted, sent to another thread. */
export interface SignatureCheck {
  readonly scheme: 'ecdsa' | 'schnorr';
  /** 64 bytes: r and s for ECDSA, R and s for BIP340. */
  readonly signature: Uint8Array;
  /** 32 bytes: the hash that was signed. */
  readonly digest: Uint8Array;
  /** 33 bytes compressed for ECDSA, 32 bytes of x for BIP340. */
  readonly publicKey: Uint8Array;
}

export interface SignatureEngine {
  /** Which libraries do the work, for people. */
  readonly name: string;
  /** ECDSA over secp256k1. False also for high s, zero, r or s >= n, a key that is no point. */
  verifyEcdsa(signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean;
  /** BIP340. False also for a key that is no point, R >= p, s >= n. */
  verifySchnorr(signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean;
}

/** Does this signature hold? */
export function verify(check: SignatureCheck, engine: SignatureEngine): boolean {
  const { scheme, signature, digest, publicKey } = check;
  return scheme === 'ecdsa'
    ? engine.verifyEcdsa(signature, digest, publicKey)
    : engine.verifySchnorr(signature, digest, publicKey);
}

/** Are the lengths right for ECDSA? A key of 33 bytes must also begin with 02 or 03. */
export function isEcdsaShaped(
  signature: Uint8Array,
  digest: Uint8Array,
  publicKey: Uint8Array,
): boolean {
  return (
    signature.length === 64 &&
    digest.length === 32 &&
    publicKey.length === 33 &&
    (publicKey[0] === 2 || publicKey[0] === 3)
  );
}

/** A library that throws at malformed points or numbers says no by that. */
export function answers(ask: () => boolean): boolean {
  try {
    return ask();
  } catch {
    return false;
  }
}

/** Half the order of the curve: s is not above it, so that nobody can turn it round. BIP146. */
const halfOrder = 0x7fffffff_ffffffff_ffffffff_ffffffff_5d576e73_57a4501d_dfe92f46_681b20a0n;

/**
 * A strict-DER, low-S signature as 64 bytes of r and s. Throws a `DecodeError` for any other form:
 * BIP66 allows one encoding of a signature, BIP146 one of its two values of s.
 */
export function compactFromDer(der: Uint8Array): Uint8Array {
  const from = new Reader(der);
  if (from.u8() !== 0x30) throw new DecodeError('a DER signature begins with 30');
  if (from.u8() !== from.remaining) throw new DecodeError('a DER signature of another length');
  const compact = new Uint8Array(64);
  compact.set(readInteger(from), 0);
  const s = readInteger(from);
  if (from.remaining > 0) throw new DecodeError('bytes behind the DER signature');
  if (BigInt(`0x${bytesToHex(s)}`) > halfOrder) throw new DecodeError('s is high');
  compact.set(s, 32);
  return compact;
}

/** A positive integer in the fewest bytes, as 32 bytes. */
function readInteger(from: Reader): Uint8Array {
  if (from.u8() !== 0x02) throw new DecodeError('expected a DER integer');
  const bytes = from.take(from.u8());
  const [first, second = 0] = bytes;
  if (first === undefined || first >= 0x80) throw new DecodeError('a DER integer below zero');
  if (first === 0 && bytes.length > 1 && second < 0x80) throw new DecodeError('a padded integer');
  const digits = first === 0 ? bytes.subarray(1) : bytes;
  if (digits.length > 32) throw new DecodeError('a DER integer above 32 bytes');
  const padded = new Uint8Array(32);
  padded.set(digits, 32 - digits.length);
  return padded;
}
