/** What an operator says of blocks: it holds against the rules, over a restart, until undone. */
import { expect, test } from 'vitest';
import type { Database } from '../src/chain/database.ts';
import { verifyChain } from '../src/chain/verify.ts';
import type { NodeEvent } from '../src/node/events.ts';
import { hashHeader } from '../src/primitives/block.ts';
import { keyOf, outputTo, ownOutput, pay } from './forge.ts';
import { type Grove, memory, plant, stateOf, verifyOnce, wordOf } from './grove.ts';

type Verdict = 'invalidate' | 'reconsider' | 'prefer';

const verifyAll = verifyOnce();
const hash = (grove: Grove, name: string) => hashHeader(grove.block(name).header);
const rule = (grove: Grove, verdict: Verdict, name: string) =>
  grove.node.rule(verdict, hash(grove, name));
const isFailed = async (grove: Grove, name: string) => (await grove.entry(name))?.isFailed;

/** Draws a row of blocks, one on the other, and hands them in. */
async function grow(grove: Grove, on: string, names: readonly string[]): Promise<void> {
  let parent = on;
  for (const name of names) {
    await grove.mine(name, { on: parent });
    parent = name;
  }
}

/** The tables hold together, and the coins are those of the blocks. */
async function expectWhole({ node, params }: Grove): Promise<void> {
  const { identity } = node.chain.guard;
  const options = { params, verifyAll, identity, progress: () => {} };
  await node.read((view) => verifyChain(view, options));
}

//   genesis ── a1 ── a2 ── a3 ── a4 ── a5
//               └─── b2 ── b3
test('the chain leaves a block that is called invalid for the best without it', async () => {
  const grove = await plant({ verifyAll });
  await grow(grove, 'genesis', ['a1', 'a2', 'a3', 'a4', 'a5']);
  await grow(grove, 'a1', ['b2', 'b3']);
  expect(await rule(grove, 'invalidate', 'a4')).toMatchObject({
    disconnected: ['a5', 'a4'].map((name) => grove.block(name)),
    connected: [],
  });
  expect(grove.tip).toBe('a3');
  expect(await rule(grove, 'invalidate', 'a2')).toMatchObject({
    disconnected: ['a3', 'a2'].map((name) => grove.block(name)),
    connected: ['b2', 'b3'].map((name) => grove.block(name)),
  });
  expect(grove.tip).toBe('b3');
  for (const name of ['a2', 'a3', 'a4', 'a5']) expect(await isFailed(grove, name), name).toBe(true);
  for (const name of ['a1', 'b2', 'b3']) expect(await isFailed(grove, name), name).toBe(false);
  await expectWhole(grove);
});

test('nothing is built on a block that is called invalid, and it is not taken again', async () => {
  const grove = await plant({ verifyAll });
  await grow(grove, 'genesis', ['a1', 'a2', 'a3']);
  await rule(grove, 'invalidate', 'a2');
  expect(grove.tip).toBe('a1');
  expect(wordOf(await grove.submit('a2'))).toBe('duplicate-invalid');
  expect(await grove.mine('a4', { on: 'a3' })).toBe('bad-prevblk');
  expect(await grove.mine('b2', { on: 'a1' })).toBe('connected');
});

test('a verdict outlives the program, and so does its being taken back', async () => {
  const grove = await plant({ verifyAll });
  await grow(grove, 'genesis', ['a1', 'a2', 'a3']);
  await rule(grove, 'invalidate', 'a2');
  await grove.reopen();
  expect([grove.tip, await isFailed(grove, 'a3')]).toEqual(['a1', true]);
  await rule(grove, 'reconsider', 'a3');
  expect(grove.tip).toBe('a3');
  await grove.reopen();
  expect([grove.tip, await isFailed(grove, 'a2')]).toEqual(['a3', false]);
  await expectWhole(grove);
});

//   genesis ── a1 ── a2 ── ... ── a40, each with a payment of what the one below it minted
test('an ancestor many blocks deep can be called invalid, and reconsidered', async () => {
  const grove = await plant({ verifyAll });
  await grove.mine('a1');
  for (let height = 2; height <= 40; height++) {
    const coin = grove.minted(`a${height - 1}`);
    const payment = pay([coin], { outputs: [outputTo(1, coin.coin.amount - 1_000n)] });
    await grove.mine(`a${height}`, { with: [payment] });
  }
  const before = await stateOf(grove.database);
  const payments = [...Array(38).keys()].map((i) => grove.block(`a${i + 3}`).transactions[1]);
  await rule(grove, 'invalidate', 'a3');
  // What spends coins of blocks that are gone is gone too: one payment alone is left.
  expect([grove.tip, grove.waiting]).toEqual(['a2', payments.slice(0, 1)]);
  await grove.reopen();
  expect([grove.tip, grove.waiting]).toEqual(['a2', payments.slice(0, 1)]);
  await expectWhole(grove);
  await rule(grove, 'reconsider', 'a20');
  expect([grove.tip, grove.waiting]).toEqual(['a40', []]);
  expect(await stateOf(grove.database)).toBe(before);
});

