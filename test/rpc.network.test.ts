/** The methods of the network, while nobody is connected: what is added, banned and switched. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { BanList } from '../src/cli/banlist.ts';
import { isMeant, parseSubject } from '../src/primitives/subnet.ts';
import { noon } from './grove.ts';
import { NoPeers } from './nopeers.ts';
import { type Asked, plantAsked } from './rpc.ts';

const peerId = '12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA';
const keyHash = 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N';

const written: readonly (readonly [string, string | undefined])[] = [
  ['1.2.3.4', '1.2.3.4/32'],
  ['1.2.3.4/32', '1.2.3.4/32'],
  ['1.2.3.4/24', '1.2.3.0/24'],
  ['1.2.3.4/255.255.254.0', '1.2.2.0/23'],
  ['1.2.3.4/0', '0.0.0.0/0'],
  ['::1', '::1/128'],
  ['2001:DB9:0:0:1:0:0:1', '2001:db9::1:0:0:1/128'],
  ['2001:db9:0:1:0:0:0:1/64', '2001:db9:0:1::/64'],
  ['1:0:0:2::/128', '1:0:0:2::/128'],
  ['fe80::1:2/10', 'fe80::/10'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8/128'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0/128'],
  ['::ffff:1.2.3.4', '1.2.3.4/32'],
  ['64:ff9b::1.2.3.4', '64:ff9b::102:304/128'],
  [peerId, peerId],
  [keyHash, keyHash],
  ['', undefined],
  ['1.2.3', undefined],
  ['1.2.3.256', undefined],
  ['1.2.3.04', undefined],
  ['1.2.3.4.5', undefined],
  ['1.2.3.4:8333', undefined],
  ['1.2.3.4/33', undefined],
  ['1.2.3.4/-1', undefined],
  ['1.2.3.4/', undefined],
  ['1.2.3.4/8/8', undefined],
  ['1.2.3.4/255.0.255.0', undefined],
  ['1.2.3.4/ffff::', undefined],
  ['0.0.0.0', undefined],
  ['255.255.255.255', undefined],
  ['::', undefined],
  ['2001:db8::1', undefined],
  [':::1', undefined],
  ['1::2::3', undefined],
  ['1:2:3:4:5:6:7', undefined],
  ['1:2:3:4:5:6:7:8:9', undefined],
  ['1:2:3:4:5:6:7:8::', undefined],
  ['1.2.3.4::', undefined],
  ['::12345', undefined],
  ['::1/129', undefined],
  ['localhost', undefined],
  [peerId.slice(0, -1), undefined],
  [peerId.replace('K', 'l'), undefined],
  [`${peerId}1`, undefined],
  ['1'.repeat(50), undefined],
];
const meant: readonly (readonly [string, string, boolean])[] = [
  ['1.2.3.4', '1.2.3.4/32', true],
  ['1.2.3.5', '1.2.3.4/32', false],
  ['1.2.3.255', '1.2.3.0/24', true],
  ['1.2.4.0', '1.2.3.0/24', false],
  ['1.2.3.127', '1.2.3.0/25', true],
  ['1.2.3.128', '1.2.3.0/25', false],
  ['1.2.3.0/24', '1.2.3.0/25', false],
  ['1.2.3.0/25', '1.2.3.0/24', true],
  ['9.9.9.9', '0.0.0.0/0', true],
  ['::1', '0.0.0.0/0', false],
  ['2001:db9::ff', '2001:db9::/120', true],
  ['2001:db9::1ff', '2001:db9::/120', false],
  [peerId, peerId, true],
  [peerId, keyHash, false],
  ['1.2.3.4', peerId, false],
];

describe('who is meant', () => {
  test.each(written)('%s is %s', (text, subject) => {
    expect(parseSubject(text)).toBe(subject);
    if (subject !== undefined) expect(parseSubject(subject)).toBe(subject);
  });

  test.each(meant)('%s by %s: %s', (who, subject, isIt) => {
    expect(isMeant(who, subject)).toBe(isIt);
  });
});

let asked: Asked;
beforeEach(async () => {
  asked = await plantAsked();
});

test('nodes are added once, told in their order, and taken away', async () => {
  const { call } = asked;
  const address = `/ip4/192.168.0.6/tcp/9333/p2p/${peerId}`;
  expect(await call('addnode', address, 'add')).toBeNull();
  expect(await call('addnode', '192.168.0.7:9333', 'add')).toBeNull();
  expect(await call('addnode', address, 'add')).toBe('-23: Error: Node already added');
  const first = { addednode: address, connected: false, addresses: [] };
  expect(await call('getaddednodeinfo')).toEqual([
    first,
    { ...first, addednode: '192.168.0.7:9333' },
  ]);
  expect(await call('getaddednodeinfo', address)).toEqual([first]);
  expect(await call('addnode', address, 'remove')).toBeNull();
  expect(await call('getaddednodeinfo', address)).toBe('-24: Error: Node has not been added.');
  expect(await call('addnode', address, 'remove')).toBe(
    '-24: Error: Node could not be removed. It has not been added previously.',
  );
  expect(await call('addnode', address, 'onetry')).toBeNull();
  expect(await call('addnode', address, 'push')).toMatch(/^-1: addnode "node" "command"/);
  expect(await call('addnode', address, 'add', true)).toMatch(/^-8: Error: v2transport/);
});

test('nobody is connected, and nobody can be hung up on', async () => {
  const { call } = asked;
  expect(await call('getpeerinfo')).toEqual([]);
  expect(await call('getconnectioncount')).toBe(0);
  expect(await call('ping')).toBeNull();
  expect(await call('getnettotals')).toMatchObject({
    totalbytesrecv: 0,
    totalbytessent: 0,
    timemillis: noon * 1_000,
  });
  const absent = '-29: Node not found in connected nodes';
  expect(await call('disconnectnode', '1.2.3.4:9333')).toBe(absent);
  expect(await call('disconnectnode', '', 7)).toBe(absent);
  expect(await call('disconnectnode', null, 7)).toBe(absent);
  const one = '-32602: Only one of address and nodeid should be provided.';
  expect(await call('disconnectnode')).toBe(one);
  expect(await call('disconnectnode', '1.2.3.4:9333', 7)).toBe(one);
});

/** A network in which two connections lead to the one node that was added. */
class TwoWays extends NoPeers {
  readonly hungUp: (string | number)[] = [];
  pings = 0;

