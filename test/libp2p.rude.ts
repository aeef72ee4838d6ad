/** Somebody who speaks libp2p with us, but need not keep to what we keep to. */
import { randomBytes } from 'node:crypto';
import type { Connection } from '@libp2p/interface';
import { lpStream } from '@libp2p/utils';
import { multiaddr } from '@multiformats/multiaddr';
import type { Method } from '../src/network/boundary.ts';
import { Gate } from '../src/network/libp2pgate.ts';
import { Gossip } from '../src/network/libp2pgossip.ts';
import { identityBytes, keyOf, makeHost } from '../src/network/libp2phost.ts';
import { protocolOf } from '../src/network/libp2prequest.ts';
import { prefix, realTimers, within } from './libp2p.world.ts';
import type { Member } from './transports.ts';

/** Calls at an address; what it does then is for the test. */
export async function callAt(address: string, { isListening }: { readonly isListening: boolean }) {
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
  try {
    const connection = await host.dial(multiaddr(address));
    return { connection, id: `${host.peerId}`, stop: async () => host.stop() };
  } catch (error) {
    await host.stop();
    throw error;
  }
}

/** Calls at a member. */
export function call({ transport }: Member, options: { readonly isListening: boolean }) {
  const [address = ''] = transport.addresses();
  return callAt(address, options);
}

/** Calls at a member and is ready to it. */
export async function meetRudely(member: Member) {
  const rude = await call(member, { isListening: true });
  const isThere = () => member.transport.peers().some(({ id }) => id === rude.id);
  await within(member.sees(isThere));
  return rude;
}

/** A field of a protobuf message: its number, and bytes behind their length. */
export function field(number: number, bytes: Uint8Array): Uint8Array {
  const length: number[] = [];
  for (let left = bytes.length; ; left >>= 7) {
    length.push(left > 127 ? (left & 127) | 128 : left);
    if (left <= 127) break;
  }
  return Buffer.concat([Uint8Array.of((number << 3) | 2, ...length), bytes]);
}

/** What a message of gossip may have beside what it says, by the number of its field. */
export const messageFields = { from: 1, seqno: 3, signature: 5, key: 6 } as const;

const nothing = new Uint8Array(0);

/** A message of gossip, as gossipsub writes it. */
export function messageOf(
  text: string | Uint8Array,
  { topic = `${prefix}/tx/1`, more }: { readonly topic?: string; readonly more?: Uint8Array } = {},
): Uint8Array {
  const body = Buffer.concat([
    field(2, Buffer.from(text)),
    field(4, Buffer.from(topic)),
    more ?? nothing,
  ]);
  return field(2, body);
}

/** Says that one wants to hear what is told on this topic. */
export function subscriptionTo(topic: string): Uint8Array {
  return field(1, Buffer.concat([Uint8Array.of(1 << 3, 1), field(2, Buffer.from(topic))]));
}

/** Gossips whatever one likes, each piece in a frame of its own. */
export async function gossipOf(connection: Connection) {
  const stream = await connection.newStream('/meshsub/1.2.0');
  const frames = lpStream(stream);
  return { stream, say: (...bytes: readonly Uint8Array[]) => frames.write(Buffer.concat(bytes)) };
}

/** A stream of this protocol, with frames over it. */
export async function rawStream(connection: Connection, protocol: string) {
  const stream = await connection.newStream(protocol);
  return { stream, frames: lpStream(stream, { maxBufferSize: 1 << 24 }) };
}

/** Puts a question of one byte; the answer can be read from the frames. */
export async function question(connection: Connection, byte: number, method: Method = 'headers') {
  const opened = await rawStream(connection, protocolOf(prefix, method));
  await opened.frames.write(Uint8Array.of(byte));
  return opened;
}
