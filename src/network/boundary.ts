/**
 * The boundary: all that the network room asks of the world outside, and all that it hears of it.
 *
 * libp2p is one side of it and a simulation the other; both pass the same test. Peers are names,
 * payloads are bytes, and what a peer sends was cut off at the bound that is named here for it.
 */

/** A peer's name: to libp2p the hash of its public key. */
export type PeerId = string;

/** What is told to everybody. */
export const topics = ['block', 'tx'] as const;
export type Topic = (typeof topics)[number];

/** What is asked of one peer, and answered by it. */
export const methods = ['status', 'headers', 'blocks', 'blocktxs', 'mempool', 'peers'] as const;
export type Method = (typeof methods)[number];

/**
 * What becomes of a message that was told: it is passed on; it is not, and nobody is to blame; or
 * who sent it broke the rules.
 */
export type GossipVerdict = 'accept' | 'ignore' | 'reject';

export interface RequestOptions {
  /** For all of it, from the first byte sent to the last one received. */
  readonly timeoutMs: number;
  /** The longest answer that is taken. */
  readonly maxBytes: number;
}

/** Someone to whom there is a connection. */
export interface Connected {
  readonly id: PeerId;
  /** A multiaddr. */
  readonly address: string;
  readonly isInbound: boolean;
  /** In milliseconds of the clock of this boundary. */
  readonly since: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Where a peer says that it can be reached; signed by it, so that nobody can say so for it. */
export interface PeerRecord {
  readonly id: PeerId;
  readonly addresses: readonly string[];
}

/** What the network room wants to hear. A handler never throws but for a bug of ours. */
export interface Handlers {
  /** A connection is there and can be used, or the last one to this peer is gone. */
  readonly onPeer: (peer: PeerId, state: 'ready' | 'gone') => void;
  /** A peer of this network was found nearby; nobody has dialled it. */
  readonly onFound: (peer: PeerId, addresses: readonly string[]) => void;
  /**
   * A peer did what no honest one does, in a way that only the transport can see: it said more than
   * a bound allows, or nothing that can be read. It is hung up on.
   */
  readonly onOffence: (peer: PeerId, why: string) => void;
  readonly onGossip: (topic: Topic, from: PeerId, bytes: Uint8Array) => Promise<GossipVerdict>;
  /** Answers a request; a rejected promise closes the stream without an answer. */
  readonly onRequest: (method: Method, from: PeerId, bytes: Uint8Array) => Promise<Uint8Array>;
}

/**
 * The world, as the network room sees it. What fails throws a `Fault`: `peer-timeout`, `peer-gone`,
 * `peer-too-long` for an answer above its bound, `peer-refused` where the other side closed without
 * an answer, `dial-failed` with what was tried.
 */
export interface Transport {
  readonly id: PeerId;
  /** Begins to listen and to hear; to be called once. */
  start(handlers: Handlers): Promise<void>;
  /** Hangs up on everybody. */
  stop(): Promise<void>;
  peers(): readonly Connected[];
  /** Multiaddrs at which this node listens, its id included. */
  addresses(): readonly string[];
  /** Connects, and says to whom; one connection to a peer is enough. */
  dial(address: string, options: { readonly timeoutMs: number }): Promise<PeerId>;
  /** Ends all connections to this peer. */
  hangUp(peer: PeerId): Promise<void>;
  /** While it says so, no connection to or from this peer or IP address comes about. */
  setBanned(isBanned: (peer: PeerId, address: string) => boolean): void;
  publish(topic: Topic, bytes: Uint8Array): Promise<void>;
  request(
    peer: PeerId,
    method: Method,
    bytes: Uint8Array,
    options: RequestOptions,
  ): Promise<Uint8Array>;
  /** This node's own record, signed; `undefined` while nobody could reach it. */
  ownRecord(): Promise<Uint8Array | undefined>;
  /** Of this peer, as it gave it to us itself. */
  recordOf(peer: PeerId): Promise<Uint8Array | undefined>;
  /** Whose record this is, where its signature holds. */
  openRecord(bytes: Uint8Array): Promise<PeerRecord | undefined>;
}

/** Time for the network room: a clock, and something to be woken by. */
export interface Timers {
  /** In milliseconds; of no meaning but to be compared. */
  readonly nowMs: () => number;
  /** Calls once after so long; answers how to call it off. */
  readonly after: (ms: number, call: () => void) => () => void;
}
