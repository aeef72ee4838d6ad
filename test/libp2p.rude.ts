/** Somebody who speaks libp2p with us, but need not keep to what we keep to. */
import { randomBytes } from 'node:crypto';
import type { Connection } from '@libp2p/interface';
import { lpStream } from '@libp2p/utils';
import { multiaddr } from '@multiformats/multiaddr';
import { Gate } from '../src/network/libp2pgate.ts';
import { Gossip } from '../src/network/libp2pgossip.ts';
import { identityBytes, keyOf, makeHost } from '../src/network/libp2phost.ts';
import { protocolOf } from '../src/network/libp2prequest.ts';
import { prefix, realTimers, within } from './libp2p.world.ts';
import type { Member } from './transports.ts';

/** Calls at a member; what it does then is for the test. */
export async function call(member: Member, { isListening }: { readonly isListening: boolean }) {
  const key = await keyOf(randomBytes(identityBytes));
  const parts = { prefix, key, gate: new Gate(), found: { tell: () => {} }, timers: realTimers };
  const host = await makeHost({ ...parts, listen: [], isOnLan: false });
  await host.handle(protocolOf(prefix, 'status'), () => {});
  await host.start();
  const gossip = new Gossip({
    ...{
      service: host.services.gossip,
      prefix,
      hangUp: () => {},
      offend: () => {},
      tell: () => {},
    },
    timers: realTimers,
    isReady: () => true,
    whenReady: async () => true,
    judge: async () => 'accept',
  });
  if (isListening) gossip.start();
  const [address = ''] = member.transport.addresses();
  const connection = await host.dial(multiaddr(address));
  return { connection, id: `${host.peerId}`, stop: async () => host.stop() };
}

/** Calls at a member and is ready to it. */
export async function meetRudely(member: Member) {
  const rude = await call(member, { isListening: true });
  const isThere = () => member.transport.peers().some(({ id }) => id === rude.id);
  await within(member.sees(isThere));
  return rude;
}

/** Puts a question of one byte; the answer can be read from the frames. */
export async function question(connection: Connection, byte: number) {
  const stream = await connection.newStream(protocolOf(prefix, 'blocks'));
  const frames = lpStream(stream, { maxBufferSize: 1 << 24 });
  await frames.write(Uint8Array.of(byte));
  return { stream, frames };
}
