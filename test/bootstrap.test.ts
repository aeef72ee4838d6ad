/** Files of blocks: their format, and what is wrong with them. */
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import { describe, expect, test } from 'vitest';
import { encodeRecord } from '../src/chain/bootstrap.ts';
import { magicOf, main, regtest } from '../src/consensus/params.ts';
import { Block } from '../src/primitives/block.ts';
import { encode, U32 } from '../src/primitives/codec.ts';
import { magic, readAll, shortChain, sourceOf } from './blockfile.ts';
import { hex } from './forge.ts';
import { hasVectors, startTally, vectorBytes, vectorFiles } from './vectors.ts';

const tally = startTally('files of blocks');

describe('the format', () => {
  test('is the magic, the size with its little end first, and the block', () => {
    const record = encodeRecord(magic, regtest.genesis);
    expect(bytesToHex(record.subarray(0, 12))).toBe('fabfb5da1d01000001000000');
    expect(record.subarray(8)).toEqual(encode(Block, regtest.genesis));
    expect(record.length).toBe(8 + 285);
  });

  test('is read as it was written, each block with its offset', async () => {
    const { blocks, bytes } = await shortChain();
    const { records, tears } = await readAll(sourceOf(bytes));
    expect(tears).toEqual([]);
    expect(records.map(({ block }) => block)).toEqual(blocks);
    for (const { offset, block, bytes: body } of records) {
      expect(encodeRecord(magic, block)).toEqual(bytes.slice(offset, offset + 8 + body.length));
    }
  });

  test('may end with zeros, of which there may be many', async () => {
    const { bytes } = await shortChain();
    for (const zeros of [1, 3, 4, 7, 8, 9, 200_000]) {
      const { records, tears } = await readAll(sourceOf(concatBytes(bytes, new Uint8Array(zeros))));
      expect([records.length, tears], `${zeros}`).toEqual([4, []]);
    }
  });
});

describe('what is wrong with a file', () => {
  test('cut within its last block, at whichever byte, is told with the offset', async () => {
    const { bytes } = await shortChain();
    const last = (await readAll(sourceOf(bytes))).records[3]?.offset ?? 0;
    for (let length = last; length < bytes.length; length++) {
      const { records, tears } = await readAll(sourceOf(bytes.slice(0, length)));
      expect(records).toHaveLength(3);
      const told = tears.map(({ code, offset }) => [code, offset]);
      expect(told, `${length}`).toEqual(length === last ? [] : [['file-cut', last]]);
    }
  });

  test('garbage between two blocks is told, and behind the last one', async () => {
    const { blocks, bytes } = await shortChain();
    const [first = bytes] = blocks.map((block) => encodeRecord(magic, block));
    const at = first.length;
    const garbage = [hex('00'), hex('00fabfb5da'), hex('f9beb4d9'), hex('ff'), hex('fabf00')];
    for (const between of garbage) {
      const file = concatBytes(first, between, bytes.slice(at));
      const { records, tears } = await readAll(sourceOf(file));
      expect(records, bytesToHex(between)).toHaveLength(1);
      expect(tears).toMatchObject([{ code: 'file-garbled', offset: at }]);
      expect(tears[0]?.problem).toContain(`at offset ${at} is `);
    }
    const behind = concatBytes(bytes, new Uint8Array(100_000), hex('01'));
    expect((await readAll(sourceOf(behind))).tears).toMatchObject([
      { code: 'file-garbled', offset: bytes.length },
    ]);
  });

  test.for([0, 4_000_001, 0xffff_ffff])('a size of %d is not believed', async (size) => {
    const first = encodeRecord(magic, regtest.genesis);
    const file = concatBytes(first, hex(magic), encode(U32, size), new Uint8Array(5_000_000));
    const source = sourceOf(file);
    const { records, tears } = await readAll(source);
    expect(records).toHaveLength(1);
    expect(tears).toMatchObject([{ code: 'bad-size', offset: first.length }]);
    expect(tears[0]?.problem).toContain(`claims ${size} bytes`);
    expect(Math.max(...source.asked)).toBeLessThanOrEqual(65_536);
  });

  test('bytes that are no block are told, also where they hold one and more', async () => {
    const genesis = encode(Block, regtest.genesis);
    for (const body of [
      new Uint8Array(300),
      genesis.slice(0, -1),
      concatBytes(genesis, hex('00')),
    ]) {
      const file = concatBytes(hex(magic), encode(U32, body.length), body);
      expect((await readAll(sourceOf(file))).codes).toEqual(['not-a-block']);
    }
  });
});

describe('a file that begins otherwise', () => {
  test.for([
    ['', 'file-empty', 'nothing in it'],
    ['00', 'not-blocks', 'begins with 00'],
    ['00'.repeat(1000), 'not-blocks', 'begins with 00000000'],
    ['23212f62696e2f62617368', 'not-blocks', 'begins with 23212f62'],
    ['fa', 'file-cut', 'at offset 0 has 1 of its 8 bytes'],
    ['f9beb4d9', 'wrong-network', "f9beb4d9, Bitcoin's main network;"],
    ['0b110907', 'wrong-network', "Bitcoin's testnet3"],
    ['1c163f28', 'wrong-network', "Bitcoin's testnet4"],
    ['0a03cf40', 'wrong-network', "Bitcoin's signet"],
    [magicOf(main), 'wrong-network', 'the network main'],
  ] as const)('a file of %s is refused as %s', async ([text, code, says]) => {
    const { records, tears } = await readAll(sourceOf(hex(text)));
    expect(records).toEqual([]);
    expect(tears).toMatchObject([{ code, offset: 0, problem: expect.stringContaining(says) }]);
  });

  test('a file of blocks of a network that nobody knows is one of another network', async () => {
    const file = encodeRecord('c0ffee00', main.genesis);
    const { tears } = await readAll(sourceOf(file));
    expect(tears).toMatchObject([{ code: 'wrong-network' }]);
    expect(tears[0]?.problem).toBe(
      'it begins with c0ffee00, another network; blocks of this network begin with fabfb5da',
    );
    expect((await readAll(sourceOf(file.slice(0, -1)))).codes).toEqual(['not-blocks']);
  });

  test('a file of regtest is refused on main', async () => {
    const { tears } = await readAll(sourceOf(encodeRecord(magic, regtest.genesis)), magicOf(main));
    expect(tears).toMatchObject([{ code: 'wrong-network' }]);
    expect(tears[0]?.problem).toContain('fabfb5da, the network regtest');
  });
});

describe.skipIf(!hasVectors)('real blocks', () => {
  test("with Bitcoin's magic are refused by it here, and read by who knows it", async () => {
    const files = vectorFiles('mainnet/blocks').filter((name) => name.endsWith('.bin'));
    const bodies = files.map((name) => vectorBytes(`mainnet/blocks/${name}`));
    const file = concatBytes(
      ...bodies.flatMap((body) => [hex('f9beb4d9'), encode(U32, body.length), body]),
    );
    const { records, tears } = await readAll(sourceOf(file));
    expect(records).toEqual([]);
    expect(tears).toMatchObject([{ code: 'wrong-network', offset: 0 }]);

    const known = await readAll(sourceOf(file), 'f9beb4d9');
    expect(known.tears).toEqual([]);
    expect(known.records.map(({ bytes }) => bytes)).toEqual(bodies);
    expect(
      concatBytes(...known.records.map((each) => encodeRecord('f9beb4d9', each.block))),
    ).toEqual(file);
    expect(bodies.length).toBe(6);
    tally(`${bodies.length} real blocks in a file of ${file.length} bytes`);
  });
});