test('payments of a block that is called invalid wait again for another one', async () => {
  const grove = await plant({ verifyAll });
  await grow(grove, 'genesis', ['a1', 'a2']);
  const first = pay([grove.minted('a1')], { outputs: [outputTo(1, 40_0000_0000n)] });
  const second = pay([ownOutput(first, 0, keyOf(1), 3)], { outputs: [outputTo(2, 30_0000_0000n)] });
  await grove.mine('a3', { with: [first] });
  await grove.mine('a4', { with: [second] });
  const heard: string[] = [];
  grove.node.events.listen((event: NodeEvent) => heard.push(event.kind));
  await rule(grove, 'invalidate', 'a3');
  expect(grove.waiting).toEqual([first, second]);
  expect(heard).toEqual(['reorg']);
  await grove.reopen();
  expect(grove.waiting).toEqual([first, second]);
  expect(await grove.mine('b3', { with: [first, second] })).toBe('connected');
  expect(grove.waiting).toEqual([]);
  await rule(grove, 'reconsider', 'a3');
  expect([grove.tip, grove.waiting]).toEqual(['a4', []]);
});

//   genesis ── a1 ── a2 ── a3 (claims too much)
//               └─── b2
test('what breaks a rule is found out again when it is reconsidered', async () => {
  const grove = await plant({ verifyAll });
  await grow(grove, 'genesis', ['a1', 'a2']);
  await grove.mine('b2', { on: 'a1' });
  expect(await grove.mine('a3', { claim: 51_0000_0000n })).toBe('bad-cb-amount');
  expect(await rule(grove, 'reconsider', 'a3')).toEqual({ disconnected: [], connected: [] });
  expect([grove.tip, await isFailed(grove, 'a3')]).toEqual(['a2', true]);
  await expectWhole(grove);
});

//               ┌─── c2
//   genesis ── a1 ── a2
//               └─── b2
test('among equals the preferred one is the tip, until another is', async () => {
  const grove = await plant({ verifyAll });
  await grow(grove, 'genesis', ['a1', 'a2']);
  for (const name of ['b2', 'c2']) await grove.mine(name, { on: 'a1' });
  for (const name of ['b2', 'c2', 'c2', 'a2']) {
    await rule(grove, 'prefer', name);
    expect(grove.tip).toBe(name);
  }
  await rule(grove, 'prefer', 'b2');
  await grove.reopen();
  expect(grove.tip).toBe('b2');
  // More work counts for more, and less for nothing.
  await rule(grove, 'prefer', 'a2');
  expect(await grove.mine('c3', { on: 'c2' })).toBe('connected');
  await rule(grove, 'prefer', 'a2');
  expect(grove.tip).toBe('c3');
  await expectWhole(grove);
});

test('a block that is bad cannot be preferred', async () => {
  const grove = await plant({ verifyAll });
  await grow(grove, 'genesis', ['a1', 'a2']);
  await grove.mine('b2', { on: 'a1', claim: 51_0000_0000n });
  await rule(grove, 'prefer', 'b2');
  expect([grove.tip, await isFailed(grove, 'b2')]).toEqual(['a2', true]);
  await rule(grove, 'invalidate', 'a2');
  await rule(grove, 'prefer', 'a2');
  expect(grove.tip).toBe('a1');
});

//   genesis ── a1 ── a2 (first)
//               ├─── b2
//               └─── c2
test('a tip that was left for a verdict is first among equals once it is taken back', async () => {
  const grove = await plant({ verifyAll });
  await grow(grove, 'genesis', ['a1', 'a2']);
  await rule(grove, 'invalidate', 'a2');
  await grove.mine('b2', { on: 'a1' });
  await rule(grove, 'invalidate', 'b2');
  await grove.mine('c2', { on: 'a1' });
  await rule(grove, 'reconsider', 'b2');
  expect(grove.tip).toBe('b2');
  await rule(grove, 'reconsider', 'a2');
  expect(grove.tip).toBe('a2');
  // It was not the tip, so it is not preferred to what is.
  await rule(grove, 'invalidate', 'c2');
  await rule(grove, 'reconsider', 'c2');
  expect(grove.tip).toBe('a2');
});

test('genesis cannot be called invalid, nor a block that nobody knows', async () => {
  const grove = await plant({ verifyAll });
  await grove.mine('a1');
  await expect(rule(grove, 'invalidate', 'genesis')).rejects.toMatchObject({ code: 'genesis' });
  grove.draw('a2');
  await expect(rule(grove, 'invalidate', 'a2')).rejects.toMatchObject({ code: 'unknown-block' });
  expect([grove.tip, await isFailed(grove, 'genesis')]).toEqual(['a1', false]);
  expect(await grove.mine('a3')).toBe('connected');
});

/** A disk that fails at one of its writes, counted from when it is armed, and then never again. */
function disk(database: Database) {
  const state = { left: Number.POSITIVE_INFINITY };
  const failing: Database = {
    get: (key, at) => database.get(key, at),
    getMany: (keys, at) => database.getMany(keys, at),
    iterator: (walk) => database.iterator(walk),
    snapshot: () => database.snapshot(),
    batch: async (operations, options) => {
      if (state.left-- === 0) throw new Error('the disk failed');
      await database.batch(operations, options);
    },
  };
  return { state, failing };
}

//   genesis ── a1 ── a2 ── a3 ── a4
//               └─── b2 ── b3
test('a verdict that any write cuts short is whole or was never given', async () => {
  // One to mark, three to leave, two to join, and one of the mempool.
  for (let write = 0; write < 7; write++) {
    const { state, failing } = disk(memory());
    const grove = await plant({ verifyAll, database: failing });
    await grow(grove, 'genesis', ['a1', 'a2', 'a3', 'a4']);
    await grow(grove, 'a1', ['b2', 'b3']);
    state.left = write;
    await expect(rule(grove, 'invalidate', 'a2'), `${write}`).rejects.toThrow();
    await grove.reopen();
    expect(grove.tip, `${write}`).toBe(write === 0 ? 'a4' : 'b3');
    expect(await isFailed(grove, 'a4'), `${write}`).toBe(write > 0);
    await expectWhole(grove);
  }
});
