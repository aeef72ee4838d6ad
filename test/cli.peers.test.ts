/** Nodes of this machine that talk to one another, each in a process of its own. */
import { expect, test } from 'vitest';
import { type Started, startNode } from './started.ts';
import {
  addressOfWallet,
  ask,
  grownFolder,
  lines,
  newFolder,
  refused,
  run,
  signalGroup,
} from './terminal.ts';

interface Status {
  readonly height: number;
  readonly hash: string;
  readonly mempool: number;
  readonly peers: number;
}

const status = ({ datadir }: { readonly datadir: string }) => ask<Status>(['status'], { datadir });

/** A node, and where others find it. */
async function start(datadir: string, ...words: readonly string[]) {
  const node = await startNode(datadir, '--threads', '1', ...words);
  const { address } = await node.hear('peers find it');
  return { ...node, address: String(address) };
}

/** Asks until it is so; each question takes its time. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error('it never came to that');
  }
}

const end = (nodes: readonly Started[]) =>
  Promise.all(nodes.map(({ child }) => signalGroup(child, 'SIGINT')));

test('a fresh node catches up, and a payment made at one is mined by another', async () => {
  const first = await start(await grownFolder());
  const second = await start(newFolder(), '--peer', first.address);
  const third = await start(newFolder(), '--peer', second.address);
  const { height, hash } = await status(first);
  await until(async () => (await status(third)).hash === hash);

  const [to = ''] = await lines(['createwallet', '--label', 'carol'], { datadir: third.datadir });
  const pay = ['send', '--from', 'alice', '--to', to, '--amount', '1.5'];
  const sent = await run([...pay, '--json'], { datadir: first.datadir });
  expect(JSON.parse(sent.stdout)).toMatchObject({ broadcast: true });
  await until(async () => (await status(third)).mempool === 1);
  const [mined] = await lines(['mine', '--to', to], { datadir: second.datadir });
  await until(async () => (await status(third)).hash === mined);
  expect(await status(third)).toMatchObject({ height: height + 1, mempool: 0 });
  const balance = await ask(['getbalance', 'carol'], { datadir: third.datadir });
  expect(balance).toMatchObject({ confirmed: '1.50000000' });

  const told = await ask<readonly { inbound: boolean }[]>(['peers'], { datadir: second.datadir });
  expect(told.map(({ inbound }) => inbound).toSorted()).toEqual([false, true]);
  expect(await end([first, second, third])).toEqual(Array(3).fill([0, null]));
});

test('two branches that meet end as the heavier one, and peers are found again', async () => {
  const one = await start(await grownFolder());
  const other = await start(newFolder());
  await lines(['createwallet'], { datadir: other.datadir });
  const { height } = await status(one);
  await lines(['mine', '--blocks', String(height + 1)], { datadir: other.datadir });
  const { hash } = await status(other);
  await lines(['addpeer', other.address], { datadir: one.datadir });
  await until(async () => (await status(one)).hash === hash);
  expect(one.said()).toContain(`${height} blocks left and ${height + 1} blocks joined`);

  await end([one]);
  const again = await start(one.datadir);
  await until(async () => (await status(again)).peers === 1);
  expect(addressOfWallet('alice', again.datadir)).toMatch(/^bcrt1/);
  await end([again, other]);
});

test('without a node there are no peers, and what is no address is said to be none', async () => {
  const place = { datadir: newFolder() };
  expect(await ask(['peers'], place)).toEqual([]);
  await refused(['addpeer', '127.0.0.1:3000'], place, 'no-node');
  await refused(
    ['startnode', '--peer', 'nowhere'],
    place,
    'usage',
    "'nowhere' is no peer's address",
  );
  await refused(['startnode', '--peer', '10.0.0.1:65536'], place, 'usage');
});
