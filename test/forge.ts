/**
 * A forge of valid things for tests to break: keys, coins, payments and blocks.
 *
 * All of it follows from small numbers, so what fails today fails in the same way tomorrow.
 */
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { checkBlock, checkBlockInContext } from '../src/consensus/block.ts';
import { commitmentHash, commitmentOutput } from '../src/consensus/commitment.ts';
import { type ConnectContext, connectBlock } from '../src/consensus/connect.ts';
import { finalSequence } from '../src/consensus/locks.ts';
import type { Params } from '../src/consensus/params.ts';
import { isReject, reject, type Verdict, valid } from '../src/consensus/reject.ts';
import { decodeBits, numberFromHash } from '../src/consensus/work.ts';
import { type Block, type Header, hashHeader } from '../src/primitives/block.ts';
import { type Hash, noHash } from '../src/primitives/codec.ts';
import type { Coin, NamedCoin } from '../src/primitives/coin.ts';
import { hash160, sha256 } from '../src/primitives/hash.ts';
import { merkleRoot } from '../src/primitives/merkle.ts';
import { nobleEngine } from '../src/primitives/reference.ts';
import {
  carrierScript,
  heightPush,
  outputKind,
  p2trScript,
  p2wpkhScript,
} from '../src/primitives/script.ts';
import { Digests, sighash } from '../src/primitives/sighash.ts';
import { verify } from '../src/primitives/signature.ts';
import {
  type OutPoint,
  type Output,
  outPointName,
  type Transaction,
  txid,
} from '../src/primitives/transaction.ts';

/** Short for the bytes that a table writes in hex. */
export const hex = hexToBytes;

export interface Key {
  readonly secret: Uint8Array;
  /** 33 bytes, compressed. */
  readonly publicKey: Uint8Array;
  /** The key as a P2TR output key. It is not tweaked: the rules cannot tell. */
  readonly outputKey: Uint8Array;
}

const keys = new Map<number, Key>();

/** The key of this number, made once. */
export function keyOf(seed: number): Key {
  const known = keys.get(seed);
  if (known) return known;
  const secret = sha256(utf8ToBytes(`key ${seed}`));
  const publicKey = secp256k1.getPublicKey(secret);
  const key = { secret, publicKey, outputKey: schnorr.getPublicKey(secret) };
  keys.set(seed, key);
  return key;
}

/** The kinds of output that can be spent. */
export type SpendableKind = 'p2wpkh' | 'p2tr';

function scriptFor(kind: SpendableKind, { publicKey, outputKey }: Key): Uint8Array {
  return kind === 'p2wpkh' ? p2wpkhScript(hash160(publicKey)) : p2trScript(outputKey);
}

/** A coin with the key that spends it. */
export interface Owned extends NamedCoin {
  readonly key: Key;
}

/** The coin of this number: an old P2WPKH coin of 1,000 units, but for what is said of it. */
export function own(
  seed: number,
  { kind = 'p2wpkh', ...fields }: Partial<Coin> & { kind?: SpendableKind } = {},
): Owned {
  const key = keyOf(seed);
  const outPoint = { txid: seed.toString(16).padStart(64, '0') as Hash, index: 0 };
  const script = scriptFor(kind, key);
  return {
    key,
    outPoint,
    coin: { amount: 1000n, script, height: 1, isCoinbase: false, ...fields },
  };
}

/** The coin that this output of a transaction makes, in a block of this height. */
export function ownOutput(transaction: Transaction, index: number, key: Key, height = 1): Owned {
  const output = transaction.outputs[index];
  if (!output) throw new RangeError(`no output ${index}`);
  const coin = { ...output, height, isCoinbase: false };
  return { key, outPoint: { txid: txid(transaction), index }, coin };
}

/** An output that pays the key of this number. */
export function outputTo(seed: number, amount: bigint, kind: SpendableKind = 'p2wpkh'): Output {
  return { amount, script: scriptFor(kind, keyOf(seed)) };
}

export interface PaymentFields {
  /** Pays all that is spent to one key where nothing else is said. */
  readonly outputs?: readonly Output[];
  readonly version?: number;
  readonly lockTime?: number;
  /** Of every input. */
  readonly sequence?: number;
  /** The hash type of every signature; where it is left out a P2TR signature has 64 bytes. */
  readonly type?: number;
}

/** A signed payment of these coins. */
export function pay(coins: readonly Owned[], fields: PaymentFields = {}): Transaction {
  const total = coins.reduce((sum, { coin }) => sum + coin.amount, 0n);
  const { outputs = [outputTo(0, total)], sequence = finalSequence, type } = fields;
  const { version = 2, lockTime = 0 } = fields;
  const inputs = coins.map(({ outPoint }) => inputOf(outPoint, { sequence }));
  return sign({ version, inputs, outputs, lockTime }, coins, type);
}

/** An input that spends this, with nothing to show for it. */
export function inputOf(prevout: OutPoint, { sequence = finalSequence } = {}) {
  return { prevout, scriptSig: new Uint8Array(0), sequence, witness: [] };
}

/** The transaction with the witnesses that its coins ask for, in the order of its inputs. */
export function sign(
  transaction: Transaction,
  coins: readonly Owned[],
  type?: number,
): Transaction {
  const digests = new Digests(
    transaction,
    coins.map(({ coin }) => coin),
  );
  const inputs = transaction.inputs.map((input, i) => {
    const owned = coins[i];
    return owned ? { ...input, witness: witnessOf(digests, i, owned, type) } : input;
  });
  return { ...transaction, inputs };
}

