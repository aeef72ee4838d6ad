/** The published vectors of Bitcoin Core, as far as we have what they are about. */
import { hexToBytes } from '@noble/hashes/utils.js';
import { describe, expect, test } from 'vitest';
import { checkMerkleRoot } from '../src/consensus/block.ts';
import { retarget } from '../src/consensus/difficulty.ts';
import { checkHeader } from '../src/consensus/header.ts';
import { regtest } from '../src/consensus/params.ts';
import { checkTransaction } from '../src/consensus/transaction.ts';
import { decodeBits, encodeBits } from '../src/consensus/work.ts';
import { addressOf, scriptOf } from '../src/primitives/address.ts';
import { Block, hashHeader } from '../src/primitives/block.ts';
import { DecodeError, decode, encode } from '../src/primitives/codec.ts';
import { Transaction } from '../src/primitives/transaction.ts';
import { hasVectors, startTally, vectorJson } from './vectors.ts';

const tally = startTally('Bitcoin Core');

describe.skipIf(!hasVectors)('the compact form (vectors/core/compact.json)', () => {
  interface Cases {
    readonly setCompact: readonly {
      readonly compact: number;
      /** Absent where it does not fit in 256 bits. */
      readonly hex?: string;
      readonly recompact?: number;
      readonly negative: boolean;
      readonly overflow: boolean;
    }[];
    readonly getCompact: readonly { readonly hex: string; readonly compact: number }[];
  }
  const readCases = () => vectorJson<Cases>('core/compact.json');

  test('20 words of bits mean the target that Core says, with its sign and overflow', () => {
    const { setCompact } = readCases();
    for (const { compact, hex, negative, overflow } of setCompact) {
      const { target, isNegative, isOverflow } = decodeBits(compact);
      // Of the last row, ff123456, this file says that it fits; Core's own arith_uint256_tests.cpp
      // says that it does not, and gives no target for it.
      const isBeyond = hex === undefined || overflow;
      expect([isNegative, isOverflow], `${compact}`).toEqual([negative, isBeyond]);
      if (!isBeyond) expect(target, `${compact}`).toBe(BigInt(`0x${hex}`));
    }
    expect(setCompact.length).toBe(20);
    tally('20 words of bits');
  });

  test('20 targets are written as Core writes them, but that ours have no sign', () => {
    const { setCompact, getCompact } = readCases();
    const written = [
      ...setCompact.map(({ hex, recompact }) => ({ hex, compact: recompact })),
      ...getCompact,
    ].filter(({ hex }) => hex !== undefined);
    for (const { hex, compact = 0 } of written) {
      expect(encodeBits(BigInt(`0x${hex}`)), hex).toBe(compact & ~0x0080_0000);
    }
    expect(written.length).toBe(20);
    tally('20 targets');
  });
});

describe.skipIf(!hasVectors)("Bitcoin's retarget (vectors/core/pow.json)", () => {
  interface Case {
    readonly name: string;
    readonly firstTime: number;
    readonly lastTime: number;
    readonly bits: string;
    readonly next: string;
  }

  test("all 4 of Core's cases have the bits that Core calculates", () => {
    const cases = vectorJson<Case[]>('core/pow.json');
    for (const { name, firstTime, lastTime, bits, next } of cases) {
      const found = retarget({
        bits: Number.parseInt(bits, 16),
        seconds: lastTime - firstTime,
        expectedSeconds: 14 * 24 * 3600,
        limitBits: 0x1d00_ffff,
      });
      expect(found.toString(16), name).toBe(next);
    }
    expect(cases.length).toBe(4);
    tally('4 retargets');
  });
});

describe.skipIf(!hasVectors)('genesis blocks (vectors/core/genesis.json)', () => {
  interface Genesis {
    readonly hash: string;
    readonly raw: string;
  }
  const readGenesis = () =>
    new Map(Object.entries(vectorJson<Record<string, Genesis>>('core/genesis.json')));

  test('all 4 are read, written as they were read, and have their hash, root and work', () => {
    const all = [...readGenesis()];
    for (const [network, { hash, raw }] of all) {
      const block = decode(Block, hexToBytes(raw));
      expect(encode(Block, block), network).toEqual(hexToBytes(raw));
      expect(hashHeader(block.header), network).toBe(hash);
      expect(checkMerkleRoot(block), network).toBeUndefined();
      expect(checkHeader(block.header, regtest), network).toBeUndefined();
    }
    expect(all.length).toBe(4);
    tally('4 genesis blocks');
  });

  test('our regtest begins with the block that Bitcoin begins its own with', () => {
    const { hash, raw = '' } = readGenesis().get('regtest') ?? {};
    expect(encode(Block, regtest.genesis)).toEqual(hexToBytes(raw));
    expect(hashHeader(regtest.genesis.header)).toBe(hash);
  });
});

