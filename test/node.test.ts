/** The node when things happen at the wrong moment. */
import { describe, expect, test } from 'vitest';
import { isReject } from '../src/consensus/reject.ts';
import { Chance } from '../src/lab/chance.ts';
import { Disk } from '../src/lab/disk.ts';
import { searchNonce } from '../src/miner/kernel.ts';
import { Node } from '../src/node/node.ts';
import { hashHeader } from '../src/primitives/block.ts';
import type { Transaction } from '../src/primitives/transaction.ts';
import { keyOf, outputTo, ownOutput, pay } from './forge.ts';
import {
  type Grove,
  grass,
  machine,
  memory,
  noon,
  openChain,
  plant,
  verifyInline,
  wordOf,
} from './grove.ts';

const miner = outputTo(7, 0n).script;

test('a block that another one was faster than is mined anew on top of it', async () => {
  const grove = await plant();
  await grove.mine('a1');
  grove.draw('a2');
  let searches = 0;
  const node: Node = await Node.open({
    database: grove.database,
    ...machine,
    params: grass,
    verifyAll: verifyInline,
    now: () => noon,
    search: async (search) => {
      searches++;
      if (searches === 1) await node.submitBlock(grove.block('a2'));
      return searchNonce(search);
    },
  });
  const block = await node.mine(miner);
  expect(searches).toBe(2);
  expect(block.header.parent).toBe(hashHeader(grove.block('a2').header));
  expect(node.chain.tip.header).toEqual(block.header);
});

test('a block that a failure kept from the tip gets there when it comes again', async () => {
  const grove = await plant();
  await grove.mine('a1');
  const payment = pay([grove.minted('a1')], { outputs: [outputTo(1, 1_0000_0000n)] });
  grove.draw('a2', { with: [payment] });
  let isBroken = true;
  const database = memory();
  await openChain(database, grass);
  const node = await Node.open({
    database,
    ...machine,
    params: grass,
    verifyAll: async (checks) => {
      if (isBroken && checks.length > 0) throw new Error('the engine broke');
      return verifyInline(checks);
    },
    now: () => noon,
    search: async (search) => searchNonce(search),
  });
  expect(wordOf(await node.submitBlock(grove.block('a1')))).toBe('connected');
  await expect(node.submitBlock(grove.block('a2'))).rejects.toThrow('the engine broke');
  expect(node.chain.tip.height).toBe(1);

  isBroken = false;
  const answer = await node.submitBlock(grove.block('a2'));
  expect(isReject(answer)).toBe(false);
  expect(wordOf(answer)).toBe('connected');
  expect(node.chain.tip.height).toBe(2);
  expect(wordOf(await node.submitBlock(grove.block('a2')))).toBe('known');
});

/** A node on this grove's chain whose first search finds nothing until it is told to end. */
async function mineSlowly(grove: Grove, clock: () => number) {
  const begun = Promise.withResolvers<AbortSignal>();
  let searches = 0;
  const node = await Node.open({
    database: grove.database,
    ...machine,
    params: grass,
    verifyAll: verifyInline,
    now: clock,
    search: (search, signal) => {
      if (++searches > 1) return Promise.resolve(searchNonce(search));
      begun.resolve(signal);
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(undefined));
      });
    },
  });
  const stop = new AbortController();
  const mined = node.mine(miner, stop.signal);
  return { node, mined, stop, signal: await begun.promise };
}

