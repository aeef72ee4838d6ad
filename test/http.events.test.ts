/** Events over web sockets: what is told, whom, and what becomes of who does not listen. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { Hub, type HubSettings } from '../src/cli/hub.ts';
import { Log } from '../src/cli/log.ts';
import { spreadNews } from '../src/cli/news.ts';
import { type WebSocketLimits, WebSockets } from '../src/cli/websocket.ts';
import { regtest } from '../src/consensus/params.ts';
import { addressOf } from '../src/primitives/address.ts';
import { hashHeader } from '../src/primitives/block.ts';
import { txid } from '../src/primitives/transaction.ts';
import { get, open, raw, type Served, serve } from './caller.ts';
import { outputTo, pay } from './forge.ts';
import { plant } from './grove.ts';

interface Station extends Served {
  readonly hub: Hub;
}

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serveHub(
  limits: HubSettings['limits'] & Partial<WebSocketLimits> = {},
  clock = () => 0,
): Promise<Station> {
  const hub = new Hub({ prefix: regtest.prefix, clock, limits });
  const web = new WebSockets(hub, limits);
  closers.push(() => web.close());
  const upgrades = new Map([['/ws', web.upgrade.bind(web)]]);
  return { ...(await serve({ upgrades })), hub };
}

/** A client that reads; `next` is the next message, as JSON. */
async function join({ port }: Station, ...wishes: readonly unknown[]) {
  const web = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  closers.push(() => web.terminate());
  const messages: string[] = [];
  let wake = () => {};
  web.on('message', (message) => {
    messages.push(String(message));
    wake();
  });
  const next = async () => {
    while (messages.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return JSON.parse(messages.shift() ?? '');
  };
  const say = (text: string) => {
    web.send(text);
    return next();
  };
  await once(web, 'open');
  for (const subscribe of wishes) await say(JSON.stringify({ subscribe }));
  const closed = once(web, 'close').then(([code]) => code);
  return { web, next, say, closed };
}

/** The first bytes of a web socket. */
function handshake(port: number, more: readonly string[] = [], path = '/ws'): string {
  const key = randomBytes(16).toString('base64');
  const headers = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'];
  const host = more.some((line) => line.startsWith('Host:')) ? [] : [`Host: 127.0.0.1:${port}`];
  const lines = [...host, ...headers, `Sec-WebSocket-Key: ${key}`, ...more];
  return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

/** A text of a client on the wire, masked with zeros. */
function frame(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(0x81, 0x80 | bytes.length, 0, 0, 0, 0), bytes]);
}

/** A client that subscribes to blocks and never reads again. */
async function joinDeaf({ port }: Station): Promise<Socket> {
  const socket = open({ port }, handshake(port));
  await once(socket, 'data');
  socket.write(frame('{"subscribe":["block"]}'));
  await once(socket, 'data');
  return socket.pause();
}

test('blocks, payments and changes of branch are told as they happen', async () => {
  const station = await serveHub();
  const grove = await plant();
  const log = new Log({ network: 'regtest', quiet: true });
  closers.push(spreadNews(grove.node, station.hub, log));
  const { next } = await join(station, ['block', 'tx', 'reorg']);
  await grove.mine('a1');
  const a1 = grove.block('a1');
  expect(await next()).toEqual({
    event: 'block',
    height: 1,
    hash: hashHeader(a1.header),
    parent: hashHeader(grove.block('genesis').header),
    time: a1.header.time,
    transactions: 1,
    size: expect.any(Number),
    weight: expect.any(Number),
    fees: 0,
  });
  const coin = grove.minted('a1');
  const payment = pay([coin], { outputs: [outputTo(1, coin.coin.amount - 500n)] });
  expect(await grove.pay(payment)).toBe('waits');
  const told = await next();
  expect(told).toEqual({
    event: 'tx',
    txid: txid(payment),
    fee: 0.000_005,
    vsize: expect.any(Number),
    feerate: expect.any(Number),
  });
  expect(told.feerate).toBe(Math.floor((500 * 1_000) / told.vsize) / 1e8);
  await grove.mine('a2', { with: [payment], claim: 50n * 10n ** 8n + 500n });
  expect(await next()).toMatchObject({ height: 2, transactions: 2, fees: 0.000_005 });
  await grove.mine('b2', { on: 'a1' });
  await grove.mine('b3', { on: 'b2' });
  expect(await next()).toEqual({
    event: 'reorg',
    fork: { height: 1, hash: hashHeader(a1.header) },
    left: 1,
    joined: 2,
    disconnected: [hashHeader(grove.block('a2').header)],
    connected: ['b2', 'b3'].map((name) => hashHeader(grove.block(name).header)),
    message: 'the chain changed its branch at height 1: 1 block left and 2 blocks joined',
  });
  expect(await next()).toMatchObject({ event: 'block', height: 2 });
  expect(await next()).toMatchObject({ event: 'block', height: 3 });
});

