/** Places where nothing can be done: damaged, held by another, closed, or of another network. */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  ask,
  copyOf,
  firstLines,
  grownFolder,
  lines,
  newFolder,
  refused,
  run,
  signalGroup,
  start,
  walletFiles,
} from './terminal.ts';

const pay = ['send', '--from', 'alice', '--to', 'bob', '--amount', '1'];

let grown: string;
beforeAll(async () => {
  grown = await grownFolder();
});

describe.concurrent('a database', () => {
  // First, for it takes ten seconds, in which the others can run.
  test('that another process holds is waited for, then its holder is named', async () => {
    const datadir = copyOf(grown);
    const holder = start(['mine', '--blocks', '1000000', '--to', 'alice'], { datadir });
    const printed = await firstLines(holder, 3);
    // Stopped, it holds the database and does nothing.
    process.kill(holder.pid ?? 0, 'SIGSTOP');
    const files = walletFiles(datadir);
    const waited = [['status'], pay].map((words) =>
      refused(words, { datadir }, 'busy', `process ${holder.pid}, chain mine`),
    );
    await Promise.all(waited).finally(() => signalGroup(holder, 'SIGKILL'));
    expect(walletFiles(datadir)).toEqual(files);

    // What it had said it did is there; what it had not is no harm.
    const blocks = await ask<readonly { hash: string }[]>(
      ['printchain', '--from', '104', '--limit', '3'],
      { datadir },
    );
    expect(blocks.map(({ hash }) => hash).toReversed()).toEqual(printed);
    expect(await ask(['status'], { datadir })).toMatchObject({ mempool: 0 });
  });

  test('without its file CURRENT is damaged, and no new chain takes its place', async () => {
    const datadir = copyOf(grown);
    const folder = join(datadir, 'regtest/chain');
    const current = join(folder, 'CURRENT');
    copyFileSync(current, join(datadir, 'kept'));
    rmSync(current);
    await refused(['status'], { datadir }, 'damaged', folder);
    await refused(['mine', '--to', 'alice'], { datadir }, 'damaged', folder);
    await refused(pay, { datadir }, 'damaged', folder);
    expect(existsSync(current)).toBe(false);
    copyFileSync(join(datadir, 'kept'), current);
    expect(await ask(['status'], { datadir })).toMatchObject({ height: 101, mempool: 0 });
  });
});

test.concurrent('where there is no wallet, one is told how to make one', async () => {
  const datadir = newFolder();
  await refused(['mine'], { datadir }, 'no-wallet', 'run chain createwallet');
  await refused(['send', '--to', 'bob', '--amount', '1'], { datadir }, 'unknown-label', 'none yet');
  expect(await lines(['getbalance'], { datadir })).toContain('total     0.00000000');
});

describe.concurrent('a wallet that cannot be read', () => {
  /** A copy whose file of bob's wallet is another one. */
  function withBob(change: (text: string) => string) {
    const datadir = copyOf(grown);
    const path = join(datadir, 'regtest/wallets/bob.json');
    writeFileSync(path, change(readFileSync(path, 'utf8')));
    return datadir;
  }

  test.for<[string, (text: string) => string]>([
    ['is empty', () => ''],
    ['ends too early', (text) => text.slice(0, -20)],
    ['has another word', (text) => text.replace(/"words": "\w+/, '"words": "abandon abandon')],
    ['has another format', (text) => text.replace('"format": 2', '"format": 3')],
    ['is a copy of another', () => readFileSync(join(grown, 'regtest/wallets/alice.json'), 'utf8')],
  ])('%s, is named, and stays as it is', async ([, change]) => {
    const datadir = withBob(change);
    const before = walletFiles(datadir);
    await refused(pay, { datadir }, 'bad-wallet', 'bob.json');
    await refused(['getbalance'], { datadir }, 'bad-wallet', 'bob.json');
    expect(walletFiles(datadir)).toEqual(before);
  });

  test('belongs to another network', async () => {
    const datadir = newFolder();
    cpSync(join(grown, 'regtest/wallets'), join(datadir, 'main/wallets'), { recursive: true });
    const place = { datadir, env: { CHAIN_NETWORK: 'main' } };
    await refused(['getbalance'], place, 'bad-wallet', 'it belongs to the chain that begins with');
  });
});

test.concurrent('a broken network file is refused before anything is made', async () => {
  const datadir = newFolder();
  const file = join(newFolder(), 'class.json');
  writeFileSync(file, '{ "name": "class" ');
  await refused(['createwallet', '--network', file], { datadir }, 'bad-network', 'not JSON');
  writeFileSync(file, '{ "name": "class" }');
  await refused(['createwallet', '--network', file], { datadir }, 'bad-network');
  await refused(['createwallet', '--network', newFolder()], { datadir }, 'bad-network');
  expect(readdirSync(datadir)).toEqual([]);
});

describe.concurrent('a data folder', () => {
  test('that is a file is refused', async () => {
    const datadir = join(newFolder(), 'file');
    writeFileSync(datadir, 'mine');
    await refused(['status'], { datadir }, 'datadir', datadir);
    await refused(['createwallet'], { datadir }, 'datadir', datadir);
    expect(readFileSync(datadir, 'utf8')).toBe('mine');
  });

  test('that may only be read is refused, and not taken for damaged', async (context) => {
    // The superuser may write anywhere, so there nobody types.
    const uid = process.getuid?.() === 0 ? { uid: 65_534 } : {};
    const canRun = await run(['--version'], { datadir: '/', ...uid }).catch(() => undefined);
    if (canRun?.code !== 0) context.skip('another user cannot read the program here');
    const datadir = copyOf(grown);
    closeFolder(datadir);
    context.onTestFinished(() => openFolder(datadir));
    await refused(['status'], { datadir, ...uid }, 'datadir', 'Permission denied');
    expect(await run(['createwallet'], { datadir, ...uid })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^error: datadir: cannot write to .+ Permission denied\n$/),
    });
    openFolder(datadir);
    expect(await ask(['status'], { datadir })).toMatchObject({ height: 101 });
  });

  function closeFolder(folder: string): void {
    for (const path of [...readdirSync(folder, { recursive: true, encoding: 'utf8' }), '']) {
      const place = join(folder, path);
      chmodSync(place, statSync(place).isDirectory() ? 0o555 : 0o444);
    }
  }

  function openFolder(folder: string): void {
    for (const path of ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })]) {
      const place = join(folder, path);
      chmodSync(place, statSync(place).isDirectory() ? 0o700 : 0o600);
    }
  }
});
