/**
 * The gate: which connections come about, and how much passes through each.
 *
 * It is asked before an address is dialled, when somebody knocks, once he has shown his name, and
 * once the connection is whole. Only then does he take a place, and in the same step, so that many
 * who knock at once do not all find the same one free. Who only knocks counts for his address.
 */
import type { ConnectionGater, MultiaddrConnection } from '@libp2p/interface';
import { hostOf, reachOf } from './addresses.ts';
import type { PeerId } from './boundary.ts';
import { maxConnectionsToPeer, maxInbound, maxInboundPerAddress, maxPeers } from './limits.ts';

/** Bytes that passed between us and a peer, after the handshake. */
export interface Traffic {
  bytesIn: number;
  bytesOut: number;
}

interface Counted extends Traffic {
  connections: number;
}

export class Gate {
  #isBanned: (peer: PeerId, address: string) => boolean = () => false;
  /** Those who came to us or only knock, with the host of each. */
  readonly #knocking = new Map<MultiaddrConnection, string>();
  /** Connections that are whole. */
  readonly #inbound = new Set<MultiaddrConnection>();
  readonly #all = new Set<MultiaddrConnection>();
  readonly #traffic = new Map<PeerId, Counted>();

  /** For libp2p, which copies it, so that it is made of functions. */
  readonly gater: ConnectionGater = {
    denyDialMultiaddr: (address) =>
      this.#isUnwelcome(idIn(`${address}`), `${address}`) || this.#all.size >= maxPeers,
    denyInboundConnection: (wire) =>
      this.#isUnwelcome('', `${wire.remoteAddr}`) || this.#isFull() || !this.#hearKnock(wire),
    denyInboundEncryptedConnection: (peer, wire) =>
      this.#isUnwelcome(`${peer}`, `${wire.remoteAddr}`),
    denyOutboundEncryptedConnection: (peer, wire) =>
      this.#isUnwelcome(`${peer}`, `${wire.remoteAddr}`),
    denyInboundUpgradedConnection: (peer, wire) => {
      const isDenied = this.#isUnwelcome(`${peer}`, `${wire.remoteAddr}`) || this.#isFull();
      if (isDenied || !this.#take(`${peer}`, wire)) return true;
      this.#inbound.add(wire);
      return false;
    },
    denyOutboundUpgradedConnection: (peer, wire) =>
      this.#isUnwelcome(`${peer}`, `${wire.remoteAddr}`) || !this.#take(`${peer}`, wire),
  };

  setBanned(isBanned: (peer: PeerId, address: string) => boolean): void {
    this.#isBanned = isBanned;
  }

  trafficOf(peer: PeerId): Traffic {
    const { bytesIn = 0, bytesOut = 0 } = this.#traffic.get(peer) ?? {};
    return { bytesIn, bytesOut };
  }

  #isUnwelcome(peer: PeerId, address: string): boolean {
    return this.#isBanned(peer, address);
  }

  /** Have others taken all the places that are theirs? */
  #isFull(): boolean {
    return this.#inbound.size >= maxInbound;
  }

  /** Notes who knocks; false where too many of his address do, or he has left already. */
  #hearKnock(wire: MultiaddrConnection): boolean {
    const address = `${wire.remoteAddr}`;
    const host = hostOf(address);
    const here = [...this.#knocking.values()].filter((each) => each === host).length;
    const isCrowd = reachOf(address) !== 'loopback' && here >= maxInboundPerAddress;
    if (isCrowd || wire.status !== 'open') return false;
    this.#knocking.set(wire, host);
    wire.addEventListener('close', () => this.#knocking.delete(wire));
    return true;
  }

  /** Gives it a place, if there is one for this peer, and counts what passes from now on. */
  #take(peer: PeerId, wire: MultiaddrConnection): boolean {
    const fresh = { bytesIn: 0, bytesOut: 0, connections: 0 };
    const counted = this.#traffic.get(peer) ?? fresh;
    const isMany = counted.connections >= maxConnectionsToPeer || this.#all.size >= maxPeers;
    if (isMany || wire.status !== 'open') return false;
    this.#all.add(wire);
    this.#traffic.set(peer, counted);
    counted.connections++;
    wire.addEventListener('message', ({ data }) => {
      counted.bytesIn += data.byteLength;
    });
    // No event tells of what is sent; libp2p's own metrics count it in this way too.
    const send = wire.send.bind(wire);
    wire.send = (data) => {
      counted.bytesOut += data.byteLength;
      return send(data);
    };
    wire.addEventListener('close', () => {
      this.#all.delete(wire);
      this.#inbound.delete(wire);
      counted.connections--;
      if (counted.connections === 0) this.#traffic.delete(peer);
    });
    return true;
  }
}

/** The name at the end of a multiaddr; nobody's where there is none. */
function idIn(address: string): PeerId {
  return /\/p2p\/([^/]+)$/.exec(address)?.[1] ?? '';
}
