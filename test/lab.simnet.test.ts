/** The simulated network: it keeps the contract, and its weather and walls are what they say. */
import { expect, test } from 'vitest';
import { Chance } from '../src/lab/chance.ts';
import { VirtualClock } from '../src/lab/clock.ts';
import { type Part, SimNet, type SimNetOptions } from '../src/lab/simnet.ts';
import { transportContract } from './network.contract.ts';
import { settle } from './settle.ts';
import { codeOf, Member, never } from './transports.ts';

transportContract('the simulated network', async () => {
  const clock = new VirtualClock(settle);
  const net = new SimNet({ clock, chance: new Chance('contract') });
  let count = 0;
  return {
    open: async (network) => net.join(`p${count++}`, { network }),
    until: (settled) => clock.finish(settled),
    close: async () => {},
  };
});

/** A world with members who write down what they hear, in this weather. */
async function gather(names: readonly string[], options: Partial<SimNetOptions> = {}) {
  const clock = new VirtualClock(settle);
  const net = new SimNet({ clock, chance: new Chance('gather'), ...options });
  const members = new Map<string, Member>();
  const join = async (name: string, part: Part = {}) => {
    const member = new Member(net.join(name, part));
    members.set(name, member);
    await member.start();
    return member;
  };
  for (const name of names) await join(name);
  const get = (name: string): Member => {
    const found = members.get(name);
    if (!found) throw new RangeError(`nobody is called ${name}`);
    return found;
  };
  const meet = (one: string, other: string) => clock.finish(get(one).dial(get(other)));
  return { clock, net, get, join, meet, all: members };
}

/** So many names. */
const named = (count: number) => Array.from({ length: count }, (_, i) => `p${i}`);

test('a wall stalls what is under way, which arrives when it falls in time', async () => {
  const { clock, net, get, meet } = await gather(['a', 'b']);
  await meet('a', 'b');
  net.split([['a'], ['b']]);
  const asking = get('a').ask(get('b'));
  expect(await clock.run(10_000, () => get('b').states.length > 1)).toBe(false);
  net.heal();
  expect(await clock.finish(asking)).toEqual(Uint8Array.of(7));
});

test('a request over a wall is `peer-timeout`, and both sides give up on one another', async () => {
  const { clock, net, get, meet } = await gather(['a', 'b']);
  await meet('a', 'b');
  net.split([['a'], ['b']]);
  const asking = codeOf(get('a').ask(get('b'), Uint8Array.of(1), { timeoutMs: 5_000 }));
  expect(await clock.finish(asking)).toBe('peer-timeout');
  await clock.run(30_000);
  expect([get('a'), get('b')].map(({ states }) => states.at(-1)?.state)).toEqual(['gone', 'gone']);
  expect(await clock.finish(codeOf(get('a').dial(get('b'))))).toBe('dial-failed');
  net.heal();
  await meet('a', 'b');
});

test('bytes take their time: a megabyte over a line of 100 kB a second takes ten', async () => {
  const weather = { bytesPerSecond: 100_000, delayMs: 10 };
  const { clock, get, meet } = await gather(['a', 'b'], { weather });
  await meet('a', 'b');
  get('b').answer = async () => new Uint8Array(1_000_000);
  const from = clock.nowMs();
  await clock.finish(get('a').ask(get('b'), Uint8Array.of(1), { maxBytes: 1_000_000 }));
  expect(clock.nowMs() - from).toBeCloseTo(10_020, 0);
});

test('what is told is lost as often as the weather says, and never heard twice', async () => {
  const weather = { loss: 0.3, duplication: 0.5 };
  const { clock, get, meet } = await gather(['a', 'b'], { weather });
  await meet('a', 'b');
  for (let i = 0; i < 500; i++) await get('a').tell(`message ${i}`);
  await clock.run(10_000);
  const heard = get('b').texts();
  expect(new Set(heard).size).toBe(heard.length);
  expect(heard.length).toBeGreaterThan(300);
  expect(heard.length).toBeLessThan(400);
});

test('what is told is overtaken where the weather says so, and else never', async () => {
  const orders = [0, 0.5].map(async (reordering) => {
    const { clock, get, meet } = await gather(['a', 'b'], {
      weather: { reordering, jitterMs: 100 },
    });
    await meet('a', 'b');
    for (let i = 10; i < 60; i++) await get('a').tell(`${i}`);
    await clock.run(20_000);
    return get('b').texts();
  });
  const [calm = [], wild = []] = await Promise.all(orders);
  expect(calm).toEqual(calm.toSorted());
  expect(wild).not.toEqual(calm);
  expect(wild.toSorted()).toEqual(calm);
});

