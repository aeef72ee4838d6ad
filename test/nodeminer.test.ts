/** The miner of a node that runs: one search at a time, which ends with whoever asked for it. */
import { expect, test } from 'vitest';
import { Log } from '../src/cli/log.ts';
import { NodeMiner } from '../src/cli/nodeminer.ts';
import { searchNonce } from '../src/miner/kernel.ts';
import { Node } from '../src/node/node.ts';
import { outputTo } from './forge.ts';
import { grass, machine, memory, noon, verifyInline } from './grove.ts';

/** A miner whose first search finds nothing until it is in vain, and who tells of each search. */
async function minerOf() {
  const begun = Promise.withResolvers<void>();
  const ends: string[] = [];
  const node = await Node.open({
    database: memory(),
    ...machine,
    params: grass,
    verifyAll: verifyInline,
    now: () => noon,
    search: async (search, signal) => {
      if (ends.length > 0) return searchNonce(search);
      begun.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      ends.push('in vain');
      return undefined;
    },
  });
  return {
    node,
    miner: new NodeMiner(node, new Log({ network: 'regtest', quiet: true })),
    begun: begun.promise,
    ends,
  };
}

const { script } = outputTo(1, 0n);

test('a search ends with whoever asked for it, and the next one begins', async () => {
  const { node, miner, begun, ends } = await minerOf();
  const person = new AbortController();
  const first = miner.mine(script, person.signal);
  const second = miner.mine(script);
  await begun;
  person.abort(new Error('enough'));
  await expect(first).rejects.toThrow('enough');
  expect(ends).toEqual(['in vain']);
  await second;
  expect(node.chain.tip.height).toBe(1);
});

test('who gave up before his turn came has no search at all', async () => {
  const { node, miner, begun, ends } = await minerOf();
  const [person, other] = [new AbortController(), new AbortController()];
  const first = miner.mine(script, person.signal);
  const second = miner.mine(script, other.signal);
  await begun;
  other.abort(new Error('late'));
  person.abort(new Error('enough'));
  await expect(first).rejects.toThrow('enough');
  await expect(second).rejects.toThrow('late');
  expect(ends).toHaveLength(1);
  expect(node.chain.tip.height).toBe(0);
});

test('whoever waits for a block when the node stops is told why there is none', async () => {
  const { miner, begun } = await minerOf();
  const first = miner.mine(script);
  const second = miner.mine(script, new AbortController().signal);
  await begun;
  await miner.stop();
  await expect(first).rejects.toMatchObject({ code: 'stopping' });
  await expect(second).rejects.toMatchObject({ code: 'stopping' });
});