describe.skipIf(!hasVectors)('addresses (vectors/core/key_io_*.json)', () => {
  type Valid = [
    text: string,
    script: string,
    { chain: keyof typeof prefixes; isPrivkey: boolean; tryCaseFlip?: boolean },
  ];
  const prefixes = { main: 'bc', test: 'tb', testnet4: 'tb', signet: 'tb', regtest: 'bcrt' };
  const allPrefixes = ['bc', 'tb', 'bcrt'];

  test('of 70 valid texts the 16 addresses of our kinds stand for their script, and back', () => {
    const rows = vectorJson<Valid[]>('core/key_io_valid.json');
    const ours = rows.filter(([, script]) => /^(0014.{40}|5120.{64})$/.test(script));
    for (const [address, script, { chain, tryCaseFlip }] of ours) {
      const prefix = prefixes[chain];
      expect(scriptOf(address, prefix), address).toEqual(hexToBytes(script));
      expect(addressOf(hexToBytes(script), prefix)).toBe(address);
      expect(tryCaseFlip).toBe(true);
      expect(scriptOf(flipCase(address), prefix), address).toEqual(hexToBytes(script));
      for (const other of allPrefixes.filter((each) => each !== prefix)) {
        expect(() => scriptOf(address, other), address).toThrow('of another network');
      }
    }
    expect([rows.length, ours.length]).toEqual([70, 16]);
    tally('70 valid texts, 16 addresses of our kinds');
  });

  test('of 70 valid texts the other 54, keys and older addresses, are refused', () => {
    const rows = vectorJson<Valid[]>('core/key_io_valid.json');
    const others = rows.filter(([, script]) => !/^(0014.{40}|5120.{64})$/.test(script));
    for (const [text, script, { chain }] of others) {
      expect(() => scriptOf(text, prefixes[chain]), `${text} ${script}`).toThrow(DecodeError);
    }
    expect(others.length).toBe(54);
  });

  test('all 70 invalid texts are refused on every network, in either case', () => {
    const rows = vectorJson<[string][]>('core/key_io_invalid.json');
    for (const [text] of rows) {
      for (const prefix of allPrefixes) {
        expect(() => scriptOf(text, prefix), text).toThrow(DecodeError);
        expect(() => scriptOf(flipCase(text), prefix), text).toThrow(DecodeError);
      }
    }
    expect(rows.length).toBe(70);
    tally('70 invalid ones');
  });
});

describe.skipIf(!hasVectors)('transactions (vectors/core/tx_*.json, sighash.json)', () => {
  /** The coins, the transaction in hex, and flags; a row of one text is a comment. */
  type Row = [coins: unknown, transaction: string, flags: string] | [comment: string];
  const readRows = (path: string) =>
    vectorJson<Row[]>(path).flatMap((row) =>
      row.length === 3 ? [{ hex: row[1], flags: row[2] }] : [],
    );

  test('all 121 valid ones are written as they were read, and pass the rules for one alone', () => {
    const rows = readRows('core/tx_valid.json');
    for (const { hex } of rows) {
      const transaction = decode(Transaction, hexToBytes(hex));
      expect(encode(Transaction, transaction), hex).toEqual(hexToBytes(hex));
      expect(checkTransaction(transaction), hex).toBeUndefined();
    }
    expect(rows.length).toBe(121);
    tally('121 valid transactions');
  });

  test('of 93 invalid ones the 9 marked BADTX break the rules for one alone', () => {
    const rows = readRows('core/tx_invalid.json');
    const bad = rows.filter(({ flags }) => flags === 'BADTX');
    const reasons = bad.map(({ hex }) => checkTransaction(readTwice(hex))?.reason);
    expect(reasons).toEqual([
      'bad-txns-vout-empty',
      'bad-txns-vout-negative',
      'bad-txns-vout-toolarge',
      'bad-txns-txouttotal-toolarge',
      'bad-txns-inputs-duplicate',
      'bad-cb-length',
      'bad-cb-length',
      'bad-txns-prevout-null',
      'bad-txns-prevout-null',
    ]);
    expect([rows.length, bad.length]).toEqual([93, 9]);
    tally('93 invalid ones, 9 of them alone');
  });

  test('the other 84 invalid ones break no rule for one alone: it is their scripts', () => {
    const rows = readRows('core/tx_invalid.json').filter(({ flags }) => flags !== 'BADTX');
    for (const { hex } of rows) expect(checkTransaction(readTwice(hex)), hex).toBeUndefined();
    expect(rows.length).toBe(84);
  });

  test('500 transactions of random bytes are written as they were read', () => {
    const [, ...rows] = vectorJson<[string, ...unknown[]][]>('core/sighash.json');
    for (const [hex] of rows) expect(readTwice(hex).inputs.length).toBeGreaterThan(0);
    expect(rows.length).toBe(500);
    tally('500 random ones');
  });

  /** Reads it, and holds what is written of it against what was read. */
  function readTwice(hex: string): Transaction {
    const transaction = decode(Transaction, hexToBytes(hex));
    expect(encode(Transaction, transaction), hex).toEqual(hexToBytes(hex));
    return transaction;
  }
});

/** As Core's own test flips it: every letter, so that the one case becomes the other. */
function flipCase(text: string): string {
  return [...text]
    .map((letter) =>
      letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
    )
    .join('');
}