  override totals() {
    return { sentBytes: 7, receivedBytes: 9 };
  }

  override added() {
    const connections = [
      { address: '192.168.0.6:9333', isInbound: false },
      { address: '192.168.0.6:40000', isInbound: true },
    ];
    return [{ address: 'friend:9333', connections }];
  }

  override disconnect(who?: string | number) {
    if (who !== undefined) this.hungUp.push(who);
    return who !== 8;
  }

  override pingAll() {
    this.pings++;
  }
}

test('peers are told of, measured and hung up on by address or by number', async () => {
  const peering = new TwoWays(asked.peering.bans);
  const { call } = await plantAsked({}, { peering });
  expect(await call('getaddednodeinfo', 'friend:9333')).toEqual([
    {
      addednode: 'friend:9333',
      connected: true,
      addresses: [
        { address: '192.168.0.6:9333', connected: 'outbound' },
        { address: '192.168.0.6:40000', connected: 'inbound' },
      ],
    },
  ]);
  expect(await call('getnettotals')).toMatchObject({ totalbytesrecv: 9, totalbytessent: 7 });
  expect(await call('ping')).toBeNull();
  expect(peering.pings).toBe(1);
  expect(await call('disconnectnode', '192.168.0.6:9333')).toBeNull();
  expect(await call('disconnectnode', '', 0)).toBeNull();
  expect(await call('disconnectnode', null, 8)).toMatch(/^-29: /);
  expect(peering.hungUp).toEqual(['192.168.0.6:9333', 0, 8]);
});

test('the network is switched off and on', async () => {
  const { call } = asked;
  for (const state of [false, true]) {
    expect(await call('setnetworkactive', state)).toBe(state);
    expect(await call('getnetworkinfo')).toMatchObject({ networkactive: state });
  }
  expect(await call('setnetworkactive', 'x')).toMatch(/^-3: Wrong type passed/);
});

