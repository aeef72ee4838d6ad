/** libp2p as the transport: it keeps the contract, and what else it promises. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import {
  maxAddresses,
  maxAnswerBytes,
  maxGossipBytes,
  maxRequestsFromPeer,
  maxRequestsToPeer,
} from '../src/network/limits.ts';
import { call, meetRudely, question } from './libp2p.rude.ts';
import { makeRealWorld, openHere, realTimers, within } from './libp2p.world.ts';
import { transportContract } from './network.contract.ts';
import { codeOf, Member, never, patterned } from './transports.ts';

transportContract('libp2p', () => makeRealWorld());

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

/** One that is started and will be stopped. */
async function member(...options: Parameters<typeof openHere>): Promise<Member> {
  const made = new Member(await openHere(...options));
  stops.push(() => made.transport.stop());
  await made.start();
  return made;
}

test('twelve that call at once are all let in', async () => {
  const one = await member();
  const others = await Promise.all(Array.from({ length: 12 }, () => member()));
  await within(Promise.all(others.map((other) => other.dial(one))));
  await within(one.sees(() => one.transport.peers().length === 12));
});

test('two that call one another at the same moment are ready to one another once', async () => {
  const [one, two] = [await member(), await member()];
  await within(Promise.all([one.dial(two), two.dial(one)]));
  expect([one.statesOf(two), two.statesOf(one)]).toEqual([['ready'], ['ready']]);
  expect(await within(one.ask(two))).toEqual(Uint8Array.of(7));
});

test('over WebSockets all is as over TCP', async () => {
  const one = await member({ listen: ['/ip4/127.0.0.1/tcp/0/ws'] });
  const two = await member();
  await within(two.dial(one));
  expect(two.transport.peers()[0]?.address).toContain('/ws/p2p/');
  expect(await within(two.ask(one))).toEqual(Uint8Array.of(7));
});

test('a key is a name, and keeps being it', async () => {
  const identity = patterned(32);
  const [one, again, other] = await Promise.all([
    openHere({ identity }),
    openHere({ identity }),
    openHere(),
  ]);
  expect(one.id).toBe(again.id);
  expect(one.id).not.toBe(other.id);
});

test('a port that is taken is said by its name', async () => {
  const one = await member();
  const [address = ''] = one.transport.addresses();
  const listen = [address.slice(0, address.indexOf('/p2p/'))];
  await expect(member({ listen })).rejects.toMatchObject({
    code: 'cannot-listen',
    message: expect.stringContaining(listen[0] ?? ''),
  });
});

test('those nearby are found, and nobody is dialled for it', async () => {
  const found = Promise.withResolvers<readonly string[]>();
  const two = await member({ isOnLan: true });
  const one = await openHere({ isOnLan: true });
  stops.push(() => one.stop());
  await one.start({
    onPeer: () => found.reject(new Error('somebody was dialled')),
    onFound: (peer, addresses) => {
      if (peer === two.transport.id) found.resolve(addresses);
    },
    onOffence: () => {},
    onGossip: async () => 'ignore',
    onRequest: never,
  });
  expect(await within(found.promise)).toEqual(two.transport.addresses());
  expect(one.peers()).toEqual([]);
});

test('no more questions reach a peer at once than it works on', async () => {
  const [one, two] = [await member(), await member()];
  await within(one.dial(two));
  let [here, most] = [0, 0];
  two.answer = async (_method, _from, bytes) => {
    most = Math.max(most, ++here);
    await new Promise(setImmediate);
    here--;
    return bytes;
  };
  await within(Promise.all(Array.from({ length: 40 }, () => one.ask(two))));
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(maxRequestsToPeer);
});

test('of one peer so many questions are worked on at once, and the next is refused', async () => {
  const one = await member();
  const rude = await meetRudely(one);
  stops.push(rude.stop);
  let asked = 0;
  const { promise: isBusy, resolve } = Promise.withResolvers<void>();
  one.answer = () => {
    if (++asked === maxRequestsFromPeer) resolve();
    return never();
  };
  for (let i = 0; i < maxRequestsFromPeer; i++) await question(rude.connection, 1);
  await within(isBusy);
  // It may be seen while the question is still being written, or after.
  const refused = question(rude.connection, 1).then(({ frames }) => frames.read());
  await expect(within(refused)).rejects.toMatchObject({
    name: expect.stringMatching(/^Stream(Reset|State)Error$/),
  });
  expect(asked).toBe(maxRequestsFromPeer);
});

