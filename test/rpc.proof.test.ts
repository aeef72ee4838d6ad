/** Proofs that a transaction is in a block: every tree, every choice, every broken byte. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { Block, type Header, hashHeader } from '../src/primitives/block.ts';
import { DecodeError, decode, encode, type Hash, parseHex } from '../src/primitives/codec.ts';
import { sha256d } from '../src/primitives/hash.ts';
import { merkleRoot } from '../src/primitives/merkle.ts';
import { Proof, prove, proven } from '../src/primitives/proof.ts';
import { txid } from '../src/primitives/transaction.ts';
import { outputTo, pay } from './forge.ts';
import { type Asked, plantAsked } from './rpc.ts';
import { hasVectors, startTally, vectorBytes } from './vectors.ts';

const tally = startTally('proofs');

/** Ids that follow from their place. */
function idsOf(count: number): readonly Hash[] {
  return Array.from({ length: count }, (_, i) => {
    return bytesToHex(sha256d(Uint8Array.of(i, i >> 8))) as Hash;
  });
}

function headerOver(ids: readonly Hash[]): Header {
  const parent = '00'.repeat(32) as Hash;
  const { root } = merkleRoot(ids);
  return { version: 1, parent, merkleRoot: root, time: 7, bits: 0x207f_ffff, nonce: 0 };
}

/** Every choice among a few ids. */
function subsets(ids: readonly Hash[]): readonly (readonly Hash[])[] {
  return Array.from({ length: 2 ** ids.length }, (_, mask) =>
    ids.filter((_id, i) => (mask >> i) & 1),
  );
}

test('every choice from every tree of up to nine is proven, in the order of the block', () => {
  for (let count = 1; count <= 9; count++) {
    const ids = idsOf(count);
    for (const wanted of subsets(ids)) {
      const made = prove(headerOver(ids), ids, new Set(wanted));
      const read = decode(Proof, encode(Proof, made));
      expect(proven(read), `${wanted.length} of ${count}`).toEqual(wanted);
    }
  }
});

test('a proof of one in many holds a hash a row', () => {
  for (const count of [2, 100, 1_000, 4_097]) {
    const ids = idsOf(count);
    const wanted = ids.slice(count >> 1, (count >> 1) + 1);
    const proof = prove(headerOver(ids), ids, new Set(wanted));
    expect(proof.hashes.length).toBeLessThanOrEqual(Math.ceil(Math.log2(count)) + 1);
    expect(proven(proof)).toEqual(wanted);
  }
});

/** What a proof shows to somebody who knows the header, and how many its block has. */
function shown(bytes: Uint8Array, header: Header, count: number): readonly Hash[] {
  try {
    const proof = decode(Proof, bytes);
    const isKnown = hashHeader(proof.header) === hashHeader(header) && proof.count === count;
    return (isKnown && proven(proof)) || [];
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return [];
  }
}

test('whatever byte is changed to whatever, only what is in the block is ever proven', () => {
  for (const count of [1, 3, 5]) {
    const ids = idsOf(count);
    const header = headerOver(ids);
    const bytes = encode(Proof, prove(header, ids, new Set(ids.slice(-1))));
    for (let at = 0; at < bytes.length; at++) {
      for (let change = 1; change < 256; change++) {
        const broken = bytes.map((byte, i) => (i === at ? byte ^ change : byte));
        const found = shown(broken, header, count);
        if (!found.every((id) => ids.includes(id))) expect({ count, at, change }).toBeUndefined();
      }
    }
  }
});

test('a proof cut short anywhere is none', () => {
  const ids = idsOf(5);
  const header = headerOver(ids);
  const bytes = encode(Proof, prove(header, ids, new Set(ids.slice(0, 2))));
  for (let length = 0; length < bytes.length; length++) {
    expect(shown(bytes.slice(0, length), header, 5)).toEqual([]);
  }
  expect(shown(bytes, header, 5)).toEqual(ids.slice(0, 2));
});

