/** What a node keeps of strangers: no more than while they are there. */
import { randomBytes } from 'node:crypto';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, expect, test } from 'vitest';
import { Gate } from '../src/network/libp2pgate.ts';
import { identityBytes, keyOf, makeHost } from '../src/network/libp2phost.ts';
import { Memory } from '../src/network/libp2pmemory.ts';
import { prefix, realTimers, within } from './libp2p.world.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function host() {
  const key = await keyOf(randomBytes(identityBytes));
  const parts = { prefix, key, gate: new Gate(), found: { tell: () => {} }, timers: realTimers };
  const made = await makeHost({ ...parts, listen: ['/ip4/127.0.0.1/tcp/0'], isOnLan: false });
  await made.start();
  stops.push(() => made.stop());
  return made;
}

test('whoever was dialled in vain is forgotten, and whoever is there is not', async () => {
  const [one, two] = [await host(), await host()];
  const nobody = peerIdFromPrivateKey(await keyOf(randomBytes(identityBytes)));
  const address = multiaddr(`/ip4/127.0.0.1/tcp/9/p2p/${nobody}`);
  await expect(within(one.dial(address))).rejects.toThrow();
  await within(one.dial(two.getMultiaddrs()));
  const known = async () => (await one.peerStore.all()).map(({ id }) => `${id}`);
  expect(await known()).toContain(`${nobody}`);

  const memory = new Memory(one);
  await memory.look();
  expect(await known()).toContain(`${nobody}`);
  await memory.look();
  expect(await known()).toEqual([`${two.peerId}`]);
});