test('whoever leaves and comes back finds the work that it began still counted', async () => {
  const [one, two] = [await member(), await member()];
  const { promise: work, resolve: finish } = Promise.withResolvers<Uint8Array>();
  const ask = () => codeOf(one.ask(two, Uint8Array.of(7), { method: 'headers' }));
  let begun = 0;
  while (begun < maxRequestsFromPeer) {
    await within(one.dial(two));
    const { promise: allBegun, resolve } = Promise.withResolvers<void>();
    const enough = begun + maxRequestsToPeer;
    two.answer = () => {
      if (++begun === enough) resolve();
      return work;
    };
    const asked = Promise.all(Array.from({ length: maxRequestsToPeer }, ask));
    await within(allBegun);
    await two.transport.hangUp(one.transport.id);
    expect(new Set(await within(asked))).toEqual(new Set(['peer-gone']));
  }
  await within(one.dial(two));
  expect(await within(ask())).toBe('peer-refused');
  expect(begun).toBe(maxRequestsFromPeer);
  finish(Uint8Array.of());
  await work;
  expect(await within(one.ask(two))).toEqual(Uint8Array.of());
});

test('of a long answer no more is sent than is taken, and all of it in the end', async () => {
  const one = await member();
  const rude = await meetRudely(one);
  stops.push(rude.stop);
  const answer = patterned(maxAnswerBytes.blocks);
  one.answer = async (_method, _from, [long]) => (long ? answer : Uint8Array.of());
  const ask = (long: number) => question(rude.connection, long);
  const { stream, frames } = await ask(1);
  stream.pause();
  for (let i = 0; i < 5; i++) await within((await ask(0)).frames.read());
  expect(one.transport.peers()[0]?.bytesOut).toBeLessThan(2_000_000);
  stream.resume();
  expect(Buffer.from((await within(frames.read())).subarray()).equals(answer)).toBe(true);
});

test('who never listens is hung up on in time, and until then nobody hears it', async () => {
  // A meeting takes ten seconds at most, which pass fifty times as fast here.
  const timers = {
    ...realTimers,
    after: (ms: number, go: () => void) => realTimers.after(ms / 50, go),
  };
  const one = await member({ timers });
  let asked = 0;
  one.answer = async (_method, _from, bytes) => {
    asked++;
    return bytes;
  };
  const rude = await call(one, { isListening: false });
  stops.push(rude.stop);
  const { frames } = await question(rude.connection, 1);
  await expect(within(frames.read())).rejects.toThrow();
  expect([asked, one.states]).toEqual([0, []]);
});

test('a peer that takes nothing of what is told is hung up on', async () => {
  const one = await member();
  const rude = await meetRudely(one);
  stops.push(rude.stop);
  const heard = rude.connection.streams.filter(
    ({ direction, protocol }) => direction === 'inbound' && protocol.startsWith('/meshsub/'),
  );
  expect(heard).toHaveLength(1);
  for (const stream of heard) stream.pause();
  const isGone = one.sees(() => one.states.some(({ state }) => state === 'gone'));
  const message = patterned(maxGossipBytes);
  for (let i = 0; i < 30; i++) {
    message[0] = i;
    await one.transport.publish('tx', message.slice());
  }
  await within(isGone);
});

test('a message longer than any may be is against the rules', async () => {
  const one = await member();
  await expect(one.transport.publish('tx', patterned(maxGossipBytes + 1))).rejects.toMatchObject({
    code: 'too-long',
  });
});

test('the same bytes on two topics are two messages', async () => {
  const [one, two] = [await member(), await member()];
  await within(one.dial(two));
  await one.tell('something', 'block');
  await one.tell('something', 'tx');
  await within(two.sees(() => two.heard.length === 2));
});

test('of many addresses a record has as many as it may', async () => {
  const listen = Array.from({ length: 7 }, () => '/ip4/127.0.0.1/tcp/0');
  const one = await member({ listen });
  expect(one.transport.addresses()).toHaveLength(maxAddresses);
  const record = await one.transport.ownRecord();
  const opened = await one.transport.openRecord(record ?? Uint8Array.of());
  expect(opened?.addresses).toEqual(one.transport.addresses());
  const two = await member();
  await within(two.dial(one));
  const theirs = await two.transport.recordOf(one.transport.id);
  expect((await two.transport.openRecord(theirs ?? Uint8Array.of()))?.addresses).toHaveLength(4);
});

test('who listens nowhere has no record, and can be connected all the same', async () => {
  const [one, two] = [await member({ listen: [] }), await member()];
  expect(await one.transport.ownRecord()).toBeUndefined();
  await within(one.dial(two));
  await within(two.sees(() => two.knows(one)));
  expect(await within(two.ask(one))).toEqual(Uint8Array.of(7));
});

test('a node that stops does so in a second, and then its process ends', async () => {
  const child = join(import.meta.dirname, 'libp2p.child.ts');
  const { stdout } = await within(promisify(execFile)(process.execPath, [child]));
  expect(stdout).toBe('stopped in time');
});