test('a message is passed on to eight, and still everybody hears it', async () => {
  const { clock, get, meet, all } = await gather(named(30));
  for (let i = 0; i < 30; i++) {
    for (let j = 0; j < i; j++) await meet(`p${i}`, `p${j}`);
  }
  const bytesOut = () =>
    get('p1')
      .transport.peers()
      .filter(({ bytesOut: sent }) => sent > 0);
  await get('p0').tell('news');
  await clock.run(10_000);
  expect([...all.values()].filter((each) => each.texts().includes('news'))).toHaveLength(29);
  expect(bytesOut()).toHaveLength(8);
});

test('a killed node is gone at once, one without power only after silence', async () => {
  for (const [isSilent, mostMs] of [
    [false, 1_000],
    [true, 31_000],
  ] as const) {
    const { clock, net, get, join, meet } = await gather(['a', 'b']);
    await meet('a', 'b');
    const dead = net.at(get('b').transport.addresses()[0] ?? '');
    dead?.die(isSilent);
    const isGone = () => get('a').states.at(-1)?.state === 'gone';
    expect(await clock.run(1_000, isGone)).toBe(!isSilent);
    expect(await clock.run(mostMs, isGone)).toBe(true);
    expect(get('b').states).toHaveLength(1);
    await join('b');
    await meet('a', 'b');
  }
});

test('the dead hear nothing, and get no answer to what they asked', async () => {
  const { clock, net, get, meet } = await gather(['a', 'b']);
  await meet('a', 'b');
  let isAnswered = false;
  const answered = () => {
    isAnswered = true;
  };
  const dead = get('b').transport;
  const options = { timeoutMs: 100, maxBytes: 10 };
  dead.request('a', 'status', Uint8Array.of(1), options).then(answered, answered);
  dead.dial(get('a').transport.addresses()[0] ?? '', { timeoutMs: 1_000 });
  await get('a').tell('too late');
  net.join('b');
  dead.request('a', 'status', Uint8Array.of(1), options).then(answered, answered);
  await clock.run(60_000);
  expect(isAnswered).toBe(false);
  expect(get('b').texts()).toEqual([]);
  expect(get('b').states).toHaveLength(1);
});

test('whoever asks too much at once is refused what is too much', async () => {
  const { clock, net, get, join } = await gather(['a']);
  const rude = await join('rude', { isRude: true });
  await clock.finish(rude.dial(get('a')));
  get('a').answer = () => never();
  const asked = Array.from({ length: 10 }, () =>
    codeOf(rude.ask(get('a'), Uint8Array.of(1), { timeoutMs: 1_000 })),
  );
  const codes = await clock.finish(Promise.all(asked));
  expect(codes.filter((code) => code === 'peer-refused')).toHaveLength(2);
  expect(net.at('nowhere')).toBeUndefined();
});

test('those of one room find one another, and nobody else', async () => {
  const found: string[] = [];
  const clock = new VirtualClock(settle);
  const net = new SimNet({ clock, chance: new Chance('room') });
  for (const [id, room] of [
    ['a', 'here'],
    ['b', 'here'],
    ['c', 'there'],
  ] as const) {
    const deaf = { onPeer: () => {}, onOffence: () => {}, onGossip: never, onRequest: never };
    await net.join(id, { room }).start({
      ...deaf,
      onFound: (peer, [address]) => found.push(`${id} ${peer} ${address}`),
    });
  }
  await clock.run(1_000);
  const [a, b] = [net.addressOf('a'), net.addressOf('b')];
  expect(found).toEqual([`a b ${b}`, `b a ${a}`]);
});

test('whoever cannot be reached says no address, and can still call', async () => {
  const { clock, get, join, meet } = await gather(['a']);
  const inside = await join('inside', { canListen: false });
  expect(inside.transport.addresses()).toEqual([]);
  expect(await clock.finish(inside.transport.ownRecord())).toBeUndefined();
  await meet('inside', 'a');
  expect(get('a').transport.peers()).toMatchObject([{ id: 'inside', isInbound: true }]);
});
