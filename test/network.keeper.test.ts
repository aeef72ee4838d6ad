/** Who is dialled, how often, and who is found again. */
import { describe, expect, test } from 'vitest';
import { mayDial, reachOf } from '../src/network/addresses.ts';
import { Limiter } from '../src/network/limiter.ts';
import { Village } from './village.ts';

describe('an address', () => {
  test.each([
    ['/ip4/127.0.0.1/tcp/3000', 'loopback'],
    ['/ip4/10.1.2.3/tcp/3000/p2p/12D3', 'private'],
    ['/ip4/172.16.0.1/tcp/1', 'private'],
    ['/ip4/172.32.0.1/tcp/1', 'public'],
    ['/ip4/192.168.1.1/tcp/65535/ws', 'private'],
    ['/ip4/169.254.0.1/tcp/1', 'private'],
    ['/ip4/100.64.0.1/tcp/1', 'private'],
    ['/ip4/100.128.0.1/tcp/1', 'public'],
    ['/ip4/8.8.8.8/tcp/1', 'public'],
    ['/ip6/::1/tcp/1', 'loopback'],
    ['/ip6/fe80::1/tcp/1', 'private'],
    ['/ip6/fd00::1/tcp/1', 'private'],
    ['/ip6/2001:db8::1/tcp/1', 'public'],
    ['/dns4/example.com/tcp/1', 'name'],
  ])('%s is %s', (address, reach) => expect(reachOf(address)).toBe(reach));

  test.each([
    '/ip4/0.0.0.0/tcp/1',
    '/ip4/224.0.0.1/tcp/1',
    '/ip4/256.0.0.1/tcp/1',
    '/ip4/1.2.3/tcp/1',
    '/ip4/8.8.8.8/tcp/65536',
    '/ip4/8.8.8.8/udp/1',
    '/ip6/::ffff:127.0.0.1/tcp/1',
    '/ip6/::/tcp/1',
    '/ip6/ff02::1/tcp/1',
    '/unix/tmp/socket',
    '8.8.8.8:1',
    '',
  ])('%s is none that is dialled', (address) => expect(reachOf(address)).toBe(undefined));
});

test('a public peer can send nobody into a house, and no peer by a name', () => {
  const [own, house, far, name] = [
    '/ip4/127.0.0.1/tcp/1',
    '/ip4/10.0.0.1/tcp/1',
    '/ip4/8.8.8.8/tcp/1',
    '/dns4/localhost/tcp/1',
  ] as const;
  const allowed = [own, house, far].map((source) => {
    return [own, house, far, name].map((address) => Number(mayDial(address, source))).join('');
  });
  expect(allowed).toEqual(['1110', '0110', '0010']);
});

describe('a limiter', () => {
  test('lets a burst through, then so many a second, and saves up no more than a burst', () => {
    const limiter = new Limiter({ perSecond: 10, burst: 5 });
    const taken = (nowMs: number) => {
      let count = 0;
      while (limiter.take(nowMs)) count++;
      return count;
    };
    expect([taken(0), taken(99), taken(100), taken(1_000), taken(60_000)]).toEqual([5, 0, 1, 5, 5]);
  });

  test('charges for what was had already', () => {
    const limiter = new Limiter({ perSecond: 10, burst: 5 });
    limiter.charge(0, 5);
    expect(limiter.take(99)).toBe(false);
    expect(limiter.take(100)).toBe(true);
  });
});

describe('a node finds others', () => {
  test('that come up later than itself', async () => {
    const village = new Village('later');
    const [address = ''] = ['/ip4/10.0.0.2/tcp/3000/p2p/late'];
    const early = await village.settle('early');
    early.online.keeper.add(address);
    await village.clock.run(120_000);
    const late = await village.settle('late');
    expect(village.addressOf('late')).toEqual([address]);
    expect(await village.clock.run(400_000, () => late.online.network.wire.peers.size > 0)).toBe(
      true,
    );
  });

  test('that others told of', async () => {
    const village = new Village('told');
    const hub = await village.settle('hub');
    const one = await village.settle('one', ['hub']);
    await village.clock.run(10_000);
    const other = await village.settle('other', ['hub']);
    const isMet = () => other.online.network.wire.peers.has('one');
    expect(await village.clock.run(60_000, isMet)).toBe(true);
    expect([...hub.banned, ...one.banned, ...other.banned]).toEqual([]);
  });

  test('that it met before, though nobody names them any more', async () => {
    const village = new Village('again');
    const friend = await village.settle('friend');
    const first = await village.settle('first', ['friend']);
    await village.clock.run(10_000);
    expect(friend.online.network.wire.peers.size).toBe(1);
    await first.online.stop();
    await village.clock.run(10_000);
    expect(friend.online.network.wire.peers.size).toBe(0);
    const again = await village.settle('first', [], first.disk);
    const isMet = () => again.online.network.wire.peers.has('friend');
    expect(await village.clock.run(60_000, isMet)).toBe(true);
  });
});
