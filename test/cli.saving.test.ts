/** Wallets are saved whole or not at all: through kill -9, a full disk, a folder that is closed. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { makeFolder } from '../src/cli/machine.ts';
import { WalletFiles } from '../src/cli/walletfiles.ts';
import { main } from '../src/consensus/params.ts';
import {
  ask,
  environment,
  firstLines,
  launcher,
  lines,
  newFolder,
  run,
  track,
  walletFiles,
} from './terminal.ts';
import { alice, sealedAlice } from './wallet.purse.ts';

const saver = join(import.meta.dirname, 'saver.ts');

/** A network's folder with this wallet in it. */
async function folderWith(wallet: typeof alice): Promise<string> {
  const folder = join(newFolder(), 'main');
  makeFolder(folder);
  const files = new WalletFiles(folder, main);
  const release = await files.lock();
  files.create(wallet);
  await release();
  return folder;
}

function startSaver(folder: string) {
  const child = spawn(process.execPath, [saver, folder], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return track(child);
}

test.concurrent('a process killed 50 times while it saves leaves a whole file', async () => {
  const folder = await folderWith(sealedAlice);
  for (let round = 0; round < 50; round++) {
    const child = startSaver(folder);
    const ended = once(child, 'close');
    let told = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      told += text;
    });
    // By then it is somewhere in a later save, in another place in each round.
    await firstLines(child, 1 + (round % 7));
    child.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);

    const [wallet] = new WalletFiles(folder, main).all();
    const acknowledged = Number(told.trimEnd().split('\n').at(-1));
    const given = wallet?.next.p2wpkh.receive ?? 0;
    expect([acknowledged, acknowledged + 1]).toContain(given);
    expect(wallet).toEqual({
      ...sealedAlice,
      next: { ...sealedAlice.next, p2wpkh: wallet?.next.p2wpkh },
    });
  }
  // Nor does any of those that died keep the others waiting.
  const release = await new WalletFiles(folder, main).lock();
  await release();
}, 180_000);

test('a wallet is not written by who does not hold the lock', async () => {
  const folder = await folderWith(alice);
  const files = new WalletFiles(folder, main);
  expect(() => files.replace(alice)).toThrow('assertion failed');
  const release = await files.lock();
  files.replace(alice);
  await release();
  expect(() => files.replace(alice)).toThrow('assertion failed');
});

test("the draft of a process that died is in nobody's way", async () => {
  const folder = await folderWith(alice);
  writeFileSync(join(folder, 'wallets/.alice.draft'), '{ "format": 2, "label": "al');
  const files = new WalletFiles(folder, main);
  expect(files.all()).toEqual([alice]);
  const release = await files.lock();
  files.replace(sealedAlice);
  await release();
  expect(files.all()).toEqual([sealedAlice]);
  expect([...walletFiles(join(folder, '..'), 'main').keys()]).toEqual(['alice.json']);
});

test('on a full disk a wallet stays as it was, and nothing half is left', async () => {
  const datadir = newFolder();
  await lines(['createwallet', '--label', 'alice'], { datadir });
  const before = walletFiles(datadir);
  // A bound of 512 bytes on every file stands for the disk: a part is written, then no more.
  const limited = `trap '' XFSZ; ulimit -f 1; exec "$0" "$@"`;
  for (const words of [['newaddress'], ['createwallet', '--label', 'bob']]) {
    const args = ['-c', limited, process.execPath, launcher, ...words];
    const failing = promisify(execFile)('/bin/sh', args, { env: environment({ datadir }) });
    await expect(failing).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^error: wallet-file: cannot write to .+EFBIG.+\n$/),
    });
    expect(walletFiles(datadir)).toEqual(before);
  }
  expect(await ask(['newaddress'], { datadir })).toHaveProperty('address');
});

test('in a folder that may only be read a wallet stays as it was', async (context) => {
  // The superuser may write anywhere, so there somebody else types.
  const uid = process.getuid?.() === 0 ? { uid: 65_534 } : {};
  const canRun = await run(['--version'], { datadir: '/', ...uid }).catch(() => undefined);
  if (canRun?.code !== 0) context.skip('another user cannot read the program here');
  const datadir = newFolder();
  await lines(['createwallet', '--label', 'alice'], { datadir });
  const before = walletFiles(datadir);
  const network = join(datadir, 'regtest');
  const places = ['wallets/alice.json', 'wallets', 'walletlock', ''].map((each) =>
    join(network, each),
  );
  for (const place of [...places, datadir])
    chmodSync(place, place.endsWith('.json') ? 0o444 : 0o555);
  const said = await run(['newaddress'], { datadir, ...uid });
  for (const place of [datadir, ...places])
    chmodSync(place, place.endsWith('.json') ? 0o600 : 0o700);
  expect(said).toMatchObject({ code: 1, stdout: '' });
  expect(said.stderr).toMatch(/^error: datadir: cannot write to .+ [Pp]ermission denied\n$/);
  expect(walletFiles(datadir)).toEqual(before);
});

test.concurrent('a lock that is held is waited for, and its holder is named', async () => {
  const datadir = newFolder();
  await lines(['createwallet', '--label', 'alice'], { datadir });
  const folder = join(datadir, 'regtest');
  const release = await new WalletFiles(folder, main).lock();
  const stopped = await run(['newaddress'], { datadir });
  expect(stopped).toMatchObject({ code: 1, stdout: '' });
  expect(stopped.stderr).toContain(`error: busy: the wallets are held by process ${process.pid}`);
  await release();
  expect(await lines(['newaddress'], { datadir })).toHaveLength(1);
});

test('a file where a folder should be is refused before anything is made', async () => {
  const datadir = newFolder();
  mkdirSync(join(datadir, 'regtest'));
  writeFileSync(join(datadir, 'regtest/walletlock'), 'in the way');
  const said = await run(['createwallet'], { datadir });
  expect(said).toMatchObject({ code: 1, stdout: '' });
  expect(said.stderr).toMatch(/^error: \S+: .*walletlock.*\n$/);
  expect(existsSync(join(datadir, 'regtest/wallets'))).toBe(false);
});
