/** Whom a node dials and remembers: so many, and nothing beyond. */
import { describe, expect, test } from 'vitest';
import { Guard } from '../src/chain/guard.ts';
import { Book } from '../src/network/book.ts';
import {
  maxAddresses,
  maxCandidates,
  maxFailures,
  maxRecords,
  maxRemembered,
  targetOutbound,
} from '../src/network/limits.ts';
import { decodeAnswer, Records } from '../src/network/messages.ts';
import { machine, memory } from './grove.ts';
import { meet } from './stranger.ts';
import { Village, type Villager } from './village.ts';

/** Addresses at which nobody listens. */
const nowhere = (count: number) =>
  Array.from({ length: count }, (_, i) => `/ip4/10.9.${i >> 8}.${i & 255}/tcp/3000/p2p/nobody${i}`);

/** So many strangers who listen, and where. */
async function crowd(village: Village, count: number) {
  const strangers = [];
  for (let i = 0; i < count; i++) strangers.push(await meet(village, `stranger ${i}`, {}));
  return strangers;
}

const outboundOf = ({ online }: Villager) =>
  online.transport.peers().filter(({ isInbound }) => !isInbound).length;

/** How often this one called in vain. */
const failuresOf = ({ told }: Villager) =>
  told.filter((line) => line.includes('could not connect')).length;

describe('of its own accord a node makes', () => {
  test('so many connections, and further ones only where a person says so', async () => {
    const village = new Village('outbound');
    const victim = await village.settle('victim');
    const strangers = await crowd(village, targetOutbound + 2);
    for (const { transport } of strangers) {
      victim.online.keeper.onFound(transport.id, transport.addresses());
    }
    await village.clock.run(60_000);
    expect(outboundOf(victim)).toBe(targetOutbound);
    for (const { transport } of strangers) {
      for (const address of transport.addresses()) victim.online.keeper.add(address);
    }
    await village.clock.run(60_000);
    expect(outboundOf(victim)).toBe(targetOutbound + 2);
  });

  test('half as many to those that strangers told of', async () => {
    const village = new Village('told');
    const hub = await village.settle('hub');
    for (const stranger of await crowd(village, targetOutbound)) await stranger.visit('hub');
    const victim = await village.settle('victim', ['hub']);
    await village.clock.run(60_000);
    expect(outboundOf(victim)).toBe(targetOutbound / 2);
    expect([...hub.banned, ...victim.banned]).toEqual([]);
  });
});

describe('of addresses that are told', () => {
  /** Is a villager met whose address comes after so many at which nobody is? */
  async function isMetAfter(count: number): Promise<boolean> {
    const village = new Village('candidates');
    const victim = await village.settle('victim');
    const [stranger] = await crowd(village, 1);
    for (const [i, address] of nowhere(count).entries()) {
      victim.online.keeper.onFound(`nobody${i}`, [address]);
    }
    const { id = '' } = stranger?.transport ?? {};
    victim.online.keeper.onFound(id, stranger?.transport.addresses() ?? []);
    return village.clock.run(2_000_000, () => victim.online.network.wire.peers.has(id));
  }

  test('so many are noted', async () => {
    expect(await isMetAfter(maxCandidates - 1)).toBe(true);
    expect(await isMetAfter(maxCandidates)).toBe(false);
  });

  test.each([
    [maxAddresses - 1, true],
    [maxAddresses, false],
  ])('of one peer that behind %i others is dialled: %s', async (count, isMet) => {
    const village = new Village('addresses');
    const victim = await village.settle('victim');
    const [stranger] = await crowd(village, 1);
    const { id = '' } = stranger?.transport ?? {};
    const addresses = [...nowhere(count), ...(stranger?.transport.addresses() ?? [])];
    victim.online.keeper.onFound(id, addresses);
    await village.clock.run(60_000);
    expect(victim.online.network.wire.peers.has(id)).toBe(isMet);
  });

  test('one at which nobody answers is called so often and forgotten', async () => {
    const village = new Village('failures');
    const victim = await village.settle('victim');
    const [address = ''] = nowhere(1);
    victim.online.keeper.onFound('nobody0', [address]);
    await village.clock.run(4_000_000);
    expect(failuresOf(victim)).toBe(maxFailures);
    victim.online.keeper.onFound('nobody0', [address]);
    await village.clock.run(4_000_000);
    expect(failuresOf(victim)).toBe(2 * maxFailures);
  });

  test('one that a person named is called for ever', async () => {
    const village = new Village('manual');
    const victim = await village.settle('victim');
    for (const address of nowhere(1)) victim.online.keeper.add(address);
    await village.clock.run(4_000_000);
    expect(failuresOf(victim)).toBeGreaterThan(maxFailures);
  });
});

test('so many records are in an answer, though more peers are there', async () => {
  const village = new Village('records');
  const victim = await village.settle('victim');
  const strangers = await crowd(village, maxRecords);
  const count = async () => {
    const answer = await victim.online.keeper.answer();
    return decodeAnswer(Records, answer).length;
  };
  const last = strangers.pop();
  for (const stranger of strangers) await stranger.visit('victim');
  // Its own is one of them.
  expect(await count()).toBe(maxRecords);
  await last?.visit('victim');
  expect(victim.online.network.wire.peers.size).toBe(maxRecords);
  expect(await count()).toBe(maxRecords);
});

test('so many peers are remembered, the latest, each with so many addresses', async () => {
  const guard = await Guard.open({ database: memory(), ...machine });
  const book = await Book.open(guard);
  const remember = (i: number) => book.remember(`peer ${i}`, nowhere(maxAddresses + 1), i);
  for (let i = 0; i < maxRemembered; i++) await remember(i);
  const oldest = () => book.all().at(-1)?.[0];
  expect([book.all().length, oldest()]).toEqual([maxRemembered, 'peer 0']);
  await remember(maxRemembered);
  expect([book.all().length, oldest()]).toEqual([maxRemembered, 'peer 1']);
  const again = (await Book.open(guard)).all();
  expect(again.length).toBe(maxRemembered);
  expect(new Set(again.map(([, { addresses }]) => addresses.length))).toEqual(
    new Set([maxAddresses]),
  );
});
