/** Peer records: where a peer says that it can be reached, in a signed envelope of libp2p. */
import type { PeerId as Libp2pPeerId, PrivateKey } from '@libp2p/interface';
import { peerIdFromPublicKey } from '@libp2p/peer-id';
import { PeerRecord as Libp2pRecord, RecordEnvelope } from '@libp2p/peer-record';
import { CODE_P2P, type Multiaddr } from '@multiformats/multiaddr';
import { reachOf } from './addresses.ts';
import type { PeerRecord } from './boundary.ts';
import { maxAddresses, maxRecordBytes } from './limits.ts';

/** The addresses that are worth telling: those that reach furthest. */
export function worthTelling(addresses: readonly Multiaddr[]): Multiaddr[] {
  const order = ['public', 'name', 'private', 'loopback', undefined];
  const rank = (address: Multiaddr) => order.indexOf(reachOf(`${address}`));
  return [...addresses].sort((one, other) => rank(one) - rank(other)).slice(0, maxAddresses);
}

export async function sealRecord(
  peerId: Libp2pPeerId,
  multiaddrs: Multiaddr[],
  key: PrivateKey,
): Promise<Uint8Array | undefined> {
  if (multiaddrs.length === 0) return undefined;
  const envelope = await RecordEnvelope.seal(new Libp2pRecord({ peerId, multiaddrs }), key);
  return envelope.marshal();
}

/** Whose record this is, where its signature holds and is by the key that its name is made of. */
export async function openRecord(bytes: Uint8Array): Promise<PeerRecord | undefined> {
  if (bytes.length > maxRecordBytes) return undefined;
  try {
    const envelope = await RecordEnvelope.openAndCertify(bytes, Libp2pRecord.DOMAIN);
    if (!isSame(envelope.marshal(), bytes)) return undefined;
    const { peerId, multiaddrs } = Libp2pRecord.createFromProtobuf(envelope.payload);
    if (!peerIdFromPublicKey(envelope.publicKey).equals(peerId)) return undefined;
    const addresses = multiaddrs.slice(0, maxAddresses).map((each) => addressOf(each, peerId));
    return { id: `${peerId}`, addresses };
  } catch {
    // Whatever a stranger's bytes make the decoders throw means the same: this is no record.
    return undefined;
  }
}

/** Readers overlook bits around what is signed, and not all the same ones: one record, one form. */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** With the name of who is there at its end, whatever name was there before. */
export function addressOf(address: Multiaddr, peer: Libp2pPeerId): string {
  return `${address.decapsulateCode(CODE_P2P)}/p2p/${peer}`;
}
