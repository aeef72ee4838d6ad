/**
 * The gate: which connections come about, and how much passes through each.
 *
 * It is asked before an address is dialled, when somebody knocks, once he has shown his name, and
 * once the connection is whole. Only then is he counted, and in the same step, so that many who
 * knock at once do not all find the same place free.
 */
import type { ConnectionGater, MultiaddrConnection } from '@libp2p/interface';
import { hostOf, reachOf } from './addresses.ts';
import type { PeerId } from './boundary.ts';
import { maxInbound, maxInboundPerAddress } from './limits.ts';

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
  /** Those who came to us, with the host of each. */
  readonly #inbound = new Map<MultiaddrConnection, string>();
  readonly #traffic = new Map<PeerId, Counted>();

  /** For libp2p, which copies it, so that it is made of functions. */
  readonly gater: ConnectionGater = {
    denyDialMultiaddr: (address) => this.#isUnwelcome(idIn(`${address}`), `${address}`),
    denyInboundConnection: (wire) =>
      this.#isUnwelcome('', `${wire.remoteAddr}`) || this.#isFull(`${wire.remoteAddr}`),
    denyInboundEncryptedConnection: (peer, wire) =>
      this.#isUnwelcome(`${peer}`, `${wire.remoteAddr}`),
    denyOutboundEncryptedConnection: (peer, wire) =>
      this.#isUnwelcome(`${peer}`, `${wire.remoteAddr}`),
    denyInboundUpgradedConnection: (peer, wire) => {
      const address = `${wire.remoteAddr}`;
      if (this.#isUnwelcome(`${peer}`, address) || this.#isFull(address)) return true;
      this.#inbound.set(wire, hostOf(address));
      wire.addEventListener('close', () => this.#inbound.delete(wire));
      return this.#count(`${peer}`, wire);
    },
    denyOutboundUpgradedConnection: (peer, wire) =>
      this.#isUnwelcome(`${peer}`, `${wire.remoteAddr}`) || this.#count(`${peer}`, wire),
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

  #isFull(address: string): boolean {
    if (this.#inbound.size >= maxInbound) return true;
    if (reachOf(address) === 'loopback') return false;
    const here = [...this.#inbound.values()].filter((host) => host === hostOf(address));
    return here.length >= maxInboundPerAddress;
  }

  /** Counts what passes, from when the handshake is done; denies only what has closed already. */
  #count(peer: PeerId, wire: MultiaddrConnection): boolean {
    if (wire.status !== 'open') return true;
    const fresh = { bytesIn: 0, bytesOut: 0, connections: 0 };
    const counted = this.#traffic.get(peer) ?? fresh;
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
      counted.connections--;
      if (counted.connections === 0) this.#traffic.delete(peer);
    });
    return false;
  }
}

/** The name at the end of a multiaddr; nobody's where there is none. */
function idIn(address: string): PeerId {
  return /\/p2p\/([^/]+)$/.exec(address)?.[1] ?? '';
}
