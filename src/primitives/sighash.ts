/**
 * What a signature signs: a digest of the transaction and of the coin that the input spends.
 *
 * The parts that all inputs share are hashed once a transaction, so that the work grows with its
 * size and not with its square. BIP143 for P2WPKH, BIP341 for P2TR.
 */
import { Bytes, Writer } from './codec.ts';
import { sha256, sha256d, taggedHash } from './hash.ts';
import { OutPoint, Output, type Transaction } from './transaction.ts';

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

/** The digests of one transaction, given the coins that it spends, in the order of its inputs. */
export class Digests {
  readonly #transaction: Transaction;
  readonly #spent: readonly Output[];
  #shared: Shared | undefined;

  constructor(transaction: Transaction, spent: readonly Output[]) {
    this.#transaction = transaction;
    this.#spent = spent;
  }

  /** What a P2WPKH input signs; `keyHash` is the program of its coin. BIP143. */
  p2wpkh(index: number, type: number, keyHash: Uint8Array): Uint8Array {
    const { version, lockTime } = this.#transaction;
    const [input, coin] = this.#input(index);
    const shared = this.#parts();
    const base = type & 0x1f;
    const isAnyone = (type & sighash.anyoneCanPay) !== 0;
    const isWhole = base !== sighash.none && base !== sighash.single;
    const to = new Writer();
    to.u32(version);
    to.put(isAnyone ? zeros : sha256(shared.prevouts));
    to.put(isAnyone || !isWhole ? zeros : sha256(shared.sequences));
    OutPoint.write(input.prevout, to);
    Bytes.write(Uint8Array.of(0x76, 0xa9, 20, ...keyHash, 0x88, 0xac), to);
    to.u64(coin.amount);
    to.u32(input.sequence);
    to.put(isWhole ? sha256(shared.outputs) : (this.#singleOutput(index, base, sha256d) ?? zeros));
    to.u32(lockTime);
    to.u32(type);
    return sha256d(to.bytes());
  }

  /**
   * What a P2TR input signs by its output key; `undefined` where type SINGLE has no output to sign,
   * which BIP341 refuses and BIP143 does not.
   */
  p2tr(index: number, type: number): Uint8Array | undefined {
    const { version, lockTime } = this.#transaction;
    const [input, coin] = this.#input(index);
    const shared = this.#parts();
    const base = type & 3;
    const to = new Writer();
    to.u8(0);
    to.u8(type);
    to.u32(version);
    to.u32(lockTime);
    const isAnyone = (type & sighash.anyoneCanPay) !== 0;
    if (!isAnyone) {
      to.put(shared.prevouts);
      to.put(shared.amounts);
      to.put(shared.scripts);
      to.put(shared.sequences);
    }
    if (base === sighash.all || base === sighash.default) to.put(shared.outputs);
    // The key path without an annex.
    to.u8(0);
    if (isAnyone) {
      OutPoint.write(input.prevout, to);
      Output.write(coin, to);
      to.u32(input.sequence);
    } else to.u32(index);
    if (base === sighash.single) {
      const single = this.#singleOutput(index, base, sha256);
      if (!single) return undefined;
      to.put(single);
    }
    return taggedHash('TapSighash', to.bytes());
  }

  #singleOutput(
    index: number,
    base: number,
    hash: (bytes: Uint8Array) => Uint8Array,
  ): Uint8Array | undefined {
    const output = this.#transaction.outputs[index];
    if (base !== sighash.single || !output) return undefined;
    const to = new Writer();
    Output.write(output, to);
    return hash(to.bytes());
  }

  #input(index: number) {
    const input = this.#transaction.inputs[index];
    const coin = this.#spent[index];
    if (!input || !coin) throw new RangeError(`no input ${index}, or not the coin it spends`);
    return [input, coin] as const;
  }

  #parts(): Shared {
    this.#shared ??= share(this.#transaction, this.#spent);
    return this.#shared;
  }
}

/** Single SHA-256 of each list, as BIP341 wants them; BIP143 hashes them once more. */
interface Shared {
  readonly prevouts: Uint8Array;
  readonly amounts: Uint8Array;
  readonly scripts: Uint8Array;
  readonly sequences: Uint8Array;
  readonly outputs: Uint8Array;
}

function share({ inputs, outputs }: Transaction, spent: readonly Output[]): Shared {
  const hashAll = <T>(items: readonly T[], write: (item: T, to: Writer) => void) => {
    const to = new Writer();
    for (const item of items) write(item, to);
    return sha256(to.bytes());
  };
  return {
    prevouts: hashAll(inputs, ({ prevout }, to) => OutPoint.write(prevout, to)),
    amounts: hashAll(spent, ({ amount }, to) => to.u64(amount)),
    scripts: hashAll(spent, ({ script }, to) => Bytes.write(script, to)),
    sequences: hashAll(inputs, ({ sequence }, to) => to.u32(sequence)),
    outputs: hashAll(outputs, (output, to) => Output.write(output, to)),
  };
}
