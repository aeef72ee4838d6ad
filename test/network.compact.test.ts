/** Compact blocks: Bitcoin's own bytes, and what becomes of a block that is told by short ids. */
import { bytesToHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BlockTxsQuestion,
  CompactBlock,
  compactOf,
  complete,
  fillFrom,
  shortIdsOf,
} from '../src/network/compact.ts';
import { Block } from '../src/primitives/block.ts';
import { DecodeError, decode, encode, noHash } from '../src/primitives/codec.ts';
import { type Transaction, wtxid } from '../src/primitives/transaction.ts';
import { coinbaseOf, hex, outputTo, own, pay, seal } from './forge.ts';
import { hasVectors, startTally, vectorBytes } from './vectors.ts';

const tally = startTally('compact blocks');

describe.skipIf(!hasVectors)('a block of Bitcoin', () => {
  const block = () => decode(Block, vectorBytes('bip152/block426884.bin'));
  const bytes = () => vectorBytes('bip152/compact426884.raw');

  test('is told by the same bytes as its publisher told it', () => {
    const compact = decode(CompactBlock, bytes());
    expect(encode(CompactBlock, compact)).toEqual(bytes());
    expect(encode(CompactBlock, compactOf(block(), compact.nonce))).toEqual(bytes());
    tally(`${compact.shortIds.length} short ids of a real block`);
  });

  test('is whole again where all its payments wait, in whichever order', () => {
    const { header, transactions } = block();
    const partial = fillFrom(decode(CompactBlock, bytes()), transactions.slice(1).reverse());
    expect(partial?.missing).toEqual([]);
    expect(partial && complete(partial, [])).toEqual({ header, transactions });
  });
});

/** Payments that differ, as unsigned as they are. */
const payments: readonly Transaction[] = Array.from({ length: 8 }, (_, i) =>
  pay([own(i + 1)], { outputs: [outputTo(i, 500n)] }),
);

const sealed = seal([coinbaseOf(1, payments), ...payments]);

test('whatever waits of a block, it lacks the rest and is whole with that', () => {
  fc.assert(
    fc.property(
      fc.subarray([...payments]),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      (here, nonce) => {
        const partial = fillFrom(compactOf(sealed, nonce), here);
        const lacking = payments.filter((each) => !here.includes(each));
        expect(partial?.missing).toEqual(lacking.map((each) => payments.indexOf(each) + 1));
        expect(partial && complete(partial, lacking)).toEqual(sealed);
        if (partial && lacking.length > 0)
          expect(complete(partial, lacking.slice(1))).toBe(undefined);
      },
    ),
    { numRuns: 50 },
  );
});

test('two payments with one short id are told by nobody, and the block is asked for whole', () => {
  const [one, other] = payments;
  if (!one || !other) throw new Error('no payments');
  const compact = compactOf(sealed, 1n);
  const [first = 0] = compact.shortIds;
  expect(fillFrom({ ...compact, shortIds: compact.shortIds.map(() => first) }, [])).toBe(undefined);
  // What waits here may share an id with what the block holds: then both fit.
  const idOf = shortIdsOf(compact.header, compact.nonce);
  const twin = { ...compact, shortIds: [idOf(wtxid(one)), ...compact.shortIds.slice(1)] };
  expect(fillFrom(twin, [one, one])).toBe(undefined);
  expect(fillFrom(twin, [one])?.missing).toHaveLength(7);
});

test('a coinbase that is put beyond the end is malformed', () => {
  const compact = compactOf(sealed, 1n);
  const [coinbase] = compact.prefilled;
  if (!coinbase) throw new Error('no coinbase');
  expect(() => fillFrom({ ...compact, prefilled: [{ ...coinbase, at: 8 }] }, [])).not.toThrow();
  expect(() => fillFrom({ ...compact, prefilled: [{ ...coinbase, at: 9 }] }, [])).toThrow(
    DecodeError,
  );
});

test('positions are written as the gaps between them', () => {
  const question = { block: noHash, positions: [0, 1, 5, 19_999] };
  const bytes = encode(BlockTxsQuestion, question);
  expect(bytesToHex(bytes.subarray(32))).toBe('04000003fd194e');
  expect(decode(BlockTxsQuestion, bytes)).toEqual(question);
  const beyond = hex(`${'00'.repeat(32)}01fd204e`);
  expect(() => decode(BlockTxsQuestion, beyond)).toThrow('position 20000 of 20000');
});
