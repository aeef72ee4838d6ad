/**
 * libp2p as the transport: TCP and WebSockets, noise, yamux, identify, gossipsub, mDNS.
 *
 * It costs half a second to import, which only a node that goes online should pay. Nothing is
 * dialled but by `dial`. `libp2plines.ts` says when a peer is ready, `libp2pgate.ts` who may come.
 */
import type { GossipSub } from '@libp2p/gossipsub';
import type { Connection, Libp2p, PrivateKey } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { Fault } from '../primitives/fault.ts';
import { reachOf } from './addresses.ts';
import {
  type Connected,
  type Handlers,
  type Method,
  methods,
  type PeerId,
  type PeerRecord,
  type RequestOptions,
  type Timers,
  type Topic,
  type Transport,
} from './boundary.ts';
import { Deadline, errorOf } from './libp2pdeadline.ts';
import { Gate } from './libp2pgate.ts';
import { Gossip } from './libp2pgossip.ts';
import { type Found, keyOf, makeHost } from './libp2phost.ts';
import { Lines } from './libp2plines.ts';
import { Memory } from './libp2pmemory.ts';
import { addressOf, openRecord, sealRecord } from './libp2precord.ts';
import { protocolOf, Server } from './libp2prequest.ts';
import { maxAddresses, maxStreams } from './limits.ts';
import type { Tell } from './wire.ts';

export interface Libp2pOptions {
  /** The hash of the first block, as people read it. */
  readonly genesis: string;
  /** `identityBytes` that nobody else knows or can guess; whoever has them has this node's name. */
  readonly identity: Uint8Array;
  /** Multiaddrs to listen at; those that end in `/ws` are WebSockets. */
  readonly listen: readonly string[];
  /** Are those nearby to find this node, and it them? By mDNS. */
  readonly isOnLan: boolean;
  readonly timers: Timers;
  readonly tell: Tell;
}

/** So soon after `stop` all is over, whatever libp2p still waits for. */
const stopMs = 900;
/** From one look at what libp2p remembers to the next. */
const lookMs = 10_000;

/** A transport that is ready to be started. */
export async function openLibp2p(options: Libp2pOptions): Promise<Transport> {
  const prefix = `/chain/${options.genesis.slice(-16)}`;
  const key = await keyOf(options.identity);
  const gate = new Gate();
  const found: Found = { tell: () => {} };
  const host = await makeHost({ ...options, prefix, key, gate, found });
  return new Libp2pTransport({ ...options, prefix, key, gate, found, host });
}

interface Parts extends Libp2pOptions {
  readonly prefix: string;
  readonly key: PrivateKey;
  readonly gate: Gate;
  readonly found: Found;
  readonly host: Libp2p<{ gossip: GossipSub }>;
}

class Libp2pTransport implements Transport {
  readonly id: PeerId;
  readonly #parts: Parts;
  readonly #lines: Lines;
  readonly #gossip: Gossip;
  readonly #server: Server;
  readonly #memory: Memory;
  #endLooks: () => void = () => {};
  #handlers: Handlers | undefined;

