/** Two groups of real nodes that were cut off from each other, and peers over WebSockets. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startNode } from './started.ts';
import { ask, grownFolder, lines, newFolder, signalGroup } from './terminal.ts';

test('the demonstration of a fork comes out as it tells: log, /ws, and the payment', async () => {
  const script = join(import.meta.dirname, '..', 'scripts', 'fork.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  expect(stdout).toMatch(/red1 {3}log {2}the chain changed its branch at height 101:/);
  expect(stdout).toMatch(/2 blocks left and 3 blocks joined; 1 payment waits again/);
  expect(stdout).toContain('blue1  log  nothing of branches, and nothing by /ws');
  expect(stdout).toContain('All of it came out as told.');
});

test('a peer comes in by WebSockets, catches up, and hears of a block', async () => {
  const first = await startNode(await grownFolder(), '--threads', '1', '--ws-port', '0');
  await first.hear('peers find it');
  const address = String((await first.hear('peers find it'))['address']);
  expect(address).toMatch(/\/ws\/p2p\//);
  const second = await startNode(newFolder(), '--threads', '1', '--peer', address);
  const tip = async ({ datadir }: { readonly datadir: string }) =>
    (await ask<{ readonly hash: string }>(['status'], { datadir })).hash;
  const deadline = Date.now() + 30_000;
  const agree = async (hash: string) => {
    while ((await tip(second)) !== hash) expect(Date.now()).toBeLessThan(deadline);
  };
  await agree(await tip(first));
  const [mined = ''] = await lines(['mine', '--to', 'alice'], { datadir: first.datadir });
  await agree(mined);
  const told = await ask<readonly unknown[]>(['peers'], { datadir: second.datadir });
  expect(told).toMatchObject([{ addr: address }]);
  await Promise.all([first, second].map(({ child }) => signalGroup(child, 'SIGINT')));
});
