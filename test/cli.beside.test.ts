/** Commands beside a node that runs, several at once, and where one of the two comes to its end. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startNode } from './started.ts';
import {
  ask,
  firstLines,
  grownFolder,
  lines,
  newFolder,
  type PrintedBalance,
  type PrintedBlock,
  run,
  signalGroup,
  start,
} from './terminal.ts';

test('ten payments at once share no coin, and none replaces another', async () => {
  const datadir = await grownFolder();
  const { child } = await startNode(datadir, '--threads', '1');
  const pay = ['send', '--from', 'alice', '--to', 'bob', '--amount', '1'];
  const sent = await Promise.all(Array.from({ length: 10 }, () => lines(pay, { datadir })));
  expect(new Set(sent.flat()).size).toBe(10);
  const waiting = await ask<readonly string[]>(['rpc', 'getrawmempool'], { datadir });
  expect(waiting.toSorted()).toEqual(sent.flat().toSorted());
  await lines(['send', ...pay.slice(1), '--mine'], { datadir });
  const [block] = await ask<readonly PrintedBlock[]>(['printchain', '--limit', '1'], { datadir });
  const spent = block?.tx.flatMap(({ vin }) => vin.map(({ txid, vout }) => `${txid} ${vout}`));
  expect(spent).toHaveLength(new Set(spent).size);
  const balance = await ask<PrintedBalance>(['getbalance', 'bob'], { datadir });
  expect(balance.total).toBe('11.00000000');
  expect(await signalGroup(child, 'SIGINT')).toEqual([0, null]);
});

test('a chain goes from one node to another, whole, while the one mines on', async () => {
  const from = newFolder();
  await lines(['createwallet'], { datadir: from });
  const first = await startNode(from, '--threads', '1');
  const mine = ['mine', '--blocks', '60'];
  await lines(mine, { datadir: from });
  const mining = lines(mine, { datadir: from });
  const file = join(from, 'blocks');
  const [told, mined] = await Promise.all([
    ask<{ height: number; hash: string; checked: number }>(['export', file], { datadir: from }),
    mining,
  ]);
  expect(mined).toHaveLength(60);
  expect(told).toMatchObject({ checked: told.height + 1 });

  const to = newFolder();
  const second = await startNode(to);
  expect(await ask(['import', file], { datadir: to })).toEqual(told);
  expect(await second.hear('took a block')).toMatchObject({ height: 1, status: 'connected' });
  expect(await ask(['status'], { datadir: to })).toMatchObject({ height: told.height });
  for (const { child } of [first, second]) await signalGroup(child, 'SIGINT');
});

test('who breaks off mining leaves the node well, and who loses the node is told', async () => {
  const datadir = newFolder();
  const here = { datadir, env: { CHAIN_NETWORK: 'main' } };
  await lines(['createwallet'], here);
  const { child, hear } = await startNode(datadir, '--threads', '1', '--network', 'main');
  const many = ['mine', '--blocks', '100000'];
  const broken = start(many, here);
  await firstLines(broken, 1);
  expect(await signalGroup(broken, 'SIGINT')).toEqual([null, 'SIGINT']);
  const { height } = await ask<{ height: number }>(['status'], here);
  const [hash] = await lines(['mine'], here);
  const [block] = await ask<readonly PrintedBlock[]>(['printchain'], here);
  expect(block).toMatchObject({ hash, height: height + 1 });

  while ((await hear('mined a block'))['hash'] !== hash);
  const losing = run(many, here);
  await hear('mined a block');
  await signalGroup(child, 'SIGKILL');
  const lost = await losing;
  expect(lost.code).toBe(1);
  expect(lost.stderr).toMatch(/^error: (node-silent|no-node): .*chain (status|startnode)/m);
  // The database is free again, and nothing is lost.
  const { height: after, node } = await ask<{ height: number; node: null }>(['status'], here);
  expect(node).toBe(null);
  expect(after).toBeGreaterThan(height + 1);
});
