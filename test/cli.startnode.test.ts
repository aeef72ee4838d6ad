/** A node that runs, typed: started, asked, stopped, interrupted and killed. */
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { alone, fileIn, startNode } from './started.ts';
import {
  addressOfWallet,
  ask,
  firstLines,
  lines,
  newFolder,
  type PrintedBlock,
  refused,
  run,
  signalGroup,
  start,
} from './terminal.ts';

async function withWallet(): Promise<string> {
  const datadir = newFolder();
  await lines(['createwallet', '--label', 'alice'], { datadir });
  return datadir;
}

test.concurrent('a node says where it listens, is asked, and is stopped', async () => {
  const datadir = await withWallet();
  const { child, hear } = await startNode(datadir);
  const { pid, http } = JSON.parse(readFileSync(fileIn(datadir, 'node.json'), 'utf8'));
  expect(pid).toBe(child.pid);
  expect(http).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(readFileSync(fileIn(datadir, '.cookie'), 'utf8')).toMatch(/^__cookie__:[0-9a-f]{64}$/);
  expect(statSync(fileIn(datadir, '.cookie')).mode & 0o777).toBe(0o600);

  const address = addressOfWallet('alice', datadir);
  expect(await lines(['rpc', 'getblockcount'], { datadir })).toEqual(['0']);
  const hashes = await ask(['rpc', 'generatetoaddress', '2', address], { datadir });
  expect(hashes).toHaveLength(2);
  const [, hash = ''] = hashes as readonly string[];
  expect(await lines(['rpc', 'getblockhash', '2'], { datadir })).toEqual([hash]);
  const { stdout } = await run(['rpc', 'getblock', hash, '2'], { datadir });
  expect(stdout).toContain('"value": 50.00000000,');
  await refused(['rpc', 'nosuch'], { datadir }, 'rpc-error', 'Method not found (code -32601)');
  await refused(['rpc', 'getblockhash', '-1'], { datadir }, 'rpc-error', '(code -8)');

  const ended = once(child, 'exit');
  expect(await ask(['stop'], { datadir })).toEqual({ stopped: pid });
  expect(await ended).toEqual([0, null]);
  expect(await hear('stopped')).toMatchObject({ height: 2 });
  expect(existsSync(fileIn(datadir, 'node.json'))).toBe(false);
  expect(existsSync(fileIn(datadir, '.cookie'))).toBe(false);
  expect(await ask(['status'], { datadir })).toMatchObject({ height: 2 });
});

test.concurrent('a node that stops answers whoever waits for a block', async () => {
  const datadir = await withWallet();
  const { child } = await startNode(datadir);
  const waiting = ask(['rpc', 'waitfornewblock'], { datadir });
  const isWaiting = async () =>
    JSON.stringify(await ask(['rpc', 'getrpcinfo'], { datadir })).includes('waitfornewblock');
  while (!(await isWaiting()));
  const ended = once(child, 'exit');
  await ask(['stop'], { datadir });
  expect(await waiting).toMatchObject({ height: 0 });
  expect(await ended).toEqual([0, null]);
});

test.concurrent('a node tells people in lines how it is found', async () => {
  const child = start(['startnode', ...alone, '--http-port', '0'], { datadir: newFolder() });
  const [runs, peers, end] = await firstLines(child, 3);
  const time = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z';
  const facts = 'network=regtest height=0 http=http://127\\.0\\.0\\.1:\\d+ pid=\\d+';
  expect(runs).toMatch(new RegExp(`^${time} info  the node runs ${facts}$`));
  expect(peers).toMatch(
    / info {2}peers find it address=\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3\w+$/,
  );
  expect(end).toMatch(/ info {2}ctrl-C or chain stop ends it$/);
  expect(await signalGroup(child, 'SIGINT')).toEqual([0, null]);
});

test.concurrent('a node has its folder for itself, and others hear so at once', async () => {
  const datadir = await withWallet();
  const { child } = await startNode(datadir);
  const holder = `process ${child.pid}, http://127.0.0.1:`;
  const alone = ['startnode', 'reindex', 'reindex --only-index', 'clear', 'mine --no-index'];
  for (const words of alone) {
    await refused(words.split(' '), { datadir }, 'node-running', holder);
  }
  expect(await signalGroup(child, 'SIGTERM')).toEqual([0, null]);
});

test.concurrent.each(['SIGINT', 'SIGTERM'] as const)('a node ends well on %s', async (signal) => {
  const datadir = await withWallet();
  const { child, hear } = await startNode(datadir, '--mine', '--block-interval', '1');
  await hear('mined a block');
  expect(await signalGroup(child, signal)).toEqual([0, null]);
  expect(await hear('stopping')).toMatchObject({ because: signal });
  expect(existsSync(fileIn(datadir, 'node.json'))).toBe(false);
  expect(existsSync(fileIn(datadir, '.cookie'))).toBe(false);
});

