/** The simulated transport: what one peer has in its hands of the simulated network. */
import { bytesToHex } from '@noble/hashes/utils.js';
import type {
  Connected,
  Handlers,
  Method,
  PeerId,
  PeerRecord,
  RequestOptions,
  Topic,
  Transport,
} from '../network/boundary.ts';
import { maxGossipBytes, maxRequestsToPeer } from '../network/limits.ts';
import { Fault } from '../primitives/fault.ts';
import { sha256 } from '../primitives/hash.ts';
import { Asker, Server } from './request.ts';
import type { Part, SimNet } from './simnet.ts';
import type { Wire, WireEnd } from './wire.ts';

/** How many pass on what one of them tells. Gossipsub: D. */
const meshDegree = 8;
/** How long a message is known by its hash. Gossipsub: seenTTL. */
const seenMs = 120_000;
/** Whoever judges for longer passes nothing on. Gossipsub: mcacheLength heartbeats. */
const maxJudgingMs = 5_000;
/** Round trips until a new connection can be used: TCP, noise, yamux. */
const handshakeTrips = 3;

interface Message {
  readonly topic: Topic;
  readonly bytes: Uint8Array;
  /** Of its content. */
  readonly id: string;
}

/** What one end keeps of a wire. */
interface Line {
  readonly wire: Wire;
  readonly other: SimTransport;
  readonly asker: Asker;
  readonly server: Server;
}

export class SimTransport implements Transport, WireEnd {
  readonly id: PeerId;
  readonly room: string | undefined;
  readonly #net: SimNet;
  readonly #part: Part;
  readonly #ip: string;
  readonly #lines = new Map<PeerId, Line>();
  readonly #records = new Map<PeerId, Uint8Array>();
  /** When each message came, in that order. */
  readonly #seen = new Map<string, number>();
  #handlers: Handlers | undefined;
  #isBanned: (peer: PeerId, address: string) => boolean = () => false;
  /** The dead neither hear nor answer. */
  #isDead = false;

  constructor(net: SimNet, id: PeerId, { place, ...part }: Part & { readonly place: number }) {
    this.#net = net;
    this.id = id;
    this.#part = part;
    this.room = part.room;
    this.#ip = `10.0.${place >> 8}.${place & 255}`;
  }