test('a ban lasts a day, or as long as is said, and ends by itself', async () => {
  const { call, grove } = asked;
  expect(await call('setban', '1.2.3.4', 'add')).toBeNull();
  expect(await call('setban', '10.0.0.0/8', 'add', 60)).toBeNull();
  expect(await call('setban', peerId, 'add', noon + 100, true)).toBeNull();
  expect(await call('listbanned')).toEqual([
    {
      address: '1.2.3.4/32',
      ban_created: noon,
      banned_until: noon + 86_400,
      ban_duration: 86_400,
      time_remaining: 86_400,
    },
    {
      address: '10.0.0.0/8',
      ban_created: noon,
      banned_until: noon + 60,
      ban_duration: 60,
      time_remaining: 60,
    },
    {
      address: peerId,
      ban_created: noon,
      banned_until: noon + 100,
      ban_duration: 100,
      time_remaining: 100,
    },
  ]);
  grove.clock = noon + 60;
  expect(await call('listbanned')).toMatchObject([
    { address: '1.2.3.4/32' },
    { address: peerId, time_remaining: 40 },
  ]);
  expect(await call('clearbanned')).toBeNull();
  expect(await call('listbanned')).toEqual([]);
});

test('a ban is refused in Core’s words', async () => {
  const { call } = asked;
  await call('setban', '10.0.0.0/8', 'add');
  const already = '-23: Error: IP/Subnet already banned';
  expect(await call('setban', '10.0.0.0/8', 'add')).toBe(already);
  expect(await call('setban', '10.1.2.3', 'add')).toBe(already);
  expect(await call('setban', '10.1.0.0/16', 'add')).toBeNull();
  const invalid = '-30: Error: Invalid IP/Subnet';
  expect(await call('setban', 'nobody', 'add')).toBe(invalid);
  expect(await call('setban', '1.2.3.4/33', 'remove')).toBe(invalid);
  expect(await call('setban', '1.2.3.4', 'remove')).toMatch(/^-30: Error: Unban failed\. /);
  expect(await call('setban', '10.0.0.0/8', 'remove')).toBeNull();
  expect(await call('listbanned')).toMatchObject([{ address: '10.1.0.0/16' }]);
  expect(await call('setban', '1.2.3.4', 'add', noon - 1, true)).toBe(
    '-8: Error: Absolute timestamp is in the past',
  );
  expect(await call('setban', '1.2.3.4', 'forgive')).toMatch(/^-1: setban "subnet" "command"/);
  expect(await call('setban', '1.2.3.4', 'add', 1.5)).toBe('-1: JSON integer out of range');
});

describe('the file of bans', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bans-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'banlist.json');
  const now = () => noon;

  test('brings them back, as Core writes them', () => {
    const bans = new BanList(path, now);
    bans.add('1.2.3.0/24', noon + 10);
    bans.add(peerId, noon + 20);
    bans.add('1.2.3.0/24', noon + 5);
    expect(new BanList(path, now).list()).toEqual(bans.list());
    expect(bans.list()).toMatchObject([{ until: noon + 10 }, { until: noon + 20 }]);
    expect(bans.isBanned('1.2.3.9')).toBe(true);
    const { banned_nets } = JSON.parse(readFileSync(path, 'utf8'));
    expect(banned_nets[0]).toEqual({
      version: 1,
      ban_created: noon,
      banned_until: noon + 10,
      address: '1.2.3.0/24',
    });
    expect(new BanList(path, () => noon + 10).list()).toMatchObject([{ subject: peerId }]);
    bans.clear();
    expect(new BanList(path, now).list()).toEqual([]);
  });

  const broken = ['', '{', '{}', '{"banned_nets":7}', '{"banned_nets":[{"address":"x"}]}', 'null'];
  test.each(broken)('is refused by name where it is %s', (text) => {
    writeFileSync(path, text);
    expect(() => new BanList(path, now)).toThrow(/cannot read .*banlist\.json/);
  });

  test('says so where it cannot be written, and bans nobody then', () => {
    const bans = new BanList(join(folder, 'nowhere', 'banlist.json'), now);
    expect(() => bans.add('1.2.3.4/32', noon + 1)).toThrow(/cannot write/);
    expect(bans.list()).toEqual([]);
  });
});
