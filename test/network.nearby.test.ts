/** Those nearby: what anybody in the same house may say about where a peer is. */
import { createSocket } from 'node:dgram';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { expect, test } from 'vitest';
import { identityBytes, keyOf } from '../src/network/libp2phost.ts';
import { openHere, prefix, within } from './libp2p.world.ts';
import { never, patterned } from './transports.ts';

const service = `_chain-${prefix.split('/').at(-1)}._udp.local`;

function u16(...numbers: readonly number[]): Buffer {
  return Buffer.from(numbers.flatMap((each) => [each >> 8, each & 255]));
}

/** Text behind its length, as DNS has it. */
function counted(text: string): Buffer {
  return Buffer.concat([Buffer.of(text.length), Buffer.from(text)]);
}

function name(text: string): Buffer {
  return Buffer.concat([...text.split('.').map(counted), Buffer.of(0)]);
}

/** RFC 1035, 3.2.1: a record of class IN that lives for two minutes. */
function record(owner: string, type: number, body: Buffer): Buffer {
  return Buffer.concat([name(owner), u16(type, 1, 0, 120, body.length), body]);
}

/** What a node answers who is asked for by mDNS: a PTR, and a TXT for each address. */
function answer(addresses: readonly string[]): Buffer {
  const [pointer, text] = [12, 16];
  const owner = `somebody.${service}`;
  return Buffer.concat([
    u16(0, 0x8400, 0, 1 + addresses.length, 0, 0),
    record(service, pointer, name(owner)),
    ...addresses.map((each) => record(owner, text, counted(`dnsaddr=${each}`))),
  ]);
}

test('of somebody nearby only addresses nearby are taken', async () => {
  const key = await keyOf(patterned(identityBytes));
  const id = `${peerIdFromPrivateKey(key)}`;
  const places = ['/dns4/bank.example/tcp/1', '/ip4/8.8.8.8/tcp/2', '/ip4/192.168.7.7/tcp/3'];
  const found = Promise.withResolvers<readonly string[]>();
  const one = await openHere({ isOnLan: true });
  const socket = createSocket('udp4');
  try {
    await one.start({
      onPeer: () => {},
      onFound: (peer, addresses) => {
        if (peer === id) found.resolve(addresses);
      },
      onOffence: () => {},
      onGossip: async () => 'ignore',
      onRequest: never,
    });
    socket.send(answer(places.map((each) => `${each}/p2p/${id}`)), 5353, '224.0.0.251');
    expect(await within(found.promise)).toEqual([`/ip4/192.168.7.7/tcp/3/p2p/${id}`]);
  } finally {
    socket.close();
    await one.stop();
  }
});
