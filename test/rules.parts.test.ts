/** What the rules are made of: clocks, counts and digests, and what a connected block answers. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { Transaction as SignerTransaction } from '@scure/btc-signer';
import { describe, expect, test } from 'vitest';
import { checkBlock } from '../src/consensus/block.ts';
import { commitmentOutput } from '../src/consensus/commitment.ts';
import { connectBlock, touchedCoins } from '../src/consensus/connect.ts';
import { pastHeight } from '../src/consensus/difficulty.ts';
import { checkHeaderInContext, medianTime, medianTimeSpan } from '../src/consensus/header.ts';
import { isTimeLocked } from '../src/consensus/locks.ts';
import { regtest } from '../src/consensus/params.ts';
import { describeReject, isReject, reject, valid } from '../src/consensus/reject.ts';
import { checkSigops, maxSigopsCost, scriptSigops, sigopsCost } from '../src/consensus/sigops.ts';
import { targetFromBits, workFromBits } from '../src/consensus/work.ts';
import { encode } from '../src/primitives/codec.ts';
import { merkleRoot } from '../src/primitives/merkle.ts';
import { Digests } from '../src/primitives/sighash.ts';
import { outPointName, Transaction, txid } from '../src/primitives/transaction.ts';
import {
  blockAt,
  coinbaseOf,
  epoch,
  hex,
  inputOf,
  keyOf,
  type Owned,
  outputTo,
  own,
  ownOutput,
  pay,
  placeAt,
  seal,
} from './forge.ts';

describe('the clock of a chain', () => {
  test('is the median of eleven blocks', () => {
    expect(medianTimeSpan).toBe(11);
  });
  test('is the sixth of eleven times in order, however they came', () => {
    expect(medianTime([50, 10, 40, 20, 30, 60, 110, 100, 70, 80, 90])).toBe(60);
  });
  test('is the later of two in the middle where their count is even', () => {
    expect(medianTime([20, 10])).toBe(20);
    expect(medianTime([40, 10, 30, 20])).toBe(30);
  });
  test('is the only time there is after genesis', () => {
    expect(medianTime([7])).toBe(7);
  });
});

const difficulties = {
  asert: { rule: 'asert', spacingSeconds: 15, halfLifeSeconds: 600 },
  bitcoin: { rule: 'bitcoin', spacingSeconds: 600 },
  none: { rule: 'none' },
} as const;

test.each([
  ['asert', 1, undefined],
  ['asert', 2, 0],
  ['asert', 3, 1],
  ['bitcoin', 1, undefined],
  ['bitcoin', 2015, undefined],
  ['bitcoin', 2016, 0],
  ['bitcoin', 2017, undefined],
  ['bitcoin', 4032, 2016],
  ['none', 2016, undefined],
] as const)('the rule %s at height %i looks back to %s', (rule, height, expected) => {
  expect(pastHeight(height, difficulties[rule])).toBe(expected);
});

test.each([
  [2, 0x0040_0001, true],
  [0x8000_0002, 0x0040_0001, true],
  [1, 0x0040_0001, false],
  [2, 0x8040_0001, false],
  [2, 0x0000_0001, false],
])('version %i with sequence %i needs the time of its coin: %s', (version, sequence, expected) => {
  const transaction = pay([own(1)], { version, sequence });
  const input = inputOf(own(1).outPoint, { sequence });
  expect(isTimeLocked(transaction, input)).toBe(expected);
});

test.each([
  ['', 0],
  ['ac', 1],
  ['ad', 1],
  ['ae', 20],
  ['af', 20],
  ['abb0', 0],
  ['acac', 2],
  // Bytes that are pushed are no operations, whichever form the push has.
  ['01acac', 1],
  ['4c01acac', 1],
  ['4d0100acac', 1],
  ['4e01000000acac', 1],
  ['4d0100ac', 0],
  [`4d0001${'ac'.repeat(257)}`, 1],
  // A push that is cut off ends the count.
  ['ac02ac', 1],
  ['ac4c', 1],
  ['ac4d01', 1],
  ['ac4effffffffac', 1],
  ['004fac', 1],
])('the script %s has %i signature operations', (script, expected) => {
  expect(scriptSigops(hex(script))).toBe(expected);
});

test('a signature operation costs four in a coinbase and one in a P2WPKH input', () => {
  const block = [coinbaseOf(200, [], { scriptSig: hex('02c800acae') })];
  const coins = [own(1).coin, own(2, { kind: 'p2tr' }).coin, own(3).coin];
  expect(sigopsCost(block, coins)).toBe(4 * 21 + 2);
});

test('more signature operations than can be would be a bug, and fail', () => {
  const coins = new Array(maxSigopsCost).fill(own(1).coin);
  expect(() => checkSigops([], coins)).not.toThrow();
  expect(() => checkSigops([], [...coins, own(1).coin])).toThrow('80001 signature operations');
});

test('a reject is told in a line with its facts', () => {
  const verdict = reject('bad-cb-amount', { claimed: 5_000_000_001n, allowed: 5_000_000_000n });
  expect(describeReject(verdict)).toBe('bad-cb-amount (claimed 5000000001, allowed 5000000000)');
  expect(describeReject(reject('bad-cb-height', { expected: 7 }))).toBe(
    'bad-cb-height (expected 7)',
  );
  expect(describeReject(reject('bad-blk-length'))).toBe('bad-blk-length');
});

test('a version is told as the word that it is in the header', () => {
  const { header } = seal([], { version: 0x8000_0004 | 0 });
  const parent = { time: epoch - 1, bits: header.bits };
  const context = { height: 1, parent, pastTime: undefined, medianTimePast: epoch - 1 };
  const verdict = checkHeaderInContext(header, context, epoch, regtest);
  expect(verdict?.facts).toEqual({ version: '0x80000004' });
});

/** The bits, the target they are below the limit 207fffff, and the work of them anywhere. */
test.each([
  [0x207f_ffff, 0x7f_ffffn << 232n, 2n],
  [0x2080_0001, undefined, 0n],
  [0x2100_8000, undefined, 1n],
  [0x1d00_ffff, 0xffffn << 208n, 4_295_032_833n],
  [0x0301_0000, 0x01_0000n, (1n << 256n) / 0x01_0001n],
  [0x0201_2300, 0x0123n, (1n << 256n) / 0x0124n],
  [0x0101_0000, 1n, 1n << 255n],
  [0x0100_ffff, undefined, 0n],
  [0x0000_0001, undefined, 0n],
  [0x2200_00ff, undefined, 1n],
  [0x2200_0100, undefined, 0n],
  [0xff7f_ffff, undefined, 0n],
])('the bits %i have the target %s and the work %s', (bits, target, work) => {
  expect(targetFromBits(bits, 0x207f_ffff)).toBe(target);
  expect(workFromBits(bits)).toBe(work);
});

