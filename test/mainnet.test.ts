/** Real transactions and blocks of Bitcoin's main network. */
import { hexToBytes } from '@noble/hashes/utils.js';
import { describe, expect, test } from 'vitest';
import { chooseEngine, loadEngines } from '../src/cli/engine.ts';
import { checkHeight, checkMerkleRoot } from '../src/consensus/block.ts';
import { checkCommitment, findCommitment } from '../src/consensus/commitment.ts';
import { checkHeader } from '../src/consensus/header.ts';
import { regtest } from '../src/consensus/params.ts';
import { firstReject, isReject } from '../src/consensus/reject.ts';
import { checkTransaction } from '../src/consensus/transaction.ts';
import { type InputCheck, readWitnesses } from '../src/consensus/witness.ts';
import { Block, blockWeight, hashHeader, totalBlockBytes } from '../src/primitives/block.ts';
import { decode, encode } from '../src/primitives/codec.ts';
import { heightPush } from '../src/primitives/script.ts';
import { type SignatureCheck, verify } from '../src/primitives/signature.ts';
import { hasWitness, type Output, Transaction, txid } from '../src/primitives/transaction.ts';
import { hasVectors, startTally, vectorBytes, vectorFiles, vectorJson } from './vectors.ts';

const tally = startTally('Bitcoin main network');

const engines = await loadEngines();
const fastest = chooseEngine(engines);

interface SpendRow {
  readonly txid: string;
  readonly tx: string;
  readonly prevouts: readonly (readonly [amount: number, script: string])[];
  readonly hashTypes: readonly number[];
}

function readSpends() {
  return vectorJson<SpendRow[]>('mainnet/real-spends-subset.json').map((row) => ({
    ...row,
    transaction: decode(Transaction, hexToBytes(row.tx)),
    coins: row.prevouts.map(([amount, script]) => ({
      amount: BigInt(amount),
      script: hexToBytes(script),
    })),
  }));
}

describe.skipIf(!hasVectors)('real spends (vectors/mainnet/real-spends-subset.json)', () => {
  test('all 322 have their txid, and every engine says that all 646 signatures hold', () => {
    const spends = readSpends();
    const schemes: string[] = [];
    for (const { transaction, coins, ...row } of spends) {
      expect(encode(Transaction, transaction)).toEqual(hexToBytes(row.tx));
      expect(txid(transaction)).toBe(row.txid);
      expect(checkTransaction(transaction), row.txid).toBeUndefined();
      for (let input = 0; input < coins.length; input++) {
        const check = readInput(transaction, coins, input);
        expect(check && askAll(check), `${row.txid} input ${input}`).not.toContain(false);
        schemes.push(check?.scheme ?? 'none');
      }
    }
    const types = new Set(spends.flatMap(({ hashTypes }) => hashTypes));
    const [ecdsa, schnorr] = ['ecdsa', 'schnorr'].map(
      (scheme) => schemes.filter((each) => each === scheme).length,
    );
    expect([...types].sort((a, b) => a - b)).toEqual([0x00, 0x01, 0x81, 0x83]);
    expect([spends.length, schemes.length, ecdsa, schnorr]).toEqual([322, 646, 338, 308]);
    tally(`322 real spends of 338 ECDSA and 308 Schnorr signatures on ${engines.length} engines`);
  });

  test('none of the 646 holds on any engine with one of its bits flipped', () => {
    let signatures = 0;
    for (const { transaction, coins } of readSpends()) {
      for (let input = 0; input < coins.length; input++) {
        const bits = signatureBits(transaction, input);
        // Steps through the signature from one to the next, so that all its parts have their turn.
        const check = readInput(flip(transaction, input, (signatures * 37) % bits), coins, input);
        expect(check ? askAll(check) : []).not.toContain(true);
        signatures++;
      }
    }
    expect(signatures).toBe(646);
    tally('646 flips on all engines');
  });

  test('none of the 646 holds with a bit of any of its bytes flipped, or of its hash type', () => {
    let signatures = 0;
    let flips = 0;
    for (const { transaction, coins } of readSpends()) {
      for (let input = 0; input < coins.length; input++) {
        for (const bit of bitsToFlip(signatureBits(transaction, input), signatures)) {
          const check = readInput(flip(transaction, input, bit), coins, input);
          if (check && verify(check, fastest)) expect.fail(`bit ${bit} of input ${input}`);
          flips++;
        }
        signatures++;
      }
    }
    expect(flips).toBe(48_403);
    tally(`${flips} flips on the fastest`);
  });
});

/** What all engines that have this scheme answer. */
function askAll({ scheme, signature, digest, publicKey }: SignatureCheck): boolean[] {
  return engines.flatMap(({ verifyEcdsa, verifySchnorr }) => {
    const ask = scheme === 'ecdsa' ? verifyEcdsa : verifySchnorr;
    return ask ? [ask(signature, digest, publicKey)] : [];
  });
}

/** The check that this input asks for; `undefined` where its form is refused. */
function readInput(
  transaction: Transaction,
  coins: readonly Output[],
  input: number,
): InputCheck | undefined {
  const checks = readWitnesses(transaction, coins);
  return isReject(checks) ? undefined : checks[input];
}

