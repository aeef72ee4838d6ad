/** The HTTP server: who is let in, and what can be sent without harm. */
import { once } from 'node:events';
import { type OutgoingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type HttpLimits, type HttpServer, listen } from '../src/cli/httpserver.ts';

const credentials = '__cookie__:secret';
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

const servers: HttpServer[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) await server.close(0);
});

/** A server that answers each body with its length. */
async function serve(limits: Partial<HttpLimits> = {}): Promise<HttpServer> {
  const server = await listen({
    port: 0,
    credentials,
    answer: async (body) => {
      if (body === 'break') throw new Error('a bug');
      return body === ''
        ? { status: 204, body: undefined }
        : { status: 200, body: `${body.length}` };
    },
    door: async (body) => ({ status: 200, body: `door ${body.length}` }),
    health: () => ({ status: 'ok' }),
    limits,
  });
  servers.push(server);
  return server;
}

interface Sent {
  readonly path?: string;
  readonly method?: string;
  readonly body?: string | Uint8Array;
  readonly headers?: OutgoingHttpHeaders;
}

function ask({ port }: HttpServer, sent: Sent = {}) {
  const { path = '/', method = 'POST', body = 'x', headers = {} } = sent;
  const authorization = basic(credentials);
  return new Promise<{ status: number; says: string; told: NodeJS.Dict<string | string[]> }>(
    (resolve, reject) => {
      const asked = request(
        {
          host: '127.0.0.1',
          port,
          path,
          method,
          agent: false,
          headers: { authorization, ...headers },
        },
        (response) => {
          let says = '';
          response.on('data', (part) => {
            says += part;
          });
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, says, told: response.headers });
          });
        },
      );
      asked.on('error', reject);
      asked.end(body);
    },
  );
}

/** Sends these bytes as they are, and answers all that comes back until the other side hangs up. */
async function raw({ port }: HttpServer, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let said = '';
  socket.on('data', (part) => {
    said += part;
  });
  socket.on('error', () => {});
  socket.write(text);
  await new Promise((resolve) => socket.on('close', resolve));
  return said;
}

test('who has the cookie is answered', async () => {
  const server = await serve();
  expect(await ask(server, { body: 'four' })).toMatchObject({
    status: 200,
    says: '4',
    told: { 'content-type': 'application/json' },
  });
  expect(await ask(server, { body: '' })).toMatchObject({ status: 204, says: '' });
  expect(await ask(server, { path: '/door', body: 'four' })).toMatchObject({ says: 'door 4' });
});

test('the door for commands asks the same of whoever comes', async () => {
  const server = await serve({ bodyBytes: 1_000 });
  const path = '/door';
  const table = [
    [401, { headers: { authorization: '' } }],
    [403, { headers: { origin: 'http://evil.example' } }],
    [403, { headers: { 'sec-fetch-site': 'cross-site' } }],
    [403, { headers: { host: `evil.example:${server.port}` } }],
    [405, { method: 'GET', body: '' }],
    [413, { body: 'x'.repeat(1_001) }],
  ] as const;
  for (const [status, sent] of table) {
    expect(await ask(server, { path, ...sent })).toMatchObject({ status });
  }
  for (const near of ['/door/', '/door?', '//door', '/Door', '/doors']) {
    expect(await ask(server, { path: near })).toMatchObject({ status: 404 });
  }
});

test('who has it not is told how to ask, and no more', async () => {
  const server = await serve();
  const wrong = [
    '',
    'Basic',
    'Basic !',
    'Bearer secret',
    credentials,
    basic('secret'),
    basic('__cookie__:'),
    basic('__cookie__:secret2'),
    basic('__cookie__:Secret'),
    basic(`${credentials}\n`),
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
  expect(await ask(server, { path: '/health' })).toMatchObject({ status: 404 });
});

test('a body has a bound, told beforehand or not', async () => {
  const server = await serve({ bodyBytes: 1_000 });
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
  const server = await serve(limits);
  const host = `Host: 127.0.0.1:${server.port}\r\nAuthorization: ${basic(credentials)}\r\n`;
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
  const auth = `Authorization: ${basic(credentials)}\r\nContent-Length: 9\r\n\r\nx`;
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  await new Promise((done) => socket.write(head + auth, done));
  socket.resetAndDestroy();
  expect(await ask(server)).toMatchObject({ status: 200 });
});

test('there are so many connections and no more', async () => {
  const server = await serve({ connections: 2 });
  const held = [1, 2].map(() => connect(server.port, '127.0.0.1'));
  sockets.push(...held);
  await Promise.all(held.map((socket) => once(socket, 'connect')));
  expect(await raw(server, 'GET /health HTTP/1.1\r\n\r\n')).toBe('');
});

test('a port that somebody has is named', async () => {
  const { port } = await serve();
  const again = listen({
    port,
    credentials,
    answer: async () => ({ status: 204, body: undefined }),
    door: async () => ({ status: 204, body: undefined }),
    health: () => ({}),
  });
  await expect(again).rejects.toMatchObject({
    code: 'port-taken',
    message: expect.stringContaining(String(port)),
  });
});
