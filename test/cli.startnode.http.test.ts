/** The HTTP side of a node that runs, as the command line has it. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ask as askHttp, basic, get } from './caller.ts';
import { alone, fileIn, portIn, startNode } from './started.ts';
import { addressOfWallet, lines, newFolder, refused, run, signalGroup } from './terminal.ts';

const password = 'correct horse: battery';
const hash = createHmac('sha256', '5a17').update(password).digest('hex');
const line = `alice:5a17$${hash}`;

test.concurrent('a node answers without a cookie, tells events and counts', async () => {
  const datadir = newFolder();
  await lines(['createwallet', '--label', 'alice'], { datadir });
  const { child } = await startNode(datadir, '--mempool-size', '7');
  const server = { port: portIn(datadir) };
  const web = new WebSocket(`ws://127.0.0.1:${server.port}/ws`);
  await once(web, 'open');
  web.send('{"subscribe":["block"]}');
  const [answer] = await once(web, 'message');
  expect(String(answer)).toBe('{"subscribed":["block"]}');
  const told = once(web, 'message');
  await lines(['rpc', 'generatetoaddress', '1', addressOfWallet('alice', datadir)], { datadir });
  const [event] = await told;
  expect(JSON.parse(String(event))).toMatchObject({ event: 'block', height: 1 });
  expect(await get(server, '/api/getblockcount')).toMatchObject({ status: 200, says: '1\n' });
  const { says } = await get(server, '/api/getmempoolinfo');
  expect(JSON.parse(says)).toMatchObject({ maxmempool: 7_000_000 });
  const metrics = await get(server, '/metrics');
  expect(metrics.says).toContain('\nchain_height 1\n');
  expect(metrics.says).toContain('\nchain_block_seconds_count 1\n');
  expect(metrics.says).toMatch(
    /\nchain_rpc_calls_total\{method="generatetoaddress",outcome="done"/,
  );
  const closed = once(web, 'close');
  expect(await signalGroup(child, 'SIGINT')).toEqual([0, null]);
  expect((await closed)[0]).toBe(1001);
});

test.concurrent('a node tells what is open to others, and no secret', async () => {
  const datadir = newFolder();
  const other = `bob:${line.slice(6)}`;
  const words = ['--http-address', '0.0.0.0', '--allow-host', 'node.example', '--verbose'];
  const env = { CHAIN_RPC_AUTH: `${line} ${other}` };
  const { child, said } = await startNode({ datadir, env }, ...words);
  const server = { port: portIn(datadir) };
  const cookie = readFileSync(fileIn(datadir, '.cookie'), 'utf8');
  const body = '{"method":"getblockcount","id":1}';
  for (const given of [`alice:${password}`, `bob:${password}`, cookie]) {
    const headers = { authorization: basic(given), host: 'node.example' };
    expect(await askHttp(server, { body, headers })).toMatchObject({ status: 200 });
  }
  for (const given of ['alice:wrong horse', `carol:${password}`]) {
    const headers = { authorization: basic(given) };
    expect(await askHttp(server, { body, headers })).toMatchObject({ status: 401 });
  }
  expect(await signalGroup(child, 'SIGINT')).toEqual([0, null]);
  const log = said();
  expect(log).toContain('open to everybody who reaches it: /health, /metrics, /api and /ws');
  expect(log).toContain('JSON-RPC is open from there to alice, bob;');
  const secrets = [cookie, cookie.split(':')[1] ?? '', password, 'horse', hash, '5a17'];
  expect(secrets.filter((secret) => log.includes(secret))).toEqual([]);
});

test.concurrent('a node without users says that others cannot use JSON-RPC', async () => {
  const datadir = newFolder();
  const { child, said } = await startNode(datadir, '--http-address', '::');
  expect(await signalGroup(child, 'SIGTERM')).toEqual([0, null]);
  expect(said()).toContain('JSON-RPC is open from this machine alone: no --rpc-auth was given');
  expect(said()).toContain('--allow-host');
});

test.concurrent('what is wrong with an option is said, but no password with it', async () => {
  const place = { datadir: newFolder() };
  const wrong: readonly (readonly [readonly string[], string])[] = [
    [['--http-address', 'localhost'], "'localhost' is no IP address"],
    [['--http-address', '10.0.0'], "'10.0.0' is no IP address"],
    [['--allow-host', 'http://node.example'], "'http://node.example' is no name"],
    [['--allow-host', ''], "'' is no name"],
    [['--mempool-size', '4'], "'4' is no whole number from 5 on"],
    [['--mempool-size', '5.5'], "'5.5' is no whole number from 5 on"],
    [['--rpc-auth', `alice:${password}`], 'HMAC-SHA256 of the password'],
    [['--rpc-auth', ''], 'HMAC-SHA256 of the password'],
  ];
  for (const [words, says] of wrong) {
    await refused(['startnode', ...words], place, 'usage', says);
    const { stdout, stderr } = await run(['startnode', '--verbose', ...words], place);
    expect(stdout + stderr).not.toContain('horse');
  }
  await refused(
    ['startnode', ...alone, '--http-port', '0', '--http-address', '192.0.2.1'],
    place,
    'listen',
    '192.0.2.1 is no address of this machine',
  );
});
