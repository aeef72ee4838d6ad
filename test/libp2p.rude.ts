/** Somebody who speaks libp2p with us, but need not keep to what we keep to. */
import { randomBytes } from 'node:crypto';
import { multiaddr } from '@multiformats/multiaddr';
import { Gate } from '../src/network/libp2pgate.ts';
import { Gossip } from '../src/network/libp2pgossip.ts';
import { identityBytes, keyOf, makeHost } from '../src/network/libp2phost.ts';
import { protocolOf } from '../src/network/libp2prequest.ts';
import { prefix, realTimers, within } from './libp2p.world.ts';
import type { Member } from './transports.ts';

/** Calls at a member and is ready to it; what it does then is for the test. */
export async function meetRudely(member: Member) {
  const key = await keyOf(randomBytes(identityBytes));
  const parts = { prefix, key, gate: new Gate(), found: { tell: () => {} }, timers: realTimers };
  const host = await makeHost({ ...parts, listen: [], isOnLan: false });
  await host.handle(protocolOf(prefix, 'status'), () => {});
  await host.start();
  new Gossip({
    ...{ service: host.services.gossip, prefix, hangUp: () => {}, tell: () => {} },
    isReady: () => true,
    whenReady: async () => true,
    judge: async () => 'accept',
  }).start();
  const [address = ''] = member.transport.addresses();
  const connection = await host.dial(multiaddr(address));
  const id = `${host.peerId}`;
  await within(member.sees(() => member.transport.peers().some((peer) => peer.id === id)));
  return { connection, id, stop: async () => host.stop() };
}