function signatureBits({ inputs }: Transaction, input: number): number {
  return (inputs[input]?.witness[0]?.length ?? 0) * 8;
}

/**
 * One bit of each byte, another in the next signature, so that eight signatures have each bit once;
 * and all bits of the last byte, which is the hash type if there is one.
 */
function bitsToFlip(bits: number, signature: number): readonly number[] {
  const last = bits - 8;
  const some = Array.from({ length: last / 8 }, (_, byte) => byte * 8 + ((byte + signature) % 8));
  return [...some, ...Array.from({ length: 8 }, (_, bit) => last + bit)];
}

/** The transaction with one bit of one signature flipped. */
function flip(transaction: Transaction, input: number, bit: number): Transaction {
  const inputs = transaction.inputs.map((each, i) => {
    const [signature, ...others] = each.witness;
    if (i !== input || !signature) return each;
    const flipped = signature.map((value, byte) =>
      byte === bit >> 3 ? value ^ (1 << (bit % 8)) : value,
    );
    return { ...each, witness: [flipped, ...others] };
  });
  return { ...transaction, inputs };
}

interface BlockRow {
  readonly file: string;
  readonly hash: string;
  readonly prev: string;
  readonly version: number;
  readonly time: number;
  readonly bits: string;
  readonly nonce: number;
  readonly merkleRoot: string;
  readonly bip34Height: number | null;
  readonly txs: number;
  readonly segwitTxs: number;
  readonly witnessCommitmentOk: true | null;
  readonly size: number;
  readonly weight: number;
}

/** The blocks of the index that are here. */
function readBlocks() {
  const paths = new Map([
    ...vectorFiles('mainnet/blocks').map((file) => [file, `mainnet/blocks/${file}`] as const),
    ['bcoin-block426884.bin', 'bip152/block426884.bin'],
  ]);
  return vectorJson<BlockRow[]>('mainnet/blocks/index.json').flatMap((row) => {
    const path = paths.get(row.file);
    return path === undefined ? [] : [{ ...row, bytes: vectorBytes(path) }];
  });
}

describe.skipIf(!hasVectors)('real blocks (vectors/mainnet/blocks, vectors/bip152)', () => {
  test('all 7 are read, measured and judged as the network did', () => {
    let transactions = 0;
    const blocks = readBlocks();
    for (const { bytes, file, ...row } of blocks) {
      const block = decode(Block, bytes);
      const { header } = block;
      expect(encode(Block, block), file).toEqual(bytes);
      expect(header, file).toEqual({
        version: row.version,
        parent: row.prev,
        merkleRoot: row.merkleRoot,
        time: row.time,
        bits: Number.parseInt(row.bits, 16),
        nonce: row.nonce,
      });
      expect(hashHeader(header), file).toBe(row.hash);
      expect(checkHeader(header, { ...regtest, limitBits: 0x1d00_ffff }), file).toBeUndefined();
      expect(checkMerkleRoot(block), file).toBeUndefined();
      expect(firstReject(block.transactions, checkTransaction), file).toBeUndefined();
      expect(block.transactions.length, file).toBe(row.txs);
      expect(block.transactions.filter(hasWitness).length, file).toBe(row.segwitTxs);
      expect(totalBlockBytes(block), file).toBe(row.size);
      expect(blockWeight(block), file).toBe(row.weight);
      transactions += row.txs;
    }
    expect([blocks.length, transactions]).toEqual([7, 4854]);
    tally(`7 real blocks of ${transactions} transactions`);
  });

  test('the 3 that carry a witness commitment keep it, and the 4 others need none', () => {
    const committed = readBlocks().map(({ bytes, witnessCommitmentOk, file }) => {
      const block = decode(Block, bytes);
      const [coinbase] = block.transactions;
      expect(checkCommitment(block), file).toBeUndefined();
      expect(coinbase && findCommitment(coinbase) !== undefined, file).toBe(
        witnessCommitmentOk === true,
      );
      return witnessCommitmentOk;
    });
    expect(committed.filter((each) => each === true).length).toBe(3);
  });

  test('the 6 since BIP34 begin with their height, and with no other', () => {
    const heights = readBlocks().flatMap(({ bytes, bip34Height: height }) => {
      if (height === null) return [];
      expect(checkHeight(decode(Block, bytes), { height })).toBeUndefined();
      expect(checkHeight(decode(Block, bytes), { height: height + 1 })?.reason).toBe(
        'bad-cb-height',
      );
      return [height];
    });
    expect(heights).toEqual([227_836, 481_829, 830_000, 300_025, 426_884, 482_683]);
  });

  test('20 real coinbase scripts begin with the push of their height', () => {
    const rows = vectorJson<{ height: number; coinbaseScript: string }[]>('mainnet/bip34.json');
    for (const { height, coinbaseScript } of rows) {
      const push = heightPush(height);
      expect(hexToBytes(coinbaseScript).subarray(0, push.length), `${height}`).toEqual(push);
    }
    expect(rows.length).toBe(20);
    tally('20 coinbase scripts');
  });
});
