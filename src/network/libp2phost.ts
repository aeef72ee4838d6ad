/** The host: libp2p with its parts, each with the bounds that its defaults lack. */

import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { identify } from '@libp2p/identify';
import type { PeerInfo, PrivateKey } from '@libp2p/interface';
import { mdns } from '@libp2p/mdns';
import { noise } from '@libp2p/noise';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { createLibp2p } from 'libp2p';
import type { Timers } from './boundary.ts';
import type { Gate } from './libp2pgate.ts';
import { gossipFor } from './libp2pgossip.ts';
import { worthTelling } from './libp2precord.ts';
import { boundedWebSockets } from './libp2pwebsockets.ts';
import { maxInbound, maxPeers, maxStreamsInAll } from './limits.ts';

/** How long an identity is. */
export const identityBytes = 32;

/** A peer that is silent for so long is gone; checking a long branch keeps one busy for seconds. */
const silenceMs = 30_000;
const pingMs = 15_000;

/** Who hears of those nearby; libp2p's own event tells of strangers who connect too. */
export interface Found {
  tell: (peer: PeerInfo) => void;
}

export interface HostOptions {
  readonly prefix: string;
  readonly key: PrivateKey;
  readonly listen: readonly string[];
  readonly isOnLan: boolean;
  readonly gate: Gate;
  readonly found: Found;
  readonly timers: Timers;
}

/** The key of a node: its name is the key's hash. */
export function keyOf(identity: Uint8Array): Promise<PrivateKey> {
  return generateKeyPairFromSeed('Ed25519', identity);
}

/** Makes one that neither listens nor dials yet. */
export function makeHost(options: HostOptions) {
  const { prefix, key, listen, isOnLan, gate, found, timers } = options;
  return createLibp2p({
    start: false,
    privateKey: key,
    nodeInfo: { name: 'chain', userAgent: 'chain' },
    addresses: { listen: [...listen], announceFilter: worthTelling },
    transports: [tcp(), boundedWebSockets(timers)],
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamux({
        maxInboundStreams: maxStreamsInAll,
        maxOutboundStreams: maxStreamsInAll,
        // The first questions come before the other side has caught its breath.
        maxEarlyStreams: maxStreamsInAll,
        // With its default, one that reads slowly loses the stream.
        streamOptions: { maxStreamWindowSize: 1 << 20 },
      }),
    ],
    connectionGater: gate.gater,
    connectionManager: {
      maxConnections: maxPeers,
      // By default five a second from one address, which a restarted classroom exceeds.
      inboundConnectionThreshold: maxInbound,
      maxIncomingPendingConnections: maxInbound,
    },
    connectionMonitor: {
      pingInterval: pingMs,
      pingTimeout: { minTimeout: silenceMs, maxTimeout: silenceMs },
    },
    // Who is connected is remembered for as long as he is, and then forgotten by us.
    peerStore: {
      maxAddressAge: Number.POSITIVE_INFINITY,
      maxPeerAge: Number.POSITIVE_INFINITY,
    },
    peerDiscovery: isOnLan ? [nearby(prefix, found)] : [],
    services: { identify: identify(), gossip: gossipFor(prefix) },
  });
}

/** Finds nodes of this network nearby. */
function nearby(prefix: string, found: Found): ReturnType<typeof mdns> {
  const make = mdns({ serviceTag: `_chain-${prefix.split('/').at(-1)}._udp.local` });
  return (components) => {
    const discovery = make(components);
    discovery.addEventListener('peer', ({ detail }) => found.tell(detail));
    return discovery;
  };
}
