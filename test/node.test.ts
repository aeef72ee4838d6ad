/** The node when things happen at the wrong moment. */
import { expect, test } from 'vitest';
import { isReject } from '../src/consensus/reject.ts';
import { searchNonce } from '../src/miner/kernel.ts';
import { Node } from '../src/node/node.ts';
import { hashHeader } from '../src/primitives/block.ts';
import { outputTo, pay } from './forge.ts';
import { grass, machine, memory, noon, openChain, plant, verifyInline, wordOf } from './grove.ts';

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
