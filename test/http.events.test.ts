/** Events over web sockets: what is told, and whom. */
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { type Client, Hub } from '../src/cli/hub.ts';
import { Log } from '../src/cli/log.ts';
import { spreadNews } from '../src/cli/news.ts';
import { regtest } from '../src/consensus/params.ts';
import { addressOf } from '../src/primitives/address.ts';
import { hashHeader } from '../src/primitives/block.ts';
import { txid } from '../src/primitives/transaction.ts';
import { open, raw } from './caller.ts';
import { outputTo, pay } from './forge.ts';
import { plant } from './grove.ts';
import { handshake, join, serveHub } from './station.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

test('blocks, payments and changes of branch are told as they happen', async () => {
  const station = await serveHub();
  const grove = await plant();
  const said: { message: string }[] = [];
  const output = new Writable({
    write(line, _encoding, done) {
      said.push(JSON.parse(String(line)));
      done();
    },
  });
  const log = new Log({ network: 'regtest', json: true }, output);
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
  const counts = '1 block left and 2 blocks joined; 1 payment waits again';
  const message = `the chain changed its branch at height 1: ${counts}`;
  expect(await next()).toEqual({
    event: 'reorg',
    fork: { height: 1, hash: hashHeader(a1.header) },
    left: 1,
    joined: 2,
    disconnected: [hashHeader(grove.block('a2').header)],
    connected: ['b2', 'b3'].map((name) => hashHeader(grove.block(name).header)),
    waiting: [txid(payment)],
    message,
  });
  expect(await next()).toMatchObject({ event: 'block', height: 2 });
  expect(await next()).toMatchObject({ event: 'block', height: 3 });
  expect(said).toEqual([
    expect.objectContaining({ level: 'info', message, fork: hashHeader(a1.header) }),
  ]);
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

test('a message is made once, however many hear it', () => {
  const hub = new Hub({ prefix: regtest.prefix, clock: () => 0 });
  const heard = new Set<Uint8Array>();
  for (let i = 0; i < 3; i++) {
    const client: Client = {
      waiting: { messages: 0, bytes: 0 },
      send: (message) => heard.add(message),
      drop: () => {},
    };
    hub.register(client);
    hub.hear(client, '{"subscribe":["mining"]}');
  }
  heard.clear();
  hub.broadcast({ topic: 'mining', fields: {} });
  expect(heard.size).toBe(1);
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