describe('no proof', () => {
  const ids = idsOf(3);
  const [a, b, c] = ids as [Hash, Hash, Hash];
  const good = prove(headerOver(ids), ids, new Set([c]));
  const wrong: readonly (readonly [string, Partial<Proof>])[] = [
    ['is of a block without transactions', { count: 0 }],
    ['is of more transactions than a block can hold', { count: 16_667 }],
    ['has more hashes than transactions', { hashes: [a, b, c, a] }],
    ['has a hash left over', { hashes: [...good.hashes, a] }],
    ['lacks a hash', { hashes: good.hashes.slice(0, -1) }],
    ['has a byte of bits left over', { bits: Uint8Array.of(...good.bits, 0) }],
    ['has no bits', { bits: new Uint8Array(0) }],
    ['has another root', { header: headerOver([a, b]) }],
  ];
  test.each(wrong)('%s', (_what, change) => {
    expect(proven(good)).toEqual([c]);
    expect(proven({ ...good, ...change })).toBeUndefined();
  });

  test('tells of a leaf that stands twice, though the root is the same', () => {
    const four = [a, b, c, c];
    expect(headerOver(four).merkleRoot).toBe(good.header.merkleRoot);
    expect(proven(prove(headerOver(four), four, new Set([c])))).toBeUndefined();
  });
});

describe('by JSON-RPC', () => {
  let asked: Asked;
  let mined: readonly Hash[];
  beforeAll(async () => {
    asked = await plantAsked();
    const { grove } = asked;
    await grove.mine('a1');
    await grove.mine('a2');
    await grove.mine('b2', { on: 'a1' });
    const spent = pay([grove.minted('a1')]);
    const more = pay([grove.minted('a2')], { outputs: [outputTo(3, 1_000n)] });
    await grove.mine('a3', { with: [spent, more], claim: 50n * 100_000_000n });
    mined = grove.block('a3').transactions.map(txid);
  });
  const hash = (name: string) => hashHeader(asked.grove.block(name).header);

  test('what was proven is found again, with its block named or not', async () => {
    for (const ids of [mined, mined.slice(1), mined.slice(0, 1)]) {
      const proof = await asked.call('gettxoutproof', ids);
      expect(await asked.call('gettxoutproof', ids.toReversed(), hash('a3'))).toBe(proof);
      expect(await asked.call('verifytxoutproof', proof)).toEqual(ids);
    }
  });

  test('a spent one is found by the index', async () => {
    const minted = asked.grove.minted('a1').outPoint.txid;
    const proof = await asked.call('gettxoutproof', [minted]);
    expect(await asked.call('verifytxoutproof', proof)).toEqual([minted]);
  });

  test('what cannot be proven is told in Core’s words', async () => {
    const nobody = '11'.repeat(32);
    const { call } = asked;
    const [first] = mined;
    expect(await call('gettxoutproof', [])).toBe("-8: Parameter 'txids' cannot be empty");
    expect(await call('gettxoutproof', [first, first])).toBe(
      `-8: Invalid parameter, duplicated txid: ${first}`,
    );
    expect(await call('gettxoutproof', ['ab'])).toBe(
      "-8: txid must be of length 64 (not 2, for 'ab')",
    );
    expect(await call('gettxoutproof', [7])).toBe(
      '-3: JSON value of type number is not of expected type string',
    );
    expect(await call('gettxoutproof', [nobody])).toBe('-5: Transaction not yet in block');
    expect(await call('gettxoutproof', [first], nobody)).toBe('-5: Block not found');
    expect(await call('gettxoutproof', [first], hash('a2'))).toBe(
      '-5: Not all transactions found in specified or retrieved block',
    );
  });

  test('a proof that cannot be read, or is of no block here, is told in Core’s words', async () => {
    const { call } = asked;
    expect(await call('verifytxoutproof', 'xy')).toBe(
      "-8: proof must be hexadecimal string (not 'xy')",
    );
    expect(await call('verifytxoutproof', 'abcd')).toMatch(/^-1: Proof decode failed/);
    const side = await call('gettxoutproof', [asked.grove.minted('b2').outPoint.txid], hash('b2'));
    expect(await call('verifytxoutproof', side)).toBe('-5: Block not found in chain');
    const proof = decode(Proof, parseHex(String(await call('gettxoutproof', mined))));
    const taller = bytesToHex(encode(Proof, { ...proof, count: 4 }));
    expect(await call('verifytxoutproof', taller)).toEqual([]);
  });
});

test.skipIf(!hasVectors)('of a real block each transaction is proven', () => {
  const block = decode(Block, vectorBytes('bip152/block426884.bin'));
  const ids = block.transactions.map(txid);
  for (const id of ids.filter((_id, i) => i % 50 === 0)) {
    const proof = prove(block.header, ids, new Set([id]));
    expect(proven(proof)).toEqual([id]);
  }
  tally(`one in fifty of the ${ids.length} transactions of block 426884`);
});