  constructor(parts: Parts) {
    const { host, prefix, timers, tell } = parts;
    this.#parts = parts;
    this.id = `${host.peerId}`;
    const whenReady = (peer: PeerId) => this.#lines.whenReady(peer);
    this.#lines = new Lines({
      prefix,
      timers,
      connectionsOf: (peer) => host.getConnections(peer),
      gossipTo: (peer, connections) => this.#gossip.streamTo(peer, connections),
      onPeer: (peer, state) => this.#handlers?.onPeer(peer, state),
      onEnd: ({ id }) => {
        this.#server.end(id);
        this.#gossip.end(id);
      },
    });
    this.#memory = new Memory(host);
    this.#gossip = new Gossip({
      ...{ service: host.services.gossip, prefix, whenReady, tell },
      isReady: (peer) => this.#lines.get(peer)?.isReady ?? false,
      judge: async (...message) => (await this.#handlers?.onGossip(...message)) ?? 'ignore',
      hangUp: (peer) => this.#lines.hangUp(peer, 'it told what is against the rules'),
      offend: (peer, why) => this.#offend(peer, why),
      timers,
    });
    this.#server = new Server({
      ...{ timers, whenReady, tell },
      answer: (...question) => this.#answer(...question),
      offend: (peer, why) => this.#offend(peer, why),
    });
  }

  async start(handlers: Handlers): Promise<void> {
    const { host, prefix, found } = this.#parts;
    this.#handlers = handlers;
    this.#listen();
    found.tell = ({ id, multiaddrs }) => {
      if (`${id}` === this.id) return;
      const addresses = multiaddrs.map((each) => addressOf(each, id)).filter(isNearby);
      this.#handlers?.onFound(`${id}`, addresses.slice(0, maxAddresses));
    };
    for (const method of methods) {
      const serve = this.#server.serve.bind(this.#server, method);
      await host.handle(protocolOf(prefix, method), serve, {
        maxInboundStreams: maxStreams,
        maxOutboundStreams: maxStreams,
      });
    }
    try {
      await host.start();
    } catch (error) {
      await host.stop();
      const places = this.#parts.listen.join(', ');
      throw new Fault('cannot-listen', `cannot listen at ${places}: ${reasonOf(error)}`, error);
    }
    this.#gossip.start();
    this.#look();
  }

  #listen(): void {
    const { host, prefix, tell } = this.#parts;
    const status = protocolOf(prefix, 'status');
    host.addEventListener('connection:open', ({ detail }) => this.#lines.open(detail));
    host.addEventListener('peer:disconnect', ({ detail }) => this.#lines.end(`${detail}`));
    host.addEventListener('peer:identify', ({ detail: { peerId, protocols } }) => {
      const peer = `${peerId}`;
      if (protocols.includes(status)) return this.#lines.identify(peer);
      tell('debug', 'hung up on a peer of another network', { peer });
      this.#lines.hangUp(peer, 'it is of another network');
    });
  }

  async stop(): Promise<void> {
    const { host, timers, found, tell } = this.#parts;
    found.tell = () => {};
    this.#letGo();
    this.#handlers = undefined;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const callOff = timers.after(stopMs, () => {
      tell('warn', 'libp2p does not stop in time', { ms: stopMs });
      resolve();
    });
    await Promise.race([host.stop(), late]);
    callOff();
    // Somebody may have come while it stopped.
    this.#letGo();
  }

  #letGo(): void {
    this.#lines.hangUpAll();
    this.#endLooks();
  }

  peers(): readonly Connected[] {
    return this.#lines.ready().map(({ id, connection, since }) => ({
      ...{ id, address: `${connection.remoteAddr}`, since },
      isInbound: connection.direction === 'inbound',
      ...this.#parts.gate.trafficOf(id),
    }));
  }

  addresses(): readonly string[] {
    return this.#parts.host.getMultiaddrs().map(String);
  }

  async dial(address: string, { timeoutMs }: { readonly timeoutMs: number }): Promise<PeerId> {
    const known = this.#lines.ready().find(({ connection }) => isAt(connection, address));
    if (known) return known.id;
    const late = new Fault('dial-failed', `nobody answered at ${address} in ${timeoutMs} ms`);
    const deadline = new Deadline(this.#parts.timers, timeoutMs, late);
    try {
      return await this.#meet(address, deadline);
    } catch (error) {
      const because = `could not connect to ${address}: ${reasonOf(error)}`;
      throw deadline.fault ?? new Fault('dial-failed', because, error);
    } finally {
      deadline.clear();
    }
  }

  /** Connects, and waits until it is known whether the peer is one of ours. */
  async #meet(address: string, deadline: Deadline): Promise<PeerId> {
    const { signal } = deadline;
    const connection = await this.#parts.host.dial(multiaddr(address), { signal });
    const id = `${connection.remotePeer}`;
    const line = this.#lines.get(id);
    // It was known by another address already: the connection that is in use stays.
    if (line?.isReady && line.connection !== connection) {
      connection.abort(new Error('one connection is enough'));
    }
    if (await deadline.race(this.#lines.whenReady(id))) return id;
    throw new Error('it hung up, or is of another network');
  }

  async hangUp(peer: PeerId): Promise<void> {
    this.#lines.hangUp(peer, 'it was hung up on');
  }

  setBanned(isBanned: (peer: PeerId, address: string) => boolean): void {
    this.#parts.gate.setBanned(isBanned);
  }

  async publish(topic: Topic, bytes: Uint8Array): Promise<void> {
    if (this.#handlers) await this.#gossip.publish(topic, bytes);
  }

  async request(
    peer: PeerId,
    method: Method,
    bytes: Uint8Array,
    options: RequestOptions,
  ): Promise<Uint8Array> {
    const line = this.#lines.get(peer);
    if (!line?.isReady) throw new Fault('peer-gone', `${peer} is not there`);
    return line.asker.ask({ method, bytes, options });
  }

  /** It is named to whoever judges while it is still known where it is. */
  #offend(peer: PeerId, why: string): void {
    this.#handlers?.onOffence(peer, why);
    this.#lines.hangUp(peer, why);
  }

  async #answer(method: Method, from: PeerId, question: Uint8Array): Promise<Uint8Array> {
    if (!this.#handlers) throw new Fault('peer-gone', 'this node stops');
    return this.#handlers.onRequest(method, from, question);
  }

  /** Every now and then. */
  #look(): void {
    const { timers, tell } = this.#parts;
    this.#endLooks = timers.after(lookMs, () => {
      this.#look();
      this.#memory.look().catch((error: unknown) => {
        tell('warn', 'could not forget who is gone', { because: errorOf(error).message });
      });
    });
  }

  async ownRecord(): Promise<Uint8Array | undefined> {
    const { host, key } = this.#parts;
    return sealRecord(host.peerId, host.getMultiaddrs(), key);
  }

  async recordOf(peer: PeerId): Promise<Uint8Array | undefined> {
    const line = this.#lines.get(peer);
    if (!line) return undefined;
    const { peerRecordEnvelope } = await this.#parts.host.peerStore.get(line.peer);
    return peerRecordEnvelope;
  }

  openRecord(bytes: Uint8Array): Promise<PeerRecord | undefined> {
    return openRecord(bytes);
  }
}

/** Whoever is near says where he is near; what leads elsewhere is somebody's trick. */
function isNearby(address: string): boolean {
  const reach = reachOf(address);
  return reach === 'private' || reach === 'loopback';
}

/** Does this connection lead there? The name at the end may be left out. */
function isAt({ remoteAddr }: Connection, address: string): boolean {
  return `${remoteAddr}` === address || `${remoteAddr}`.startsWith(`${address}/p2p/`);
}

/** What went wrong, in words; of several things the first. */
function reasonOf(thrown: unknown): string {
  const error = errorOf(thrown);
  return error instanceof AggregateError ? reasonOf(error.errors[0]) : error.message;
}
