/** What strangers open over libp2p: connections, streams and sockets, and when no more of them. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Connection, Stream } from '@libp2p/interface';
import { afterEach, expect, test } from 'vitest';
import { protocolOf } from '../src/network/libp2prequest.ts';
import {
  maxAnswerBytes,
  maxGossipStreams,
  maxLongAnswers,
  maxQuestionBytes,
  maxRequestsFromPeer,
  maxSockets,
  maxStreams,
  maxStreamsInAll,
  slackBytes,
} from '../src/network/limits.ts';
import { gossipOf, meetRudely, messageOf, question } from './libp2p.rude.ts';
import { openHere, prefix, within } from './libp2p.world.ts';
import { codeOf, Member, never, patterned } from './transports.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

/** One that is started, and somebody rude who knows it. */
async function scene() {
  const one = new Member(await openHere());
  stops.push(() => one.transport.stop());
  await one.start();
  const rude = await meetRudely(one);
  stops.push(rude.stop);
  return { one, rude, connection: rude.connection };
}

test('of streams over which all was said only so many stay open', async () => {
  const { one, connection } = await scene();
  const ask = async () => (await within((await question(connection, 7)).frames.read())).get(0);
  // None of these is ever closed by who asks.
  for (let i = 0; i < maxStreams; i++) expect(await ask()).toBe(7);
  await expect(ask()).rejects.toMatchObject({ name: expect.stringMatching(/^Stream/) });
  expect(one.states).toHaveLength(1);
});

test('of streams for gossip only so many are open, and the latest is heard', async () => {
  const { one, connection } = await scene();
  // The first one is that of gossipsub itself.
  for (let i = 1; i < maxGossipStreams; i++) {
    await (await gossipOf(connection)).say(messageOf(`on ${i}`));
    await within(one.hears(`on ${i}`));
  }
  const { stream } = await gossipOf(connection);
  await within(isOver(stream));
  expect(stream.status).toBe('reset');
  expect(one.states).toHaveLength(1);
});

test('of streams on which nothing was said yet only so many are open', async () => {
  const { connection } = await scene();
  const muxer = muxerOf(connection);
  muxer.maxOutboundStreams = Number.POSITIVE_INFINITY;
  const ours = muxer.streams.filter(({ direction }) => direction === 'outbound');
  const open: Stream[] = [];
  while (ours.length + open.length <= maxStreamsInAll) open.push(await muxer.createStream());
  const last = open.pop();
  await within(isOver(last));
  expect(last?.status).toBe('reset');
  expect(open.filter(({ status }) => status !== 'open')).toEqual([]);
});

test('a question that never ends keeps its place, and takes none of the others', async () => {
  const { one, connection } = await scene();
  const half = Uint8Array.of(maxQuestionBytes.blocks & 127, 1);
  for (let i = 1; i < maxRequestsFromPeer; i++) {
    const stream = await connection.newStream(protocolOf(prefix, 'blocks'));
    stream.send(half);
  }
  const ask = async () => {
    const { stream, frames } = await question(connection, 7);
    const [answer] = await within(Promise.all([frames.read(), stream.close()]));
    return answer.get(0);
  };
  for (let i = 0; i < 10; i++) expect(await ask()).toBe(7);
  expect(one.states).toHaveLength(1);
});

test('a long answer is not made before those that were asked for earlier were taken', async () => {
  const { one, connection } = await scene();
  const answer = patterned(maxAnswerBytes.blocks);
  let made = 0;
  one.answer = async (method) => {
    if (method === 'blocks') made++;
    return method === 'blocks' ? answer : Uint8Array.of(7);
  };
  const asked = [];
  for (let i = 0; i <= maxLongAnswers; i++) {
    const opened = await question(connection, i, 'blocks');
    opened.stream.pause();
    asked.push(opened);
  }
  // Short ones are answered meanwhile.
  for (let i = 0; i < 5; i++) await within((await question(connection, 7)).frames.read());
  expect(made).toBe(maxLongAnswers);
  for (const { stream, frames } of asked) {
    stream.resume();
    expect((await within(frames.read())).byteLength).toBe(answer.length);
  }
  expect(made).toBe(maxLongAnswers + 1);
});

test('whoever leaves in line and comes back finds his turns again', async () => {
  const { one } = await scene();
  const two = new Member(await openHere());
  stops.push(() => two.transport.stop());
  await two.start();
  await within(two.dial(one));
  const { promise: work, resolve: finish } = Promise.withResolvers<Uint8Array>();
  const { promise: isBusy, resolve: begin } = Promise.withResolvers<void>();
  let made = 0;
  one.answer = () => {
    if (++made === maxLongAnswers) begin();
    return work;
  };
  const asked = Array.from({ length: 2 * maxLongAnswers }, () => codeOf(two.ask(one)));
  await within(isBusy);
  await one.transport.hangUp(two.transport.id);
  expect(new Set(await within(Promise.all(asked)))).toEqual(new Set(['peer-gone']));
  finish(Uint8Array.of());
  await within(two.dial(one));
  for (let i = 0; i < 2 * maxLongAnswers; i++) {
    expect(await within(two.ask(one))).toEqual(Uint8Array.of());
  }
  expect(made).toBe(3 * maxLongAnswers);
});

test('who says more than a question is heard no longer', async () => {
  const { one, connection } = await scene();
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  one.answer = () => {
    resolve();
    return never();
  };
  const { stream } = await question(connection, 7);
  await within(asked);
  const more = new Uint8Array(maxQuestionBytes.headers + slackBytes + 1);
  stream.send(more);
  await within(isOver(stream));
  expect(stream.status).toBe('reset');
});

test('of sockets that say nothing only so many are open', async () => {
  const one = new Member(await openHere({ listen: ['/ip4/127.0.0.1/tcp/0/ws'] }));
  stops.push(() => one.transport.stop());
  await one.start();
  const port = Number(one.transport.addresses()[0]?.split('/')[4]);
  const call = async () => {
    const socket = connect(port, '127.0.0.1');
    stops.push(() => socket.destroy());
    socket.on('error', () => {});
    await within(once(socket, 'connect'));
    return socket;
  };
  const sockets: Socket[] = [];
  for (let i = 0; i < maxSockets; i++) sockets.push(await call());
  await within(once(await call(), 'close'));
  expect(sockets.filter(({ destroyed }) => destroyed)).toEqual([]);
});

/** Settled once this stream is no more. */
async function isOver(stream: Stream | undefined): Promise<void> {
  if (stream?.status !== 'open') return;
  await new Promise((resolve) => stream.addEventListener('close', resolve, { once: true }));
}

interface Muxer {
  maxOutboundStreams: number;
  readonly streams: readonly Stream[];
  createStream(): Promise<Stream>;
}

/** What makes the streams of a connection; its type hides it. */
function muxerOf(connection: Connection): Muxer {
  return (connection as unknown as { readonly muxer: Muxer }).muxer;
}