test('who asks for an address hears of its payments alone', async () => {
  const station = await serveHub();
  const grove = await plant();
  const log = new Log({ network: 'regtest', quiet: true });
  closers.push(spreadNews(grove.node, station.hub, log));
  const addressOfKey = (seed: number) => addressOf(outputTo(seed, 1n).script, regtest.prefix);
  const payee = await join(station, [{ event: 'tx', address: addressOfKey(7)?.toUpperCase() }]);
  const payer = await join(station, [{ event: 'tx', address: addressOfKey(0) }]);
  for (const name of ['a1', 'a2', 'a3']) await grove.mine(name);
  const payments = [5, 7].map((seed, i) => {
    const coin = grove.minted(`a${i + 1}`);
    return pay([coin], { outputs: [outputTo(seed, coin.coin.amount - 1_000n)] });
  });
  for (const payment of payments) expect(await grove.pay(payment)).toBe('waits');
  const ids = payments.map(txid);
  expect((await payee.next()).txid).toBe(ids[1]);
  expect([(await payer.next()).txid, (await payer.next()).txid]).toEqual(ids);
});

test('a client hears what it asked for, and nothing after it has enough', async () => {
  const station = await serveHub();
  const { say, next } = await join(station);
  expect(await say('{"subscribe":["block","mining","block"]}')).toEqual({
    subscribed: ['block', 'mining'],
  });
  expect(await say('{"unsubscribe":["block"]}')).toEqual({ subscribed: ['mining'] });
  station.hub.broadcast({ topic: 'block', fields: { height: 1 } });
  station.hub.broadcast({ topic: 'mining', fields: { height: 2 } });
  expect(await next()).toEqual({ event: 'mining', height: 2 });
  expect(station.hub.wants('block')).toBe(false);
});

const wrong: readonly (readonly [string, string])[] = [
  ['{', 'this is not JSON'],
  ['['.repeat(30_000), 'this is not JSON'],
  ['[]', 'a message is an object like {"subscribe":["block"]}'],
  ['null', 'a message is an object like {"subscribe":["block"]}'],
  ['{"subscribe":"block"}', 'subscriptions are a list'],
  ['{"subscribe":["blocks"]}', 'an event is one of block, tx, reorg, mining, peer'],
  ['{"subscribe":[{"event":"toString"}]}', 'an event is one of block, tx, reorg, mining, peer'],
  ['{"subscribe":[{"event":"tx","address":"x"}]}', expect.any(String)],
  ['{"subscribe":[{"event":"tx","address":1}]}', 'an address is text'],
  ['{"subscribe":[{"event":"block","address":"x"}]}', "a 'block' has no address"],
  ['{"subscribe":[{"event":"tx","script":"00"}]}', "there is no filter 'script'"],
  ['{"listen":["tx"]}', "there is no message 'listen'"],
];

test('what makes no sense is answered, and changes nothing', async () => {
  const station = await serveHub();
  const { say } = await join(station, ['block']);
  for (const [text, error] of wrong) expect(await say(text)).toEqual({ error });
  expect(await say('{}')).toEqual({ subscribed: ['block'] });
});

