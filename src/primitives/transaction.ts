/**
 * A transaction: coins spent and coins made.
 *
 * Its bytes have two forms. The stripped one leaves the witnesses out; its hash is the txid, which
 * signatures cannot change. The full one is what is sent and stored; its hash is the wtxid. BIP144.
 */
import {
  Bytes,
  type Codec,
  DecodeError,
  encode,
  Hash,
  hashFromBytes,
  I64,
  list,
  noHash,
  type Reader,
  struct,
  U32,
  type ValueOf,
} from './codec.ts';
import { sha256d } from './hash.ts';
import { hasher } from './hasher.ts';
import { type Writer, written } from './writer.ts';

/** Names a coin: the transaction that made it, and which of its outputs. Core: COutPoint. */
export const OutPoint = struct({ txid: Hash, index: U32 });
export interface OutPoint extends ValueOf<typeof OutPoint> {}

/** The outpoint as text, `txid:index`: to be the key of a map, and to stand in a message. */
export function outPointName({ txid, index }: OutPoint): string {
  return `${txid}:${index}`;
}

/** Makes a coin. */
export const Output = struct({
  /** In base units; signed on the wire, so that a rule can say what is wrong. Core: nValue. */
  amount: I64,
  /** What a spender must show. Core: scriptPubKey. */
  script: Bytes,
});
export interface Output extends ValueOf<typeof Output> {}

const StrippedInput = struct({
  /** The coin that is spent. */
  prevout: OutPoint,
  /** Always empty under our rules, but in a coinbase, where it is the miner's to fill. */
  scriptSig: Bytes,
  /** A relative lock time (BIP68), or the mark that the lock time is not meant. Core: nSequence. */
  sequence: U32,
});

/** Spends a coin. */
export interface Input extends ValueOf<typeof StrippedInput> {
  /** The proof that the spender may: for us a signature, and for P2WPKH the key. */
  readonly witness: readonly Uint8Array[];
}

const StrippedInputs = list(StrippedInput);
const Outputs = list(Output);
const Witness = list(Bytes);

export interface Transaction {
  /** Unsigned; from 2 on, sequences are relative lock times. */
  readonly version: number;
  readonly inputs: readonly Input[];
  readonly outputs: readonly Output[];
  /** A height, or from 500,000,000 on a time, before which no block may hold it. */
  readonly lockTime: number;
}

/**
 * The full form. A zero where the count of inputs would be marks the witnesses that follow.
 * Core: UnserializeTransaction.
 */
export const Transaction: Codec<Transaction> = {
  read: (from) => {
    const version = from.u32();
    const flag = from.peek() === 0 ? readFlag(from) : undefined;
    if (flag === 0) return { version, inputs: [], outputs: [], lockTime: from.u32() };
    const stripped = StrippedInputs.read(from);
    const outputs = Outputs.read(from);
    const witnesses = flag === 1 ? stripped.map(() => Witness.read(from)) : [];
    if (flag === 1 && witnesses.every((witness) => witness.length === 0)) {
      throw new DecodeError('superfluous witness record');
    }
    const inputs = stripped.map((input, i) => ({ ...input, witness: witnesses[i] ?? [] }));
    return { version, inputs, outputs, lockTime: from.u32() };
  },
  write: (transaction, to) => {
    const marked = hasWitness(transaction);
    to.u32(transaction.version);
    if (marked) to.u16(0x0100);
    writeInputsAndOutputs(transaction, to);
    if (marked) for (const { witness } of transaction.inputs) Witness.write(witness, to);
    to.u32(transaction.lockTime);
  },
};

/** What follows a zero in the place of the inputs' count: 1 for witnesses, 0 for nothing at all. */
function readFlag(from: Reader): number {
  const flag = from.u16() >> 8;
  if (flag > 1) throw new DecodeError(`unknown optional data in a transaction: flag ${flag}`);
  return flag;
}