describe('a search that goes on', () => {
  test('ends once another block is the tip, and the next one builds on that', async () => {
    const grove = await plant();
    await grove.mine('a1');
    const [a2, b1] = [grove.draw('a2'), grove.draw('b1', { on: 'genesis' })];
    const { node, mined, signal } = await mineSlowly(grove, () => noon);
    expect(wordOf(await node.submitBlock(b1))).toBe('side');
    expect(wordOf(await node.submitBlock(grove.block('a1')))).toBe('known');
    expect(signal.aborted).toBe(false);
    expect(wordOf(await node.submitBlock(a2))).toBe('connected');
    expect(signal.aborted).toBe(true);
    expect((await mined).header.parent).toBe(hashHeader(a2.header));
  });

  test('ends for a payment, but not before it went on for five seconds', async () => {
    const grove = await plant();
    for (const name of ['a1', 'a2', 'a3']) await grove.mine(name);
    let clock = noon;
    const { node, mined, signal } = await mineSlowly(grove, () => clock);
    const payments = ['a1', 'a2'].map((name) => {
      return pay([grove.minted(name)], { outputs: [outputTo(1, 1_0000_0000n)] });
    });
    const answers: boolean[] = [];
    const offer = async (payment: Transaction | undefined) => {
      if (payment) answers.push(isReject(await node.submitPayment(payment)));
    };
    clock += 4;
    await offer(payments[0]);
    expect(signal.aborted).toBe(false);
    clock += 1;
    await offer(payments[0]);
    expect(signal.aborted).toBe(false);
    await offer(payments[1]);
    expect(signal.aborted).toBe(true);
    expect(answers).toEqual([false, true, false]);
    expect(new Set((await mined).transactions.slice(1))).toEqual(new Set(payments));
  });

  test('ends when whoever asked wants no block any more, and nothing was mined', async () => {
    const grove = await plant();
    await grove.mine('a1');
    const { node, mined, stop } = await mineSlowly(grove, () => noon);
    const ending = expect(mined).rejects.toThrow('enough');
    stop.abort(new Error('enough'));
    await ending;
    expect(node.chain.tip.height).toBe(1);
    await expect(node.mine(miner, stop.signal)).rejects.toThrow('enough');
    expect(node.chain.tip.height).toBe(1);
  });
});

describe('who listens to a node', () => {
  /** A node on a chain of one block, and all that it told since. */
  async function listen() {
    const grove = await plant();
    await grove.mine('a1');
    const { node } = grove;
    const heard: string[] = [];
    const stop = node.events.listen((event) => {
      // Whoever is told of a block finds it as soon as it asks.
      if (event.kind === 'tx') heard.push(`tx, ${node.mempool.size} waiting`);
      if (event.kind === 'block')
        heard.push(`block ${event.height} below ${node.chain.tip.height}`);
      if (event.kind === 'reorg') heard.push(`${event.change.disconnected.length} left`);
    });
    return { grove, heard, stop };
  }

  test('hears of each block and payment once, and of a change of branch before them', async () => {
    const { grove, heard, stop } = await listen();
    const payment = pay([grove.minted('a1')], { outputs: [outputTo(1, 1_0000_0000n)] });
    await grove.node.submitPayment(payment);
    await grove.node.submitPayment(payment);
    await grove.mine('a2');
    await grove.mine('b1', { on: 'genesis' });
    await grove.mine('b2', { on: 'b1' });
    await grove.mine('b3', { on: 'b2' });
    await grove.submit('b3');
    const all = [
      'tx, 1 waiting',
      'block 2 below 2',
      '2 left',
      'block 1 below 3',
      'block 2 below 3',
      'block 3 below 3',
    ];
    expect(heard).toEqual(all);
    stop();
    await grove.mine('b4');
    expect(heard).toEqual(all);
  });

  test('hears of an orphan once its parent has come', async () => {
    const { grove, heard } = await listen();
    await grove.mine('a2');
    const parent = pay([grove.minted('a1')], { outputs: [outputTo(1, 1_0000_0000n)] });
    const child = pay([ownOutput(parent, 0, keyOf(1))], { outputs: [outputTo(2, 9000_0000n)] });
    await grove.node.submitPayment(child, 'somebody');
    expect(heard).toEqual(['block 2 below 2']);
    await grove.node.submitPayment(parent, 'somebody');
    expect(heard).toEqual(['block 2 below 2', 'tx, 1 waiting', 'tx, 2 waiting']);
  });
});

test('a block that was answered for outlives a loss of power, wherever it lies', async () => {
  const grove = await plant();
  const [a1, b1, a2] = [
    grove.draw('a1'),
    grove.draw('b1', { on: 'genesis' }),
    grove.draw('a2', { on: 'a1' }),
  ];
  for (let seed = 0; seed < 20; seed++) {
    const disk = new Disk();
    const open = () => {
      const machinery = { ...machine, database: disk.boot(), last: disk.last, params: grass };
      const search = async () => undefined;
      return Node.open({ ...machinery, verifyAll: verifyInline, now: () => noon, search });
    };
    const answered = [a1, b1, a2].slice(0, 1 + (seed % 3));
    const node = await open();
    for (const block of answered) expect(isReject(await node.submitBlock(block))).toBe(false);
    disk.crash('power', new Chance(`${seed}`));
    const { chain } = await open();
    for (const { header } of answered) {
      expect((await chain.store.entry(hashHeader(header)))?.isFailed).toBe(false);
    }
    expect(chain.tip.height).toBe(answered.length === 3 ? 2 : 1);
  }
});