function witnessOf(digests: Digests, index: number, { coin, key }: Owned, type?: number) {
  const output = outputKind(coin.script);
  if (output?.kind === 'p2wpkh') {
    const named = type ?? sighash.all;
    const digest = digests.p2wpkh(index, named, output.program);
    const der = secp256k1.sign(digest, key.secret, { prehash: false, format: 'der' });
    return [concatBytes(der, Uint8Array.of(named)), key.publicKey];
  }
  // Where BIP341 has no digest, some other is signed: the refusal must not hang on the signature.
  const digest = digests.p2tr(index, type ?? sighash.default) ?? new Uint8Array(32);
  const signature = schnorr.sign(digest, key.secret, new Uint8Array(32));
  return [type === undefined ? signature : concatBytes(signature, Uint8Array.of(type))];
}

/** A transaction with another witness for its first input. */
export function withWitness(
  { inputs, ...rest }: Transaction,
  witness: readonly Uint8Array[],
): Transaction {
  return { ...rest, inputs: inputs.map((input, i) => (i === 0 ? { ...input, witness } : input)) };
}

/** The witness of the first input. */
export function witnessIn({ inputs }: Transaction): readonly Uint8Array[] {
  return inputs[0]?.witness ?? [];
}

/** A copy of the bytes with one bit turned, counted from the first byte's lowest. */
export function turnBit(bytes: Uint8Array, bit: number): Uint8Array {
  return bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
}

export interface CoinbaseFields {
  /** What it takes; less than is due is allowed, so nothing where nothing is said. */
  readonly claim?: bigint;
  readonly scriptSig?: Uint8Array;
  /** Behind the claim; the commitment among them, where `isCommitted` is false. */
  readonly outputs?: readonly Output[];
  readonly witness?: readonly Uint8Array[];
  /** Does the last output commit to the witnesses? */
  readonly isCommitted?: boolean;
  readonly lockTime?: number;
  readonly sequence?: number;
}

/** Any 32 bytes will do. */
export const reserved = new Uint8Array(32).fill(7);

/** The coinbase of a block at this height with these payments. */
export function coinbaseOf(
  height: number,
  payments: readonly Transaction[] = [],
  fields: CoinbaseFields = {},
): Transaction {
  // A byte behind the height, for a miner pads its script to two bytes.
  const { claim = 0n, scriptSig = Uint8Array.of(...heightPush(height), 0) } = fields;
  const { outputs = [], lockTime = 0, sequence = finalSequence, isCommitted = true } = fields;
  const { witness = isCommitted ? [reserved] : [] } = fields;
  const prevout = { txid: noHash, index: 0xffff_ffff };
  const bare: Transaction = {
    version: 2,
    inputs: [{ prevout, scriptSig, sequence, witness }],
    outputs: [outputTo(0, claim), ...outputs],
    lockTime,
  };
  if (!isCommitted) return bare;
  const commitment = commitmentHash([bare, ...payments], witness[0] ?? reserved);
  return { ...bare, outputs: [...bare.outputs, commitmentOutput(commitment)] };
}

/** A block of these transactions, with the root that is theirs and no work in it yet. */
export function seal(transactions: readonly Transaction[], header: Partial<Header> = {}): Block {
  const { root } = merkleRoot(transactions.map(txid));
  const rest = { version: 0x2000_0000, parent: noHash, time: epoch, bits: 0x207f_ffff, nonce: 0 };
  return { header: { ...rest, merkleRoot: root, ...header }, transactions };
}

/** A valid block at this height, its coinbase as said. */
export function blockAt(
  height: number,
  payments: readonly Transaction[] = [],
  fields: CoinbaseFields = {},
): Block {
  return seal([coinbaseOf(height, payments, fields), ...payments]);
}

/** The header with the first nonce that meets its bits; easy bits only, or it takes for ever. */
export function grind(header: Header): Header {
  const { target } = decodeBits(header.bits);
  let turned = header;
  while (numberFromHash(hashHeader(turned)) > target) {
    turned = { ...turned, nonce: turned.nonce + 1 };
  }
  return turned;
}

/** The time of the genesis block of every place here. */
export const epoch = 1_700_000_000;

/** Where a block is judged: what is below it. */
export interface Place extends ConnectContext {
  readonly params: Params;
}

/** A place where blocks came every 600 seconds, and these are the coins. */
export function placeAt(params: Params, height: number, owned: readonly Owned[] = []): Place {
  const medianTimePastAt = (below: number) => epoch + below * 600;
  const coins = new Map(owned.map(({ outPoint, coin }) => [outPointName(outPoint), coin]));
  return { params, height, coins, medianTimePastAt, medianTimePast: medianTimePastAt(height - 1) };
}

/** All the rules of a block but those of its header, in the order in which a node asks them. */
export function judge(block: Block, place: Place): Verdict {
  const verdict = checkBlock(block) ?? checkBlockInContext(block, place);
  if (verdict) return verdict;
  const connected = connectBlock(block, place, place.params);
  if (isReject(connected)) return connected;
  const failed = connected.checks.find((check) => !verify(check, nobleEngine));
  if (!failed) return valid;
  const { txid: id, input } = failed;
  return reject('block-script-verify-flag-failed', { txid: id, input });
}

/** Carriers that take exactly this many bytes of a transaction, from 70 on. */
export function carriersOf(sizeBytes: number): readonly Output[] {
  const outputs: Output[] = [];
  // An amount of 8 bytes, a length of one, OP_RETURN, a push of one, and what it pushes.
  const add = (bytes: number) => {
    outputs.push({ amount: 0n, script: carrierScript(new Uint8Array(bytes - 11)) });
    return bytes;
  };
  let left = sizeBytes;
  while (left > 160) left -= add(86);
  left -= add(left >> 1);
  add(left);
  return outputs;
}