test('there are so many subscriptions, so many messages and so many bytes', async () => {
  const station = await serveHub({ subscriptions: 2, messageBytes: 1_000 });
  const { say, web, closed } = await join(station, ['block', 'tx']);
  const error = 'there are at most 2 subscriptions';
  expect(await say('{"subscribe":["mining"]}')).toEqual({ error });
  for (let i = 0; i < 40; i++) web.send('{}');
  expect(await closed).toBe(1008);
  const large = await join(station);
  large.web.send('x'.repeat(1_001));
  expect(await large.closed).toBe(1009);
  const binary = await join(station);
  binary.web.send(Buffer.of(1));
  expect(await binary.closed).toBe(1003);
  while (station.hub.size > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('there are so many clients, and no more', async () => {
  const station = await serveHub({ clients: 2 });
  await join(station);
  const second = await join(station);
  expect(await raw(station, handshake(station.port))).toMatch(/^HTTP\/1\.1 503 /);
  second.web.close();
  await second.closed;
  while (station.hub.isFull) await new Promise((resolve) => setImmediate(resolve));
  await join(station);
});

test('only pages of our own may listen, and only on one path', async () => {
  const station = await serveHub();
  const { port } = station;
  const refused = [
    [403, handshake(port, ['Host: evil.example'])],
    [403, handshake(port, [`Host: evil.example:${port}`, `Origin: http://evil.example:${port}`])],
    [403, handshake(port, ['Origin: http://evil.example'])],
    [403, handshake(port, ['Origin: null'])],
    [403, handshake(port, ['Sec-Fetch-Site: cross-site'])],
    [404, handshake(port, [], '/')],
    [404, handshake(port, [], '/ws/more')],
    [400, handshake(port).replace('Sec-WebSocket-Key', 'X-Key')],
  ] as const;
  for (const [status, text] of refused) {
    const said = await raw(station, text);
    expect(said).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(said).not.toContain('Sec-WebSocket-Accept');
  }
  const own = open(station, handshake(port, [`Origin: http://127.0.0.1:${port}`]));
  const [first] = await once(own, 'data');
  expect(String(first)).toMatch(/^HTTP\/1\.1 101 /);
  expect(station.complaints).toEqual([]);
});

test('who does not answer a ping is gone', async () => {
  const station = await serveHub({ pingMs: 100 });
  const listening = await join(station, ['mining']);
  const deaf = await joinDeaf(station);
  deaf.resume();
  await once(deaf, 'close');
  station.hub.broadcast({ topic: 'mining', fields: {} });
  expect(await listening.next()).toEqual({ event: 'mining' });
});

test('a hundred that never read cost no more than one, and are dropped', async () => {
  const waitingBytes = 2 ** 16;
  const station = await serveHub({ waitingBytes, closeMs: 10 });
  const deaf = await Promise.all(Array.from({ length: 100 }, () => joinDeaf(station)));
  const { next, say } = await join(station, ['block']);
  expect(station.hub.size).toBe(101);
  const before = process.memoryUsage();
  let sent = 0;
  // What the system itself buffers, up to some megabytes for each, is full first.
  while (station.hub.size > 1) {
    const hash = `${sent}`.padEnd(60_000);
    station.hub.broadcast({ topic: 'block', fields: { hash } });
    expect(await next()).toEqual({ event: 'block', hash });
    sent++;
  }
  expect(sent).toBeLessThan(500);
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  // Each may keep one message and a part of it; they are the same for all.
  expect(arrayBuffers - before.arrayBuffers).toBeLessThan(40 * 2 ** 20);
  expect(heapUsed - before.heapUsed).toBeLessThan(40 * 2 ** 20);
  expect(await say('{}')).toEqual({ subscribed: ['block'] });
  expect(await get(station, '/health')).toMatchObject({ status: 200 });
  for (const socket of deaf) socket.destroy();
});

test('a client that is behind in many small messages is dropped, and told so', async () => {
  const station = await serveHub({ waitingMessages: 256 });
  const socket = await joinDeaf(station);
  // Fill what the system buffers, so that the rest waits in the program.
  while (station.hub.size > 0) {
    for (let i = 0; i < 100; i++) {
      station.hub.broadcast({ topic: 'block', fields: { hash: 'x'.repeat(2_000) } });
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  const parts: Uint8Array[] = [];
  socket.pipe(
    new Writable({
      write: (part, _encoding, done) => {
        parts.push(part);
        done();
      },
    }),
  );
  await once(socket, 'close');
  const end = Buffer.concat(parts).subarray(-12);
  expect([...end.subarray(0, 4)]).toEqual([0x88, 10, 1013 >> 8, 1013 & 0xff]);
  expect(String(end.subarray(4))).toBe('too slow');
});
