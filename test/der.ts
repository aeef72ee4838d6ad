/** The DER of signatures, written without judging it: for tests that break it. */
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';

export function integer(bytes: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(0x02, bytes.length), bytes);
}

export function sequence(body: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(0x30, body.length), body);
}

/** The two numbers as they are given, padded or not. */
export function writeDer(r: Uint8Array, s: Uint8Array): Uint8Array {
  return sequence(concatBytes(integer(r), integer(s)));
}

/** The one DER of a signature of 64 bytes. */
export function derFromCompact(compact: Uint8Array): Uint8Array {
  return writeDer(shortest(compact.slice(0, 32)), shortest(compact.slice(32)));
}

/** The fewest bytes of a positive number. */
function shortest(bytes: Uint8Array): Uint8Array {
  const digits = BigInt(`0x${bytesToHex(bytes)}`).toString(16);
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  return hexToBytes(Number.parseInt(even.slice(0, 2), 16) >= 0x80 ? `00${even}` : even);
}
