/** What one peer may cost us: so much at once, more in time, and nothing beyond. */
import { describe, expect, test } from 'vitest';
import { HeaderTree } from '../src/network/headers.ts';
import {
  announcementBurst,
  announcementsPerSecond,
  checkBurst,
  checksPerSecond,
  costBurst,
  costPerSecond,
  maxRefused,
  maxShunned,
  maxStrikes,
  paymentBurst,
  paymentsPerSecond,
} from '../src/network/limits.ts';
import { answerCodes, Locator } from '../src/network/messages.ts';
import { Peer } from '../src/network/peer.ts';
import { Relay } from '../src/network/relay.ts';
import { bytesPerCost, costs } from '../src/network/serve.ts';
import { Header } from '../src/primitives/block.ts';
import { encode, type Hash } from '../src/primitives/codec.ts';
import { Transaction } from '../src/primitives/transaction.ts';
import { inputOf, outputTo } from './forge.ts';
import { grass } from './grove.ts';
import { meet } from './stranger.ts';
import { Village } from './village.ts';

/** A victim, and a stranger who has said hello and rested. */
async function scene() {
  const village = new Village('rates');
  const victim = await village.settle('victim');
  const stranger = await meet(village, 'stranger', {});
  await stranger.visit('victim');
  await village.clock.run(60_000);
  const { network } = victim.online;
  return {
    ...{ village, victim, network },
    /** Tells so often what harms nobody. */
    tell: async (topic: 'block' | 'tx', count: number) => {
      for (let i = 0; i < count; i++) {
        expect(await network.hear(topic, 'stranger', harmless[topic])).toBe('ignore');
      }
    },
    /** Tells what is rejected wherever it is looked at, another one each time. */
    lie: (topic: 'block' | 'tx') => network.hear(topic, 'stranger', Uint8Array.of(1, 2, 3)),
  };
}

/** Spends coins that nobody knows; or the same one again and again, which is against the rules. */
function paymentOf(inputs: number, isTwice = false, lockTime = 0): Transaction {
  const place = (i: number) => ({ txid: 'ab'.repeat(32) as Hash, index: isTwice ? 0 : i });
  return {
    ...{ version: 2, lockTime, outputs: [outputTo(1, 1n)] },
    inputs: Array.from({ length: inputs }, (_, i) => inputOf(place(i))),
  };
}

const harmless = {
  block: encode(Header, grass.genesis.header),
  tx: encode(Transaction, paymentOf(1)),
};

const rates = [
  ['block', announcementBurst, announcementsPerSecond],
  ['tx', paymentBurst, paymentsPerSecond],
] as const;

describe.each(rates)('of what is told on the topic %s', (topic, burst, perSecond) => {
  test('so much is looked at after a rest', async () => {
    const { victim, tell, lie } = await scene();
    await tell(topic, burst - 1);
    expect(await lie(topic)).toBe('reject');
    expect(victim.banned).toEqual(['stranger']);
  });

  test('what comes beyond that is not, and nobody is blamed', async () => {
    const { village, victim, tell, lie } = await scene();
    await tell(topic, burst);
    expect(await lie(topic)).toBe('ignore');
    expect(victim.banned).toEqual([]);
    await village.clock.run(1_000);
    await tell(topic, perSecond);
    expect(await lie(topic)).toBe('ignore');
    await village.clock.run(1_000 / perSecond);
    expect(await lie(topic)).toBe('reject');
  });
});

describe('of signatures', () => {
  const twice = (count: number) => encode(Transaction, paymentOf(count, true));
  const hear = ({ network }: Awaited<ReturnType<typeof scene>>, bytes: Uint8Array) =>
    network.hear('tx', 'stranger', bytes);

  test('so many are checked after a rest, and not one more', async () => {
    expect(await hear(await scene(), twice(checkBurst))).toBe('reject');
    const beyond = await scene();
    expect(await hear(beyond, twice(checkBurst + 1))).toBe('ignore');
    expect(beyond.victim.banned).toEqual([]);
  });

  test('so many more are checked in a second', async () => {
    const met = await scene();
    expect(await hear(met, encode(Transaction, paymentOf(checkBurst)))).toBe('ignore');
    await met.village.clock.run(1_000);
    expect(await hear(met, twice(checksPerSecond + 1))).toBe('ignore');
    expect(await hear(met, twice(checksPerSecond))).toBe('reject');
  });
});

describe('of questions', () => {
  const locator = encode(Locator, []);

  test('so many are answered after a rest, and more in time; else the answer is busy', async () => {
    const { village, victim, network } = await scene();
    const ask = async () => (await network.answer('headers', 'stranger', locator))[0];
    const most = costBurst / costs.headers;
    for (let i = 0; i < most; i++) expect(await ask()).toBe(answerCodes.ok);
    expect(await ask()).toBe(answerCodes.busy);
    await village.clock.run((1_000 * costs.headers) / costPerSecond);
    expect([await ask(), await ask()]).toEqual([answerCodes.ok, answerCodes.busy]);
    expect(victim.banned).toEqual([]);
  });

  test('one with a long answer costs more', async () => {
    const { village, victim, network } = await scene();
    await village.mine(victim, bytesPerCost / 80 + 1);
    await village.clock.run(60_000);
    const ask = async () => (await network.answer('headers', 'stranger', locator))[0];
    const most = Math.floor(costBurst / (costs.headers + 1));
    for (let i = 0; i < most; i++) expect(await ask()).toBe(answerCodes.ok);
    expect(await ask()).toBe(answerCodes.busy);
  });
});

describe('a peer that fails', () => {
  test('is left at the last of so many strikes, and is not banned', async () => {
    const { victim, network } = await scene();
    const peer = network.wire.peers.get('stranger');
    if (!peer) throw new Error('nobody is there');
    for (let i = 1; i < maxStrikes; i++) network.wire.strike(peer, 'it failed');
    expect([peer.isGone, network.wire.isShunned('stranger')]).toEqual([false, false]);
    network.wire.strike(peer, 'it failed');
    expect([peer.isGone, network.wire.isShunned('stranger')]).toEqual([true, true]);
    expect(victim.banned).toEqual([]);
  });

  test('is kept away until so many others are', async () => {
    const { network } = await scene();
    const leave = (i: number) => network.wire.leave(new Peer(`peer ${i}`), 'it failed');
    for (let i = 0; i < maxShunned; i++) leave(i);
    expect(network.wire.isShunned('peer 0')).toBe(true);
    leave(maxShunned);
    expect([0, 1, maxShunned].map((i) => network.wire.isShunned(`peer ${i}`))).toEqual([
      ...[false, true, true],
    ]);
  });
});

test('of payments that were refused so many are remembered, the latest', async () => {
  const { network } = await scene();
  const news = { onHeader: () => {}, onUnknown: () => {}, leastWork: () => 0n };
  const relay = new Relay(network.wire, new HeaderTree(), { ...news, isBehind: () => false });
  const take = (i: number) => relay.take(new Peer(`peer ${i}`), paymentOf(2, true, i));
  for (let i = 0; i < maxRefused; i++) expect(await take(i)).toBe('reject');
  expect(await take(0)).toBe('ignore');
  expect(await take(maxRefused)).toBe('reject');
  expect([await take(1), await take(0)]).toEqual(['ignore', 'reject']);
  relay.onBlock();
  expect(await take(1)).toBe('reject');
});