test.concurrent('a node that is asked twice ends at once', async () => {
  const datadir = newFolder();
  const { child } = await startNode(datadir);
  const ended = once(child, 'exit');
  const { pid = 0 } = child;
  // A request that is never whole: a clean stop would wait for it.
  const { http } = JSON.parse(readFileSync(fileIn(datadir, 'node.json'), 'utf8'));
  const cookie = Buffer.from(readFileSync(fileIn(datadir, '.cookie'))).toString('base64');
  const port = Number(new URL(http).port);
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  const asks = [`Host: 127.0.0.1:${port}`, `Authorization: Basic ${cookie}`, 'Content-Length: 9'];
  socket.write(`POST / HTTP/1.1\r\n${asks.join('\r\n')}\r\nExpect: 100-continue\r\n\r\n`);
  await once(socket, 'data');
  process.kill(-pid, 'SIGINT');
  process.kill(-pid, 'SIGTERM');
  const [code] = await ended;
  expect([130, 143]).toContain(code);
  expect(existsSync(fileIn(datadir, 'node.json'))).toBe(false);
  expect(await ask(['status'], { datadir })).toMatchObject({ height: 0 });
});

test.concurrent('a node that was killed is in nobody’s way', async () => {
  const datadir = await withWallet();
  const killed = await startNode(datadir, '--mine', 'alice', '--block-interval', '1');
  const { height } = await killed.hear('mined a block');
  const cookie = readFileSync(fileIn(datadir, '.cookie'), 'utf8');
  await signalGroup(killed.child, 'SIGKILL');
  expect(existsSync(fileIn(datadir, 'node.json'))).toBe(true);
  await refused(['rpc', 'getblockcount'], { datadir }, 'no-node', 'chain startnode');
  await refused(['stop'], { datadir }, 'no-node', 'chain startnode');
  const again = await startNode(datadir);
  expect(readFileSync(fileIn(datadir, '.cookie'), 'utf8')).not.toBe(cookie);
  const [count] = await lines(['rpc', 'getblockcount'], { datadir });
  expect(Number(count)).toBeGreaterThanOrEqual(Number(height));
  expect(await signalGroup(again.child, 'SIGINT')).toEqual([0, null]);
});

test.concurrent('a node that mines by itself mines what arrives', async () => {
  const datadir = await withWallet();
  const mined = ['mine', '--blocks', '101', '--to', 'alice'];
  await lines(mined, { datadir });
  const pay = ['send', '--to', addressOfWallet('alice', datadir), '--amount', '1'];
  await lines(pay, { datadir });
  const [block] = await ask<readonly PrintedBlock[]>(['printchain', '--limit', '1'], { datadir });
  expect(block?.height).toBe(101);
  const first = await startNode(datadir);
  const [txid = ''] = await ask<readonly string[]>(['rpc', 'getrawmempool'], { datadir });
  const [hex = ''] = await lines(['rpc', 'getrawtransaction', txid], { datadir });
  await signalGroup(first.child, 'SIGINT');

  // The same history without the payment, which then arrives from outside.
  const other = await emptied(datadir);
  const { child, hear } = await startNode(other, '--automine');
  expect(await lines(['rpc', 'sendrawtransaction', hex], { datadir: other })).toEqual([txid]);
  expect(await hear('took a payment')).toMatchObject({ txid });
  expect(await hear('mined a block')).toMatchObject({ height: 102, payments: 1 });
  expect(await signalGroup(child, 'SIGINT')).toEqual([0, null]);
});

test.concurrent('a node needs a wallet to mine, and a port that is free', async () => {
  const datadir = newFolder();
  await refused(['startnode', '--mine'], { datadir }, 'no-wallet', 'run chain createwallet');
  await refused(['startnode', '--mine', 'bob'], { datadir }, 'unknown-label');
  await refused(['startnode', '--http-port', '65536'], { datadir }, 'usage', 'is not a port');
  await refused(['startnode', '--block-interval', '0'], { datadir }, 'usage');
  const { child } = await startNode(datadir);
  const { http } = JSON.parse(readFileSync(fileIn(datadir, 'node.json'), 'utf8'));
  const place = { datadir: newFolder() };
  await refused(['startnode', ...alone, '--http-port', http.split(':')[2]], place, 'port-taken');
  await signalGroup(child, 'SIGINT');
});

test.concurrent('a node is not found where a file only says so', async () => {
  const datadir = newFolder();
  await lines(['status'], { datadir });
  const wrong = ['', '{', '{"pid":"1"}', '{"pid":-1,"started":"","http":""}', '[]', 'null'];
  for (const text of wrong) {
    writeFileSync(fileIn(datadir, 'node.json'), text);
    await refused(['rpc', 'getblockcount'], { datadir }, 'no-node');
  }
  // A process there is, but it has not this database.
  const living = { pid: process.pid, started: 'once', http: 'http://127.0.0.1:1' };
  writeFileSync(fileIn(datadir, 'node.json'), JSON.stringify(living));
  writeFileSync(fileIn(datadir, '.cookie'), '__cookie__:00');
  await refused(['rpc', 'getblockcount'], { datadir }, 'no-node');
  expect(await ask(['status'], { datadir })).toMatchObject({ height: 0 });
});

/** A folder with the same wallets and blocks, in which nothing waits. */
async function emptied(datadir: string): Promise<string> {
  const other = await withWallet();
  const file = join(newFolder(), 'blocks');
  await lines(['export', file], { datadir });
  await lines(['import', file], { datadir: other });
  return other;
}
