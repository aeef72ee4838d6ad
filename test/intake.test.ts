/** Blocks of a file in any order, and those that break a rule or have no parent. */
import { bytesToHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeRecord } from '../src/chain/bootstrap.ts';
import { hashOf } from '../src/chain/entry.ts';
import { importBlocks } from '../src/chain/intake.ts';
import { main, regtest } from '../src/consensus/params.ts';
import { Block, hashHeader } from '../src/primitives/block.ts';
import { decode, encode, parseHex } from '../src/primitives/codec.ts';
import { fileOf, importInto, magic, shortChain, sourceOf, walkUp } from './blockfile.ts';
import { epoch } from './forge.ts';
import { noon, plant } from './grove.ts';
import { hasVectors, startTally, vectorJson } from './vectors.ts';

const tally = startTally('blocks of a file');

test('blocks written from a chain make the same chain, and are known the next time', async () => {
  const { grove, bytes } = await shortChain();
  await grove.mine('b2', { on: 'a1' });
  await grove.mine('b3', { on: 'b2' });
  const { tip } = grove.node.chain;
  const written: Block[] = [];
  await grove.node.read(async (view) => {
    // What becomes of the chain once a view is taken does not show in the file.
    await grove.mine('b4', { on: 'b3' });
    for await (const block of walkUp(view)) {
      written.push(block);
      if (written.length === 1) await grove.mine('a4', { on: 'a3' });
      if (written.length === 2) await grove.mine('a5', { on: 'a4' });
    }
  });
  expect(grove.tip).toBe('a5');
  expect(fileOf(written)).toEqual(bytes);

  const other = await plant();
  const nothing = { refused: 0, waiting: 0, firstRefused: undefined, missing: undefined };
  expect(await importInto(other, bytes)).toEqual({
    ...nothing,
    ...{ read: 4, taken: 3, known: 1, tear: undefined },
  });
  expect(hashOf(other.node.chain.tip)).toBe(hashOf(tip));
  expect(await importInto(other, bytes)).toMatchObject({ read: 4, taken: 0, known: 4 });
});

test('blocks may come in any order and again, and make the same chain', async () => {
  const drawn = await plant();
  for (const name of ['a1', 'a2', 'a3', 'a4']) await drawn.mine(name);
  for (const [i, name] of ['b3', 'b4', 'b5', 'b6', 'b7'].entries()) {
    await drawn.mine(name, { on: ['a2', 'b3', 'b4', 'b5', 'b6'][i] ?? '' });
  }
  await drawn.mine('c6', { on: 'b5' });
  const names = 'genesis a1 a2 a3 a4 b3 b4 b5 b6 b7 c6'.split(' ');
  const some = fc.array(fc.constantFrom(...names), { maxLength: 4 });
  const all = some.chain((again) => {
    const twice = [...names, ...again];
    return fc.shuffledSubarray(twice, { minLength: twice.length });
  });
  await fc.assert(
    fc.asyncProperty(all, async (order) => {
      const grove = await plant();
      const file = fileOf(order.map((name) => drawn.block(name)));
      const imported = await importInto(grove, file);
      expect(imported).toMatchObject({ read: order.length, taken: 10, refused: 0, waiting: 0 });
      expect(hashOf(grove.node.chain.tip)).toBe(hashHeader(drawn.block('b7').header));
    }),
    { numRuns: 60 },
  );
});

test('blocks are taken up to where the file is torn', async () => {
  const { blocks, bytes } = await shortChain();
  const grove = await plant();
  const imported = await importInto(grove, bytes.slice(0, -1));
  expect(imported).toMatchObject({ read: 3, taken: 2, known: 1, tear: { code: 'file-cut' } });
  expect(hashOf(grove.node.chain.tip)).toBe(hashHeader(blocks[2]?.header ?? main.genesis.header));
});

test('blocks that break a rule are told, and the others are taken', async () => {
  const drawn = await plant();
  for (const name of ['a1', 'a2']) await drawn.mine(name);
  drawn.draw('bad', { on: 'a1', claim: 50_0000_0001n });
  drawn.draw('worse', { on: 'bad' });
  drawn.draw('a3', { on: 'a2' });
  const blocks = ['a1', 'bad', 'worse', 'a2', 'a3'].map((name) => drawn.block(name));
  const grove = await plant();
  const imported = await importInto(grove, fileOf(blocks));
  expect(imported).toMatchObject({ read: 5, taken: 3, refused: 2, waiting: 0 });
  expect(imported.firstRefused).toMatchObject({
    hash: hashHeader(drawn.block('bad').header),
    offset: encodeRecord(magic, drawn.block('a1')).length,
    reject: { reason: 'bad-cb-amount' },
  });
  expect(hashOf(grove.node.chain.tip)).toBe(hashHeader(drawn.block('a3').header));
});

