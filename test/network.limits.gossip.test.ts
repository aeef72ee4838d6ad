/** What strangers tell over libp2p: how much of it is heard, and what they are hung up on for. */
import { afterEach, expect, test } from 'vitest';
import { topics } from '../src/network/boundary.ts';
import {
  gossipAtFirst,
  gossipBurst,
  gossipPerSecond,
  maxGossipBytes,
  maxGossipInBytes,
  maxGossipOutBytes,
  maxGossipWaiting,
} from '../src/network/limits.ts';
import {
  call,
  field,
  gossipOf,
  meetRudely,
  messageFields,
  messageOf,
  question,
  subscriptionTo,
} from './libp2p.rude.ts';
import { openHere, prefix, realTimers, within } from './libp2p.world.ts';
import { Member, patterned } from './transports.ts';

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

/** A member, and somebody rude with a stream to gossip over. */
async function scene(...options: Parameters<typeof openHere>) {
  const one = await member(...options);
  const rude = await meetRudely(one);
  stops.push(rude.stop);
  return { one, rude, ...(await gossipOf(rude.connection)) };
}

/** What became of the rude one, once it is known. */
async function fateOf({
  one,
  rude,
}: Awaited<ReturnType<typeof scene>>): Promise<readonly string[]> {
  await within(one.sees(() => one.states.some(({ state }) => state === 'gone')));
  expect(one.offences.map(({ peer }) => peer)).toEqual([rude.id]);
  return one.offences.map(({ why }) => why);
}

test('the longest message is heard, and one byte more ends the acquaintance', async () => {
  const met = await scene();
  await met.say(messageOf(patterned(maxGossipBytes)));
  await within(met.one.sees(() => met.one.heard.length === 1));
  expect(met.one.offences).toEqual([]);
  await met.say(messageOf(patterned(maxGossipBytes + 1)));
  expect(await fateOf(met)).toEqual(['a message of 400001 bytes']);
  expect(met.one.heard).toHaveLength(1);
});

test('so much gossip is taken at once, and one byte more ends the acquaintance', async () => {
  const met = await scene();
  const message = messageOf('heard');
  // A field that nobody knows is overlooked, whatever is in it.
  const overhead =
    field(15, new Uint8Array(maxGossipInBytes - 100)).length - maxGossipInBytes + 100;
  const padding = (length: number) => field(15, new Uint8Array(length - overhead));
  await met.say(message, padding(maxGossipInBytes - message.length));
  await within(met.one.hears('heard'));
  const other = messageOf('other');
  await met.say(other, padding(maxGossipInBytes - other.length + 1));
  expect(await fateOf(met)).toEqual(['too much gossip at once']);
  expect(met.one.texts()).toEqual(['heard']);
});

const foreign: Readonly<Record<string, readonly [Uint8Array, string]>> = {
  'cannot be read': [Uint8Array.of(0x12, 0x05, 1), 'malformed gossip'],
  'is of another topic': [messageOf('x', { topic: `${prefix}/tx/2` }), 'gossip of another topic'],
  ...Object.fromEntries(
    Object.entries(messageFields).map(([name, number]) => {
      const more = field(number, patterned(8));
      return [`has a ${name}`, [messageOf('x', { more }), 'signed gossip'] as const];
    }),
  ),
};

test.each(Object.entries(foreign))(
  'gossip that %s ends the acquaintance',
  async (_, [bytes, why]) => {
    const met = await scene();
    await met.say(messageOf('before'));
    await within(met.one.hears('before'));
    await met.say(bytes);
    expect(await fateOf(met)).toEqual([why]);
    expect(met.one.texts()).toEqual(['before']);
  },
);

test('so many messages of one peer are looked at, and after a rest many more', async () => {
  let nowMs = 0;
  const timers = { ...realTimers, nowMs: () => nowMs };
  const { one, rude, say } = await scene({ timers });
  const some = (count: number, name: string) =>
    Array.from({ length: count }, (_, i) => messageOf(`${name} ${i}`));
  const isTaken = async (count: number, name: string) => {
    const before = one.heard.length;
    await say(...some(count, name));
    await within(one.hears(`${name} ${count - 1}`));
    expect(one.heard).toHaveLength(before + count);
    await say(messageOf(`one more than ${name}`));
    await within((await question(rude.connection, 1)).frames.read());
    expect(one.heard).toHaveLength(before + count);
  };
  await isTaken(gossipAtFirst, 'at first');
  nowMs += 1_000;
  await isTaken(gossipPerSecond, 'later');
  nowMs += 60_000;
  await isTaken(gossipBurst, 'rested');
  expect(one.offences).toEqual([]);
});

test('so many messages wait for a peer of which nothing is known yet', async () => {
  const one = await member();
  const rude = await call(one, { isListening: false });
  stops.push(rude.stop);
  const { say } = await gossipOf(rude.connection);
  await say(...Array.from({ length: maxGossipWaiting + 1 }, (_, i) => messageOf(`early ${i}`)));
  await say(...topics.map((topic) => subscriptionTo(`${prefix}/${topic}/1`)));
  await within(one.sees(() => one.states.length === 1));
  await say(messageOf('last'));
  await within(one.hears('last'));
  expect(one.heard).toHaveLength(maxGossipWaiting + 1);
  expect(one.texts()).not.toContain(`early ${maxGossipWaiting}`);
});

test('who takes nothing of what is told is hung up on once so much waits for him', async () => {
  const { one, rude } = await scene();
  const ears = rude.connection.streams.filter(({ direction, protocol }) => {
    return direction === 'inbound' && protocol.startsWith('/meshsub/');
  });
  expect(ears).toHaveLength(1);
  ears[0]?.pause();
  const room = Math.floor(maxGossipOutBytes / maxGossipBytes);
  const tell = (i: number) => {
    const message = patterned(maxGossipBytes);
    message.set([i, 99], 0);
    return one.transport.publish('tx', message);
  };
  for (let i = 0; i < room; i++) await within(tell(i));
  expect(one.states).toEqual([{ peer: rude.id, state: 'ready' }]);
  // What the other side took before it was full may have made some room.
  for (let i = room; i < 2 * room; i++) await within(tell(i));
  await within(one.sees(() => one.states.length === 2));
  expect(one.offences).toEqual([]);
});
