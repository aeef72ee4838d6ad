/** Clients of events that do not listen: none of them is waited for. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { authorization, get, open } from './caller.ts';
import { handshake, join, type Station, serveHub } from './station.ts';

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

test('a server that closes waits neither for the deaf nor for who comes late', async () => {
  const station = await serveHub({ closeMs: 50 });
  const deaf = await joinDeaf(station);
  const late = open(station);
  late.write(`POST / HTTP/1.1\r\nHost: 127.0.0.1:${station.port}\r\n`);
  late.write(`Authorization: ${authorization}\r\nContent-Length: 1\r\n\r\nx`);
  await once(late, 'data');
  station.web.close();
  late.write(handshake(station.port));
  const [said] = await once(late, 'data');
  expect(String(said)).toMatch(/^HTTP\/1\.1 503 /);
  await station.close(1_000);
  deaf.destroy();
});