test('blocks from the future are refused as such, and welcome later', async () => {
  const drawn = await plant();
  drawn.draw('soon', { time: epoch + 7_201 });
  const grove = await plant();
  grove.clock = epoch;
  const file = fileOf([drawn.block('soon')]);
  const { firstRefused } = await importInto(grove, file);
  expect(firstRefused?.reject.reason).toBe('time-too-new');
  grove.clock = noon;
  expect(await importInto(grove, file)).toMatchObject({ taken: 1, firstRefused: undefined });
});

test('blocks whose parents never come are counted, and the first such parent named', async () => {
  const { blocks } = await shortChain();
  const [genesis = main.genesis, a1 = genesis, a2 = genesis, a3 = genesis] = blocks;
  const grove = await plant();
  // The parent of the first one is in the file, and waits too.
  const imported = await importInto(grove, fileOf([a3, a2, genesis]));
  expect(imported).toMatchObject({ read: 3, taken: 0, known: 1, waiting: 2 });
  expect(imported.missing).toBe(hashHeader(a1.header));
  expect(await importInto(grove, fileOf([a3, a1, a2]))).toMatchObject({ taken: 3, waiting: 0 });
});

test('blocks wait for their parents up to a limit', async () => {
  const { blocks } = await shortChain();
  const source = sourceOf(fileOf(blocks.toReversed()));
  const importUpTo = async (maxWaiting: number) => {
    const { node } = await plant();
    const submit = (block: Block) => node.submitBlock(block);
    return importBlocks({ source, magic, submit, maxWaiting });
  };
  expect(await importUpTo(2)).toMatchObject({ read: 4, taken: 3, waiting: 0 });
  await expect(importUpTo(1)).rejects.toMatchObject({
    code: 'too-many-waiting',
    message: expect.stringMatching(/^1 blocks before offset \d+ wait/),
  });
});

test('blocks that are gone from the file when their turn comes are a failure', async () => {
  const { blocks } = await shortChain();
  const { node } = await plant();
  const [genesis = main.genesis, a1 = genesis, a2 = genesis] = blocks;
  const file = fileOf([a2, a1]);
  const submit = async (block: Block) => {
    const answer = await node.submitBlock(block);
    if (block.header.parent === hashHeader(genesis.header)) file.fill(0);
    return answer;
  };
  const source = {
    size: file.length,
    read: async (at: number, n: number) => file.slice(at, at + n),
  };
  await expect(importBlocks({ source, magic, submit })).rejects.toMatchObject({
    code: 'file-changed',
  });
  expect(node.chain.tip.height).toBe(1);
});

test('a file is followed by news of how far it is, to the last byte', async () => {
  const { grove, bytes } = await shortChain();
  const heard: number[] = [];
  const { node } = grove;
  await importBlocks({
    source: sourceOf(bytes),
    magic,
    submit: (block) => node.submitBlock(block),
    onProgress: (offset) => heard.push(offset),
  });
  expect(heard).toHaveLength(4);
  expect(heard).toEqual(heard.toSorted((a, b) => a - b));
  expect(heard.at(-1)).toBe(bytes.length);
});

test.skipIf(!hasVectors)(
  'blocks that Core judged go in backwards, and come out by height',
  async () => {
    const { base } = vectorJson<{ base: readonly string[] }>('regtest/cases.json');
    const blocks = base.map((text) => decode(Block, parseHex(text)));
    const grove = await plant({ params: regtest });
    expect(await importInto(grove, fileOf(blocks.toReversed()))).toMatchObject({ taken: 110 });
    const written: Uint8Array[] = [];
    await grove.node.read(async (view) => {
      for await (const block of walkUp(view)) written.push(encode(Block, block));
    });
    expect(written.slice(1).map(bytesToHex)).toEqual(base);
    tally(`${base.length} blocks of regtest`);
  },
);