  async start(handlers: Handlers): Promise<void> {
    this.#handlers = handlers;
    const { room } = this;
    if (room === undefined) return;
    for (const other of this.#net.neighbours(this, room)) {
      this.#net.clock.after(this.#net.weather.delayMs, () => {
        other.#handlers?.onFound(this.id, this.addresses());
        this.#handlers?.onFound(other.id, other.addresses());
      });
    }
  }

  async stop(): Promise<void> {
    for (const { wire } of [...this.#lines.values()]) wire.cut(this);
    this.#handlers = undefined;
  }

  /** As if its machine had been killed, or had lost its power: then nobody is told. */
  die(isSilent: boolean): void {
    this.#isDead = true;
    this.#handlers = undefined;
    for (const { wire, asker } of [...this.#lines.values()]) {
      asker.end();
      wire.cut(this, isSilent);
    }
  }

  peers(): readonly Connected[] {
    return [...this.#lines].map(([id, { wire, other }]) => {
      const isInbound = wire.called === this;
      const address = isInbound ? other.#callingAddress() : (other.addresses()[0] ?? '');
      return { id, address, isInbound, since: wire.since, ...wire.bytesOf(this) };
    });
  }

  /** Where it can be dialled while it listens. */
  get address(): string {
    const { network = 'ours' } = this.#part;
    return `/ip4/${this.#ip}/tcp/${network === 'ours' ? 3000 : 4000}/p2p/${this.id}`;
  }

  addresses(): readonly string[] {
    return this.#handlers && (this.#part.canListen ?? true) ? [this.address] : [];
  }

  setBanned(isBanned: (peer: PeerId, address: string) => boolean): void {
    this.#isBanned = isBanned;
  }

  async dial(address: string, { timeoutMs }: { readonly timeoutMs: number }): Promise<PeerId> {
    const { clock, weather } = this.#net;
    const called = this.#net.at(address);
    const handshakeMs = handshakeTrips * 2 * weather.delayMs;
    if (called && this.#live(called)) return called.id;
    const isSilent = called && this.#net.isWalled(this.id, called.id);
    await clock.sleep(isSilent ? timeoutMs : Math.min(handshakeMs, timeoutMs));
    if (this.#isDead) return new Promise(() => {});
    if (handshakeMs <= timeoutMs && called && this.#meet(called, address)) return called.id;
    throw new Fault('dial-failed', `nobody answers at ${address}`);
  }

  /** Joins both ends to a wire, if both will have it. */
  #meet(called: SimTransport, address: string): boolean {
    if (called === this || !this.#handlers || !called.#handlers) return false;
    if (this.#live(called)) return true;
    const isOneNetwork = this.#part.network === called.#part.network;
    const isUnwelcome =
      this.#isBanned(called.id, address) || called.#isBanned(this.id, this.#callingAddress());
    if (!isOneNetwork || isUnwelcome || this.#net.isWalled(this.id, called.id)) return false;
    const wire = this.#net.connect(this, called);
    this.#net.observe(`${this.id} meets ${called.id}`);
    called.#hold(wire, this);
    this.#hold(wire, called);
    return true;
  }

  /** The line to this one, if it still carries anything. */
  #live(other: SimTransport): Line | undefined {
    const line = this.#lines.get(other.id);
    return line && !line.wire.isCut ? line : undefined;
  }

  #hold(wire: Wire, other: SimTransport): void {
    // What is left of an older one that was let go of, but had not told so yet.
    this.#lines.get(other.id)?.wire.drop(this);
    const most = this.#part.isRude ? Number.POSITIVE_INFINITY : maxRequestsToPeer;
    const server = new Server(wire, this, {
      answer: (method, bytes) => this.#answer(method, other.id, bytes),
      offend: (why) => this.#offend(other.id, why),
    });
    const asker = new Asker(
      { wire, end: this, clock: this.#net.clock, server: () => other.#lines.get(this.id)?.server },
      most,
    );
    this.#lines.set(other.id, { wire, other, asker, server });
    const record = other.#record();
    if (record) this.#records.set(other.id, record);
    this.#handlers?.onPeer(other.id, 'ready');
  }

  #offend(peer: PeerId, why: string): void {
    this.#net.observe(`${peer} offends ${this.id}: ${why}`);
    this.#handlers?.onOffence(peer, why);
    this.#lines.get(peer)?.wire.cut(this);
  }

  lose(wire: Wire): void {
    this.#net.forget(wire);
    for (const [id, line] of this.#lines) {
      if (line.wire !== wire) continue;
      this.#lines.delete(id);
      if (this.#isDead) return;
      this.#net.observe(`${this.id} loses ${id}`);
      line.asker.end(new Fault('peer-gone', `${id} is gone`));
      this.#handlers?.onPeer(id, 'gone');
    }
  }

  async hangUp(peer: PeerId): Promise<void> {
    this.#lines.get(peer)?.wire.cut(this);
  }

  async publish(topic: Topic, bytes: Uint8Array): Promise<void> {
    if (this.#isDead) return;
    const message = { topic, bytes, id: `${topic} ${bytesToHex(sha256(bytes))}` };
    if (!this.#isNew(message)) return;
    for (const line of this.#lines.values()) this.#tell(line, message);
  }

  #tell({ wire, other }: Line, message: Message): void {
    wire.scatter(this, message.bytes.length, () => other.#hear(message, this));
  }

  #hear(message: Message, from: SimTransport): void {
    const { topic, bytes } = message;
    if (!this.#handlers) return;
    const isTooLong = bytes.length > maxGossipBytes;
    if (isTooLong) this.#offend(from.id, `a message of ${bytes.length} bytes`);
    if (isTooLong || !this.#isNew(message)) return;
    this.#net.observe(`${this.id} hears ${topic} from ${from.id}`, bytes);
    this.#net.clock.watch(this.#judge(message, from));
  }

  async #judge(message: Message, from: SimTransport): Promise<void> {
    const { clock } = this.#net;
    const heardAt = clock.nowMs();
    const { topic, bytes } = message;
    const verdict = await this.#handlers?.onGossip(topic, from.id, bytes);
    if (this.#isDead) return;
    if (verdict === 'reject') await this.hangUp(from.id);
    if (verdict !== 'accept' || clock.nowMs() - heardAt > maxJudgingMs) return;
    const others = [...this.#lines.values()].filter(({ other }) => other !== from);
    const mesh = others.sort((a, b) => a.wire.rank - b.wire.rank).slice(0, meshDegree);
    for (const line of mesh) this.#tell(line, message);
  }

  #isNew({ id }: Message): boolean {
    const now = this.#net.clock.nowMs();
    for (const [known, at] of this.#seen) {
      if (now - at < seenMs) break;
      this.#seen.delete(known);
    }
    if (this.#seen.has(id)) return false;
    this.#seen.set(id, now);
    return true;
  }

  request(
    peer: PeerId,
    method: Method,
    bytes: Uint8Array,
    options: RequestOptions,
  ): Promise<Uint8Array> {
    if (this.#isDead) return new Promise(() => {});
    const line = this.#lines.get(peer);
    if (!line) return Promise.reject(new Fault('peer-gone', `${peer} is not there`));
    const answer = line.asker.ask({ method, bytes, options });
    this.#part.onWanted?.(line.asker.wanted);
    return answer;
  }

  async #answer(method: Method, from: PeerId, bytes: Uint8Array): Promise<Uint8Array> {
    this.#net.observe(`${this.id} is asked for ${method} by ${from}`, bytes);
    const handlers = this.#handlers;
    if (!handlers) return new Promise(() => {});
    const answer = await handlers.onRequest(method, from, bytes);
    this.#net.observe(`${this.id} answers ${method} to ${from}`, answer);
    return answer;
  }

  #record(): Uint8Array | undefined {
    const addresses = this.addresses();
    return addresses.length > 0 ? this.#net.notary.sign({ id: this.id, addresses }) : undefined;
  }

  async ownRecord(): Promise<Uint8Array | undefined> {
    return this.#record();
  }

  async recordOf(peer: PeerId): Promise<Uint8Array | undefined> {
    return this.#records.get(peer);
  }

  async openRecord(bytes: Uint8Array): Promise<PeerRecord | undefined> {
    return this.#net.notary.open(bytes);
  }

  /** Where it calls from: a port of the moment, at which nobody listens. */
  #callingAddress(): string {
    return `/ip4/${this.#ip}/tcp/50000/p2p/${this.id}`;
  }
}