function writeInputsAndOutputs({ inputs, outputs }: Transaction, to: Writer): void {
  StrippedInputs.write(inputs, to);
  Outputs.write(outputs, to);
}

export function hasWitness({ inputs }: Transaction): boolean {
  return inputs.some(({ witness }) => witness.length > 0);
}

/** Is it the first of a block, the one that mints? Core: IsCoinBase. */
export function isCoinbase({ inputs }: Transaction): boolean {
  const [first, ...others] = inputs;
  return first !== undefined && others.length === 0 && isNoOutPoint(first.prevout);
}

/** The outpoint that no coin has. Core: COutPoint::IsNull. */
export function isNoOutPoint({ txid, index }: OutPoint): boolean {
  return index === 0xffff_ffff && txid === noHash;
}

/** The name of a transaction, which its signatures do not change. */
export function txid(transaction: Transaction): Hash {
  return measure(transaction).txid;
}

/** The hash of all of it, witnesses too. BIP141. */
export function wtxid(transaction: Transaction): Hash {
  return measure(transaction).wtxid;
}

/** Bytes without the witnesses. */
export function strippedBytes(transaction: Transaction): number {
  return measure(transaction).strippedBytes;
}

/** Bytes in all. */
export function totalBytes(transaction: Transaction): number {
  return measure(transaction).totalBytes;
}

/** Weight units: a stripped byte weighs four, a witness byte one. BIP141. */
export function weight(transaction: Transaction): number {
  return strippedBytes(transaction) * 3 + totalBytes(transaction);
}

/** Virtual bytes, in which fee rates are counted: a quarter of the weight, rounded up. */
export function virtualBytes(transaction: Transaction): number {
  return Math.ceil(weight(transaction) / 4);
}

interface Measure {
  readonly txid: Hash;
  readonly wtxid: Hash;
  readonly strippedBytes: number;
  readonly totalBytes: number;
}

/** Transactions never change, so each is encoded and hashed once. */
const measures = new WeakMap<Transaction, Measure>();

function measure(transaction: Transaction): Measure {
  return measures.get(transaction) ?? measureNow(transaction);
}

function measureNow(transaction: Transaction): Measure {
  const { stripped, total } = formsOf(transaction);
  const id = hashFromBytes(sha256d(stripped));
  const all = total === stripped ? id : hashFromBytes(sha256d(total));
  return keep(transaction, { stripped, total }, id, all);
}

/** Hashes all of these in one go, which is faster than one by one when they are asked for. */
export function hashTogether(transactions: readonly Transaction[]): void {
  const fresh = transactions.filter((each) => !measures.has(each));
  const forms = fresh.map(formsOf);
  const hashes = hasher().hashAll(forms.flatMap(({ stripped, total }) => [stripped, total]));
  const hashAt = (i: number) => hashFromBytes(hashes.subarray(i * 32, i * 32 + 32));
  for (const [i, transaction] of fresh.entries()) {
    const form = forms[i];
    if (form) keep(transaction, form, hashAt(2 * i), hashAt(2 * i + 1));
  }
}

interface Forms {
  readonly stripped: Uint8Array;
  /** The same bytes where there is no witness. */
  readonly total: Uint8Array;
}

function formsOf(transaction: Transaction): Forms {
  const stripped = encodeStripped(transaction);
  return { stripped, total: hasWitness(transaction) ? encode(Transaction, transaction) : stripped };
}

function keep(transaction: Transaction, form: Forms, id: Hash, all: Hash): Measure {
  const measured = {
    txid: id,
    wtxid: all,
    strippedBytes: form.stripped.length,
    totalBytes: form.total.length,
  };
  measures.set(transaction, measured);
  return measured;
}

/** The form without witnesses. */
function encodeStripped(transaction: Transaction): Uint8Array {
  return written((to) => {
    to.u32(transaction.version);
    writeInputsAndOutputs(transaction, to);
    to.u32(transaction.lockTime);
  });
}
