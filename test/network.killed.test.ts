/** The real program, killed again and again while it takes a chain: it goes on where it was. */
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { hashOf } from '../src/chain/entry.ts';
import { openNode } from '../src/cli/opennode.ts';
import { regtest } from '../src/consensus/params.ts';
import { hashHeader } from '../src/primitives/block.ts';
import type { Hash } from '../src/primitives/codec.ts';
import { type Housed, Household, rowOf } from './household.ts';
import { alone, startNode } from './started.ts';
import { newFolder, signalGroup, start } from './terminal.ts';

const household = new Household();
afterAll(() => household.close());

/** What the folder of a node that is not running has: all up to its tip. */
async function tipIn(datadir: string): Promise<{ readonly height: number; readonly hash: Hash }> {
  const { node, close } = await openNode(join(datadir, 'regtest'), { params: regtest });
  const { tip } = node.chain;
  await close();
  return { height: tip.height, hash: hashOf(tip) };
}

/** Starts a node that is killed at once when it has asked for so many blocks. */
async function liveUntil(count: number, datadir: string, { transport, ...old }: Housed) {
  const [address = ''] = transport.addresses();
  const words = ['startnode', ...alone, '--http-port', '0', '--threads', '1', '--peer', address];
  const child = start(words, { datadir });
  child.stdout?.resume();
  const exit = once(child, 'exit');
  old.hear((asked) => {
    if (asked.length > count && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  });
  expect(await exit).toEqual([null, 'SIGKILL']);
}

test('a node that is killed while it catches up asks for what it lacks, and no more', async () => {
  const blocks = await rowOf(1_000);
  const places = new Map(blocks.map(({ header }, i) => [hashHeader(header), i + 1]));
  const old = await household.settle([], blocks);
  const datadir = newFolder();
  let known = 0;
  const heights = (hashes: readonly Hash[]) => hashes.map((hash) => places.get(hash) ?? 0);
  for (const count of [0, 40, 200, 333]) {
    old.askedFor.length = 0;
    await liveUntil(count, datadir, old);
    expect(Math.min(...heights(old.askedFor))).toBe(known + 1);
    known = (await tipIn(datadir)).height;
    expect(known).toBeLessThan(blocks.length);
  }
  expect(known).toBeGreaterThan(0);

  old.askedFor.length = 0;
  old.hear(() => {});
  const [address = ''] = old.transport.addresses();
  const last = await startNode(datadir, '--threads', '1', '--peer', address);
  for (let taken: unknown; taken !== blocks.length; ) {
    ({ height: taken } = await last.hear('took a block from a peer'));
  }
  expect(await signalGroup(last.child, 'SIGINT')).toEqual([0, null]);
  const wanted = Array.from({ length: blocks.length - known }, (_, i) => known + 1 + i);
  expect(heights(old.askedFor).toSorted((a, b) => a - b)).toEqual(wanted);
  expect((await tipIn(datadir)).hash).toBe(hashOf(old.node.chain.tip));
});
