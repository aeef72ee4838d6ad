/**
 * What a signature signs: a digest of the transaction and of the coin that the input spends.
 *
 * The parts that all inputs share are hashed once a transaction, so that the work grows with its
 * size and not with its square. BIP143 for P2WPKH, BIP341 for P2TR.
 */
import { concatBytes } from '@noble/hashes/utils.js';
import { Bytes, encode } from './codec.ts';
import { sha256, sha256d, taggedHash } from './hash.ts';
import { OutPoint, Output, type Transaction } from './transaction.ts';
import { type Writer, written } from './writer.ts';

/** How much of the transaction is signed: the last byte of a signature. */
export const sighash = {
  /** BIP341 only, and there the absence of the byte: as `all`. */
  default: 0x00,
  all: 0x01,
  none: 0x02,
  single: 0x03,
  anyoneCanPay: 0x80,
} as const;

/** The types that a witness may name: all, none and single, with and without anyoneCanPay. */
export function isSighashType(type: number): boolean {
  const base = type & ~sighash.anyoneCanPay;
  return type <= 0xff && base >= sighash.all && base <= sighash.single;
}

const zeros = new Uint8Array(32);
const dupHash160 = Uint8Array.of(0x76, 0xa9, 20);
const equalVerifyCheckSig = Uint8Array.of(0x88, 0xac);

/** The digests of one transaction, given the coins that it spends, in the order of its inputs. */
export class Digests {
  readonly #transaction: Transaction;
  readonly #spent: readonly Output[];
  /** The SHA-256 of what all inputs share, as BIP341 wants it; BIP143 hashes it once more. */
  readonly #once: Shared = {};
  readonly #twice: Shared = {};

  constructor(transaction: Transaction, spent: readonly Output[]) {
    this.#transaction = transaction;
    this.#spent = spent;
  }

  /** What a P2WPKH input signs; `keyHash` is the program of its coin. BIP143. */
  p2wpkh(index: number, type: number, keyHash: Uint8Array): Uint8Array {
    const { version, lockTime } = this.#transaction;
    const [input, coin] = this.#input(index);
    const base = type & 0x1f;
    const isAnyone = (type & sighash.anyoneCanPay) !== 0;
    const isWhole = base !== sighash.none && base !== sighash.single;
    const single = this.#singleOutput(index, base);
    const outputs = single ? sha256d(single) : zeros;
    const signed = written((to) => {
      to.u32(version);
      to.put(isAnyone ? zeros : this.#hashedTwice('prevouts'));
      to.put(isAnyone || !isWhole ? zeros : this.#hashedTwice('sequences'));
      OutPoint.write(input.prevout, to);
      // The script that a key's hash stands for.
      Bytes.write(concatBytes(dupHash160, keyHash, equalVerifyCheckSig), to);
      to.u64(coin.amount);
      to.u32(input.sequence);
      to.put(isWhole ? this.#hashedTwice('outputs') : outputs);
      to.u32(lockTime);
      to.u32(type);
    });
    return sha256d(signed);
  }

  /**
   * What a P2TR input signs by its output key; `undefined` where type SINGLE has no output to sign,
   * which BIP341 refuses and BIP143 does not.
   */
  p2tr(index: number, type: number): Uint8Array | undefined {
    const { version, lockTime } = this.#transaction;
    const [input, coin] = this.#input(index);
    const base = type & 3;
    const isAnyone = (type & sighash.anyoneCanPay) !== 0;
    const single = this.#singleOutput(index, base);
    if (base === sighash.single && !single) return undefined;
    const signed = written((to) => {
      to.u8(0);
      to.u8(type);
      to.u32(version);
      to.u32(lockTime);
      if (!isAnyone) {
        to.put(this.#hashedOnce('prevouts'));
        to.put(this.#hashedOnce('amounts'));
        to.put(this.#hashedOnce('scripts'));
        to.put(this.#hashedOnce('sequences'));
      }
      const isWhole = base === sighash.all || base === sighash.default;
      if (isWhole) to.put(this.#hashedOnce('outputs'));
      // The key path without an annex.
      to.u8(0);
      if (isAnyone) {
        OutPoint.write(input.prevout, to);
        Output.write(coin, to);
        to.u32(input.sequence);
      } else to.u32(index);
      if (single) to.put(sha256(single));
    });
    return taggedHash('TapSighash', signed);
  }

  /** The bytes of the one output that type SINGLE signs, where there is one. */
  #singleOutput(index: number, base: number): Uint8Array | undefined {
    const output = this.#transaction.outputs[index];
    return base === sighash.single && output ? encode(Output, output) : undefined;
  }

  #input(index: number) {
    const input = this.#transaction.inputs[index];
    const coin = this.#spent[index];
    if (!input || !coin) throw new RangeError(`no input ${index}, or not the coin it spends`);
    return [input, coin] as const;
  }

  #hashedTwice(part: keyof Shared): Uint8Array {
    this.#twice[part] ??= sha256(this.#hashedOnce(part));
    return this.#twice[part];
  }

  #hashedOnce(part: keyof Shared): Uint8Array {
    this.#once[part] ??= sha256(written((to) => this.#write(part, to)));
    return this.#once[part];
  }

  #write(part: keyof Shared, to: Writer): void {
    const { inputs, outputs } = this.#transaction;
    if (part === 'prevouts') for (const { prevout } of inputs) OutPoint.write(prevout, to);
    if (part === 'amounts') for (const { amount } of this.#spent) to.u64(amount);
    if (part === 'scripts') for (const { script } of this.#spent) Bytes.write(script, to);
    if (part === 'sequences') for (const { sequence } of inputs) to.u32(sequence);
    if (part === 'outputs') for (const output of outputs) Output.write(output, to);
  }
}

interface Shared {
  prevouts?: Uint8Array;
  amounts?: Uint8Array;
  scripts?: Uint8Array;
  sequences?: Uint8Array;
  outputs?: Uint8Array;
}
