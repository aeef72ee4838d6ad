/** The HTTP server: who is let in, and what can be sent without harm. */
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { ask, authorization, basic, open, raw, serve } from './caller.ts';

const cookie = '__cookie__:secret';

test('who has the cookie is answered', async () => {
  const server = await serve();
  expect(await ask(server, { body: 'four' })).toMatchObject({
    status: 200,
    says: '4',
    told: { 'content-type': 'application/json' },
  });
  expect(await ask(server, { body: '' })).toMatchObject({ status: 204, says: '' });
});

test('who has it not is told how to ask, and no more', async () => {
  const server = await serve();
  const wrong = [
    '',
    'Basic',
    'Basic !',
    'Bearer secret',
    cookie,
    basic('secret'),
    basic('__cookie__:'),
    basic('__cookie__:secret2'),
    basic('__cookie__:Secret'),
    basic(`${cookie}\n`),
  ];
  for (const authorization of wrong) {
    const { status, says, told } = await ask(server, { headers: { authorization } });
    expect({ authorization, status, says }).toEqual({ authorization, status: 401, says: '' });
    expect(told['www-authenticate']).toBe('Basic realm="jsonrpc"');
  }
});

test('only the names of this machine are answered to, on every path', async () => {
  const server = await serve();
  const { port } = server;
  for (const host of [
    `127.0.0.1:${port}`,
    `localhost:${port}`,
    `[::1]:${port}`,
    `LOCALHOST:${port}`,
  ]) {
    expect(await ask(server, { headers: { host } })).toMatchObject({ status: 200 });
  }
  const foreign = [
    'localhost',
    '127.0.0.1',
    `localhost:${port + 1}`,
    `localhost:0${port}`,
    `evil.example:${port}`,
    `localhost.evil.example:${port}`,
    `127.0.0.2:${port}`,
    `localhost:${port}, evil.example`,
  ];
  for (const host of foreign) {
    for (const path of ['/', '/health', '/nothing']) {
      const { status } = await ask(server, { path, headers: { host } });
      expect({ host, path, status }).toEqual({ host, path, status: 403 });
    }
  }
});

test('a page of another origin is refused, even with the cookie', async () => {
  const server = await serve();
  const own = `http://127.0.0.1:${server.port}`;
  expect(await ask(server, { headers: { origin: own } })).toMatchObject({ status: 200 });
  expect(await ask(server, { headers: { 'sec-fetch-site': 'same-origin' } })).toMatchObject({
    status: 200,
  });
  const foreign = [
    'null',
    'http://evil.example',
    `https://127.0.0.1:${server.port}`,
    `${own}0`,
    '',
  ];
  for (const origin of foreign) {
    expect(await ask(server, { headers: { origin } })).toMatchObject({ status: 403 });
  }
  expect(await ask(server, { headers: { 'sec-fetch-site': 'cross-site' } })).toMatchObject({
    status: 403,
  });
});

test('its health is no secret, and there is nothing else', async () => {
  const server = await serve();
  const open = { method: 'GET', body: '', headers: { authorization: '' } };
  expect(await ask(server, { ...open, path: '/health' })).toMatchObject({
    status: 200,
    says: '{"status":"ok"}\n',
  });
  expect(await ask(server, { ...open, path: '/' })).toMatchObject({ status: 405 });
  expect(await ask(server, { path: '/wallet' })).toMatchObject({ status: 404 });
  expect(await ask(server, { method: 'PUT' })).toMatchObject({ status: 405 });
  expect(await ask(server, { path: '/health' })).toMatchObject({ status: 405 });
});

test('a body has a bound, told beforehand or not', async () => {
  const server = await serve({ limits: { bodyBytes: 1_000 } });
  expect(await ask(server, { body: 'x'.repeat(1_000) })).toMatchObject({ status: 200 });
  expect(await ask(server, { body: 'x'.repeat(1_001) })).toMatchObject({ status: 413 });
  const chunked = { 'transfer-encoding': 'chunked' };
  const long = { body: 'x'.repeat(1_001), headers: chunked };
  expect(await ask(server, long)).toMatchObject({ status: 413 });
  expect(await ask(server, { body: 'x'.repeat(1_000), headers: chunked })).toMatchObject({
    status: 200,
  });
});

test('a bug in a method is an answer, and the next one is asked as before', async () => {
  const server = await serve();
  expect(await ask(server, { body: 'break' })).toMatchObject({ status: 500 });
  expect(server.complaints).toEqual([new Error('a bug')]);
  expect(await ask(server)).toMatchObject({ status: 200 });
});

const malformed: readonly (readonly [string, string])[] = [
  ['no HTTP at all', '\x00\x01\x02\r\n\r\n'],
  ['no version', 'GET /\r\n\r\n'],
  ['a header without end', `POST / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
  ['no host', 'POST / HTTP/1.1\r\n\r\n'],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  ['a length below nothing', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n'],
  [
    'a chunk that is none',
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  ],
  ['a host of old', 'POST / HTTP/1.0\r\n\r\n'],
];

test.each(malformed)('%s is refused, and the next one is answered', async (_what, text) => {
  const server = await serve();
  expect(await raw(server, text)).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
  expect(await ask(server)).toMatchObject({ status: 200 });
});

test('who sends slowly is hung up on, and keeps nobody waiting', async () => {
  const limits = { headerMs: 300, requestMs: 600, idleMs: 300 };
  const server = await serve({ limits });
  const host = `Host: 127.0.0.1:${server.port}\r\nAuthorization: ${authorization}\r\n`;
  const slow = [
    raw(server, 'POST / HT'),
    raw(server, `POST / HTTP/1.1\r\n${host}`),
    raw(server, `POST / HTTP/1.1\r\n${host}Content-Length: 9\r\n\r\nx`),
  ];
  expect(await ask(server)).toMatchObject({ status: 200 });
  for (const said of await Promise.all(slow)) expect(said).toMatch(/^(HTTP\/1\.1 408 |$)/);
});

test('who hangs up in the middle does no harm', async () => {
  const server = await serve();
  const head = `POST / HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n`;
  const auth = `Authorization: ${authorization}\r\nContent-Length: 9\r\n\r\nx`;
  const socket = open(server);
  await once(socket, 'connect');
  await new Promise((done) => socket.write(head + auth, done));
  socket.resetAndDestroy();
  expect(await ask(server)).toMatchObject({ status: 200 });
  expect(server.complaints).toEqual([]);
});

test('a port that somebody has is named', async () => {
  const { port } = await serve();
  await expect(serve({ port })).rejects.toMatchObject({
    code: 'port-taken',
    message: expect.stringContaining(String(port)),
  });
});
