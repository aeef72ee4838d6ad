/**
 * MuHash3072: a hash of a set that does not hang on its order, and from which members can be taken.
 *
 * Each member is a number of 3,072 bits; the set is the product of those that were added, divided
 * by the product of those that were taken away, modulo a prime. Core: MuHash3072.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import { chacha20 } from '../primitives/chacha.ts';
import { type Hash, hashFromBytes } from '../primitives/codec.ts';
import { sha256 } from '../primitives/hash.ts';

const bits = 3072;
const bytes = bits / 8;
/** The prime is this much below 2 to the power of 3,072: what is above the bits counts for this. */
const difference = 1_103_717n;
const prime = (1n << BigInt(bits)) - difference;

export class MuHash {
  #numerator = 1n;
  #denominator = 1n;

  add(member: Uint8Array): void {
    this.#numerator = multiply(this.#numerator, numberOf(member));
  }

  remove(member: Uint8Array): void {
    this.#denominator = multiply(this.#denominator, numberOf(member));
  }

  digest(): Hash {
    const quotient = multiply(this.#numerator, inverse(this.#denominator)) % prime;
    const digits = quotient.toString(16).padStart(2 * bytes, '0');
    const written = Uint8Array.from({ length: bytes }, (_, i) => {
      const end = digits.length - 2 * i;
      return Number.parseInt(digits.slice(end - 2, end), 16);
    });
    return hashFromBytes(sha256(written));
  }
}

function numberOf(member: Uint8Array): bigint {
  return BigInt(`0x${bytesToHex(chacha20(sha256(member), bytes).reverse())}`);
}

/** Modulo the prime, but for what still fits into the bits. */
function multiply(one: bigint, other: bigint): bigint {
  let product = one * other;
  while (product >> BigInt(bits) > 0n) {
    const over = product >> BigInt(bits);
    product = BigInt.asUintN(bits, product) + over * difference;
  }
  return product;
}

/** Euclid's algorithm, extended. */
function inverse(number: bigint): bigint {
  let [one, other] = [prime, number % prime];
  let [before, at] = [0n, 1n];
  while (other > 1n) {
    const quotient = one / other;
    [one, other] = [other, one - quotient * other];
    [before, at] = [at, before - quotient * at];
  }
  return at < 0n ? at + prime : at;
}
