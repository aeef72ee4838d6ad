/** The peers of a node that runs: what is kept of those who are gone or may not come. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { base58 } from '@scure/base';
import { afterAll, expect, test } from 'vitest';
import { BanList } from '../src/cli/banlist.ts';
import { LivePeers } from '../src/cli/livepeers.ts';
import { maxBans } from '../src/network/limits.ts';
import { noon } from './grove.ts';
import { meet } from './stranger.ts';
import { Village } from './village.ts';

const folder = mkdtempSync(join(tmpdir(), 'livepeers-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const newBans = (now = () => noon) => new BanList(join(folder, `${files++}.json`), now);

/** The name of the peer of this number. */
function nameOf(number: number): string {
  const digest = new Uint8Array(34);
  new DataView(digest.buffer).setUint32(2, number);
  digest.set([0x12, 32]);
  return base58.encode(digest);
}

test('so many names are banned, the latest, and the subnets that a person banned stay', () => {
  let now = noon;
  const bans = newBans(() => now);
  bans.add('1.2.3.0/24', noon + 86_400);
  const ban = (number: number) => {
    now++;
    bans.add(nameOf(number), now + 86_400);
  };
  for (let i = 0; i < maxBans; i++) ban(i);
  expect([bans.list().length, bans.isBanned(nameOf(0))]).toEqual([maxBans + 1, true]);
  ban(maxBans);
  expect(bans.list()).toHaveLength(maxBans + 1);
  expect([0, 1, maxBans].map((i) => bans.isBanned(nameOf(i)))).toEqual([false, true, true]);
  expect(bans.isBanned('1.2.3.4')).toBe(true);
});

test('who lies is banned by name, and by address where it is his alone', () => {
  const peers = new LivePeers(newBans(), { now: () => noon, nowMs: () => 0 });
  const { networkBans } = peers;
  const [public4, public6, classroom] = [
    '/ip4/8.8.8.8/tcp/1',
    '/ip6/2606:4700::1/tcp/1',
    '/ip4/192.168.1.1/tcp/1',
  ] as const;
  for (const [i, address] of [public4, public6, classroom, undefined].entries()) {
    networkBans.ban(nameOf(i), address, 60, 'it lied');
    expect(networkBans.isBanned(nameOf(i), '/ip4/9.9.9.9/tcp/2')).toBe(true);
  }
  const other = nameOf(7);
  const isAddressBanned = [public4, public6, classroom].map((address) => {
    return networkBans.isBanned(other, address.replace('tcp/1', 'tcp/50000'));
  });
  expect(isAddressBanned).toEqual([true, true, false]);
});

test('a peer that comes again has another number, and what it sent still counts', async () => {
  const village = new Village('totals');
  const { online } = await village.settle('node');
  const peers = new LivePeers(newBans(), { now: () => noon, nowMs: village.clock.nowMs });
  peers.attach(online);
  const stranger = await meet(village, 'stranger', {});
  await stranger.visit('node');
  expect(peers.peers().map(({ id }) => id)).toEqual([0]);
  const before = peers.totals();
  expect(before.receivedBytes).toBeGreaterThan(0);
  await village.clock.finish(stranger.transport.hangUp('node'));
  await village.clock.run(1_000);
  peers.changed();
  expect(peers.totals()).toEqual(before);
  await stranger.visit('node');
  expect(peers.peers().map(({ id }) => id)).toEqual([1]);
  expect(peers.totals().receivedBytes).toBeGreaterThan(before.receivedBytes);
});
