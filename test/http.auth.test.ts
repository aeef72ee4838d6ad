/** Who may use JSON-RPC: by the cookie from here, by a user's password from anywhere. */
import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { isHere } from '../src/cli/doorkeeper.ts';
import { isUser, readRpcUser } from '../src/cli/rpcauth.ts';
import { ask, authorization, basic, get, serve } from './caller.ts';

/** Of test/functional/rpc_users.py in Bitcoin Core. */
const line =
  'rt:93648e835a54c573682c2eb19f882535$' +
  '7681e9c5b74bdd85e78166031d2058e1069b3ed7ed967c93fc63abba06f31144';
const password = 'cA773lm788buwYe4g4WT+05pKyNruVKjQ25x3n0DQcM=';

const users = [readRpcUser(line) ?? { name: '', salt: '', hash: '' }];

test('a line of Core’s is read, and its password opens', async () => {
  expect(users).toEqual([
    { name: 'rt', salt: line.slice(3, 35), hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
  ]);
  const server = await serve({ keys: { cookie: '__cookie__:secret', users } });
  const known = { headers: { authorization: basic(`rt:${password}`) } };
  expect(await ask(server, known)).toMatchObject({ status: 200 });
  expect(await ask(server)).toMatchObject({ status: 200 });
  const wrong = ['rt:', `rt:${password} `, `RT:${password}`, `:${password}`, password, line];
  for (const given of [...wrong, `rt${password}`]) {
    const headers = { authorization: basic(given) };
    expect(await ask(server, { headers })).toMatchObject({ status: 401, says: '' });
  }
});

test('a password may hold colons and letters of any kind', () => {
  const difficult = 'a:b:ü…';
  const hash = createHmac('sha256', '5a17').update(difficult, 'utf8').digest('hex');
  const user = readRpcUser(`alice:5a17$${hash}`);
  expect(user && isUser(`alice:${difficult}`, user)).toBe(true);
  expect(user && isUser('alice:a:b', user)).toBe(false);
});

test.each([
  'alice:password',
  'alice:salt$hash',
  `alice$${'0'.repeat(64)}`,
  `alice:5a17$${'0'.repeat(63)}`,
  `alice:5a17$${'0'.repeat(65)}`,
  `alice:5a17$${'A'.repeat(64)}`,
  `:5a17$${'0'.repeat(64)}`,
  `alice:$${'0'.repeat(64)}`,
  '',
])('%s is no line of a user', (text) => {
  expect(readRpcUser(text)).toBeUndefined();
});

test('an address is of this machine alone, or not', () => {
  const here = ['127.0.0.1', '127.255.0.1', '::1', '::ffff:127.0.0.1'];
  const elsewhere = ['10.0.0.1', '::', '128.0.0.1', '::ffff:10.0.0.1', '1127.0.0.1', '', undefined];
  expect(here.map(isHere)).toEqual(here.map(() => true));
  expect(elsewhere.map(isHere)).toEqual(elsewhere.map(() => false));
});

/** An address of this machine that others can reach, if it has one. */
const outer = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

/** Asks JSON-RPC at this address, and answers the status. */
function askAt(address: string, port: number, host: string, auth: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = '';
    const head = `POST / HTTP/1.1\r\nHost: ${host}:${port}\r\nConnection: close\r\n`;
    connect(port, address)
      .on('data', (part) => {
        said += part;
      })
      .on('error', reject)
      .on('close', () => resolve(Number(said.split(' ')[1])))
      .write(`${head}Authorization: ${auth}\r\nContent-Length: 1\r\n\r\nx`);
  });
}

test.skipIf(outer === undefined)('from elsewhere only a user may ask', async () => {
  const address = outer ?? '';
  const keys = { cookie: '__cookie__:secret', users, names: [address, 'node.example'] };
  const { port } = await serve({ address, keys });
  const user = basic(`rt:${password}`);
  expect(await askAt(address, port, address, user)).toBe(200);
  expect(await askAt(address, port, address, authorization)).toBe(401);
  expect(await askAt('127.0.0.1', port, '127.0.0.1', authorization)).toBe(200);
  expect(await askAt(address, port, 'node.example', user)).toBe(200);
  expect(await askAt(address, port, 'evil.example', user)).toBe(403);
  const without = await serve({ address });
  expect(await askAt(address, without.port, '127.0.0.1', user)).toBe(401);
});

test('a name that was allowed is answered to, behind a proxy that encrypts too', async () => {
  const keys = { cookie: '__cookie__:secret', names: ['Node.example', 'other.example:8443'] };
  const server = await serve({ keys });
  const { port } = server;
  const hosts = ['node.example', 'NODE.example', `node.example:${port}`, 'other.example:8443'];
  for (const host of hosts) {
    expect(await get(server, '/health', { host })).toMatchObject({ status: 200 });
    const headers = { host, origin: `https://${host}` };
    expect(await ask(server, { headers })).toMatchObject({ status: 200 });
  }
  for (const host of ['node.example:1', 'other.example', 'x.node.example']) {
    expect(await get(server, '/health', { host })).toMatchObject({ status: 403 });
  }
  const headers = { host: 'node.example', origin: 'https://other.example:8443' };
  expect(await ask(server, { headers })).toMatchObject({ status: 403 });
});

test('who guesses a password waits, and keeps no place while he does', async () => {
  const server = await serve({ limits: { guessMs: 60_000, connections: 1 } });
  const guess = ask(server, { headers: { authorization: basic('__cookie__:guess') } });
  const lost = guess.then(
    () => 'answered',
    () => 'hung up',
  );
  while (server.connections.size === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(await get(server, '/health')).toMatchObject({ status: 200 });
  expect(await lost).toBe('hung up');
});
