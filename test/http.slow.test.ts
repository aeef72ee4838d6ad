/** The HTTP server and those who take their time: none of them keeps the owner waiting. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { HttpLimits } from '../src/cli/httpserver.ts';
import type { Route } from '../src/cli/route.ts';
import { ask, authorization, get, open, type Served, serve } from './caller.ts';

/** Short enough for a test; a slow one has half a second for everything. */
const limits: Partial<HttpLimits> = {
  headerMs: 500,
  requestMs: 500,
  idleMs: 500,
  answerMs: 500,
};

const crowd = 300;

/** So many connections that begin like this, once each is there. */
async function gather(server: Served, text: string): Promise<readonly Socket[]> {
  const sockets = Array.from({ length: crowd }, () => open(server, text));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  return sockets;
}

const gone = (sockets: readonly Socket[]) =>
  Promise.all(
    sockets.map(async (socket) => {
      if (!socket.closed) await once(socket, 'close');
    }),
  );

const slow: readonly (readonly [string, (host: string) => string])[] = [
  ['that say nothing', () => ''],
  ['that never end their headers', (host) => `GET /health HTTP/1.1\r\nHost: ${host}\r\nX-Slow: `],
  [
    'that never end a body nobody asked for',
    (host) => `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 100\r\n\r\nx`,
  ],
  ['that ask once and stay', (host) => `GET /health HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
];

test.each(slow)('%s keep no place, and the owner is answered', async (_who, begin) => {
  const server = await serve({ limits });
  const sockets = await gather(server, begin(`127.0.0.1:${server.port}`));
  // A byte now and then, as long as there is somebody to take it.
  const drip = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write('a');
  }, 20);
  for (const socket of sockets) socket.resume();
  for (let i = 0; i < 20; i++) {
    expect(await ask(server)).toMatchObject({ status: 200 });
    expect(await get(server, '/health')).toMatchObject({ status: 200 });
    expect(server.connections.size).toBeLessThanOrEqual(130);
  }
  await gone(sockets);
  clearInterval(drip);
  expect(server.connections.size).toBe(0);
  expect(await ask(server)).toMatchObject({ status: 200 });
});

test('who never ends a body he may send, and who never reads, are hung up on', async () => {
  const large: Route = {
    method: 'GET',
    path: '/large',
    admits: 'anybody',
    answer: () => ({ status: 200, body: 'x'.repeat(2 ** 24) }),
  };
  const end: Route = {
    method: 'POST',
    path: '/',
    admits: 'owner',
    answer: ({ body }) => ({ status: 200, body }),
  };
  const server = await serve({ limits, routes: [large, end] });
  const host = `HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n`;
  const owner = `Authorization: ${authorization}\r\nContent-Length: 100\r\n`;
  const sockets = [
    ...Array.from({ length: 10 }, () => open(server, `GET /large ${host}\r\n`).pause()),
    ...Array.from({ length: 10 }, () => open(server, `POST / ${host}${owner}\r\nx`).resume()),
  ];
  expect(await ask(server, { body: 'here' })).toMatchObject({ status: 200, says: 'here' });
  while (server.connections.size > 0) await new Promise((resolve) => setImmediate(resolve));
  for (const socket of sockets) socket.resume();
  await gone(sockets);
});

test('who comes when all places are taken gets that of the oldest idle stranger', async () => {
  const server = await serve({ limits: { connections: 3 } });
  const host = `HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n`;
  const owner = open(server, `POST / ${host}Authorization: ${authorization}\r\n`);
  owner.write('Content-Length: 1\r\n\r\nx');
  await once(owner, 'data');
  const [first, second] = [open(server), open(server)];
  await Promise.all([first, second].map((socket) => once(socket, 'connect')));
  const third = open(server);
  await once(first, 'close');
  const fourth = open(server);
  await once(second, 'close');
  expect([owner, third, fourth].map(({ closed }) => closed)).toEqual([false, false, false]);
});

test('where all places are worked for, who comes is turned away', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const route: Route = {
    method: 'POST',
    path: '/',
    admits: 'owner',
    answer: async ({ body }) => {
      begun.resolve();
      await promise;
      return { status: 200, body };
    },
  };
  const server = await serve({ limits: { connections: 1 }, routes: [route] });
  const asked = ask(server, { body: 'kept' });
  await begun.promise;
  await once(open(server), 'close');
  resolve();
  expect(await asked).toMatchObject({ status: 200, says: 'kept' });
});

test('strangers that ask much at once do not keep the owner waiting', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const two = Promise.withResolvers<void>();
  let count = 0;
  const wait: Route = {
    method: 'GET',
    path: '/wait',
    admits: 'anybody',
    answer: async () => {
      count++;
      if (count === 2) two.resolve();
      await promise;
      return { status: 200, body: '1' };
    },
  };
  const mine: Route = {
    method: 'POST',
    path: '/',
    admits: 'owner',
    answer: () => ({ status: 200, body: 'mine' }),
  };
  const server = await serve({ limits: { openRequests: 2 }, routes: [wait, mine] });
  const held = [get(server, '/wait'), get(server, '/wait')];
  await two.promise;
  expect(await get(server, '/wait')).toMatchObject({ status: 503 });
  expect(await ask(server)).toMatchObject({ status: 200, says: 'mine' });
  resolve();
  for (const each of held) expect(await each).toMatchObject({ status: 200 });
});

test('who hangs up is waited for no more', async () => {
  const aborted = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const route: Route = {
    method: 'POST',
    path: '/',
    admits: 'owner',
    answer: ({ signal }) => {
      signal.addEventListener('abort', () => aborted.resolve());
      begun.resolve();
      return new Promise(() => {});
    },
  };
  const server = await serve({ routes: [route] });
  const head = `POST / HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n`;
  const socket = open(
    server,
    `${head}Authorization: ${authorization}\r\nContent-Length: 0\r\n\r\n`,
  );
  await begun.promise;
  socket.destroy();
  await aborted.promise;
});