test('a commitment is marked as BIP141 says', () => {
  const { script, amount } = commitmentOutput(own(1).outPoint.txid);
  const expected = `6a24aa21a9ed01${'00'.repeat(31)}`;
  expect([amount, bytesToHex(script)]).toEqual([0n, expected]);
});

test('the root of one hash is that hash, and of none is zero', () => {
  const { txid: leaf } = own(1).outPoint;
  expect(merkleRoot([leaf])).toEqual({ root: leaf, mutated: false });
  expect(merkleRoot([])).toEqual({ root: '0'.repeat(64), mutated: false });
});

describe('a connected block', () => {
  const coins = [own(1), own(2)] as const;
  const carrier = { amount: 1n, script: hex('6a') };
  const first = pay([coins[0]], { outputs: [outputTo(3, 600n), carrier, outputTo(4, 390n)] });
  const second = pay([ownOutput(first, 0, keyOf(3)), coins[1]], { outputs: [outputTo(5, 1590n)] });
  const block = blockAt(200, [first, second], { claim: 19n });
  const place = placeAt(regtest, 200, coins);
  const connected = connectBlock(block, place, regtest);
  const transition = isReject(connected) ? undefined : connected;

  test('is valid, and collects 9 and 10 units of fees', () => {
    expect(checkBlock(block)).toBe(valid);
    expect(transition?.fees).toBe(19n);
  });
  test('spends the coins that were there before, and not those it made itself', () => {
    expect(transition?.spent).toEqual(coins.map(({ outPoint, coin }) => ({ outPoint, coin })));
  });
  test('creates the coins that are left, its own minted one and no carrier', () => {
    const [coinbase] = block.transactions as [Transaction];
    const made = (transaction: Transaction, index: number, isCoinbase: boolean) => {
      const { outPoint, coin } = ownOutput(transaction, index, keyOf(0), 200);
      return { outPoint, coin: { ...coin, isCoinbase } };
    };
    const expected = [made(coinbase, 0, true), made(first, 2, false), made(second, 0, false)];
    expect(transition?.created).toEqual(expected);
  });
  test('asks for one signature an input, and says of which', () => {
    const asked = transition?.checks.map((check) => `${check.txid}:${check.input}`);
    expect(asked).toEqual([`${txid(first)}:0`, `${txid(second)}:0`, `${txid(second)}:1`]);
  });
  test('touches each coin it spends and each it could overwrite', () => {
    const touched = touchedCoins(block).map(outPointName);
    const outputs = block.transactions.flatMap((transaction) =>
      transaction.outputs.map((_, index) => outPointName({ txid: txid(transaction), index })),
    );
    const inputs = [first, second].flatMap(({ inputs }) => inputs);
    expect(new Set(touched)).toEqual(
      new Set([...outputs, ...inputs.map(({ prevout }) => outPointName(prevout))]),
    );
  });
});

/** Three inputs of both kinds and two outputs, so that type SINGLE once has no output to sign. */
const signed: readonly Owned[] = [own(1), own(2, { kind: 'p2tr', amount: 7n }), own(3)];
const mixed = pay(signed, { outputs: [outputTo(4, 5n), outputTo(5, 6n, 'p2tr')], lockTime: 9 });
const signer = SignerTransaction.fromRaw(encode(Transaction, mixed), { allowUnknownOutputs: true });
const digests = new Digests(
  mixed,
  signed.map(({ coin }) => coin),
);
const amounts = signed.map(({ coin }) => coin.amount);
const scripts = signed.map(({ coin }) => coin.script);
const types = [0x01, 0x02, 0x03, 0x81, 0x82, 0x83];

describe('digests are those of @scure/btc-signer', () => {
  test.each(types)('for P2WPKH and type %i, also where SINGLE has no output', (type) => {
    const keyHash = scripts[0]?.slice(2) ?? hex('');
    const code = Uint8Array.of(0x76, 0xa9, 20, ...keyHash, 0x88, 0xac);
    for (const [index, amount] of amounts.entries()) {
      const expected = signer.preimageWitnessV0(index, code, type, amount);
      expect(digests.p2wpkh(index, type, keyHash)).toEqual(expected);
    }
  });
  test.each([0, ...types])('for P2TR and type %i', (type) => {
    for (const index of [0, 1]) {
      const expected = signer.preimageWitnessV1(index, scripts, type, amounts);
      expect(digests.p2tr(index, type)).toEqual(expected);
    }
  });
  test.each([0x03, 0x83])('but for P2TR and type %i without its output there is none', (type) => {
    expect(() => signer.preimageWitnessV1(2, scripts, type, amounts)).toThrow('no output');
    expect(digests.p2tr(2, type)).toBe(undefined);
  });
});
