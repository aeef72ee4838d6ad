/**
 * The keeper: whom to be connected to. Dials those that a person named, those that were met before,
 * those nearby, and those that others tell of; again and again, but more and more seldom.
 */
import { mayDial } from './addresses.ts';
import type { Book } from './book.ts';
import type { PeerId, PeerRecord } from './boundary.ts';
import { maxAddresses, maxCandidates, maxFailures, maxRecords, targetOutbound } from './limits.ts';
import { encodeAnswer, Records } from './messages.ts';
import type { Peer } from './peer.ts';
import type { Wire } from './wire.ts';

type Origin = 'manual' | 'lan' | 'remembered' | 'told';

/** Somewhere to dial. */
interface Candidate {
  readonly address: string;
  readonly origin: Origin;
  /** Whoever is expected there, where that is known. */
  readonly id: PeerId | undefined;
  failures: number;
  /** Not before, in milliseconds. */
  notBefore: number;
  isDialling: boolean;
}

const tickMs = 1_000;
const dialMs = 10_000;
const firstWaitMs = 1_000;
const longestWaitMs = 300_000;

export class Keeper {
  readonly #wire: Wire;
  readonly #book: Book;
  readonly #candidates = new Map<string, Candidate>();
  /** Records of peers as they signed them. */
  readonly #records = new Map<PeerId, Uint8Array>();
  #endTick = () => {};

  constructor(wire: Wire, book: Book) {
    this.#wire = wire;
    this.#book = book;
  }

  start(manual: readonly string[]): void {
    for (const address of manual) this.add(address);
    for (const [id, { addresses }] of this.#book.all()) {
      for (const address of addresses) this.#note(address, 'remembered', id);
    }
    this.#tick();
  }

  stop(): void {
    this.#endTick();
  }

  /** Somebody wants to be connected there, whatever happens. */
  add(address: string): void {
    this.#candidates.delete(address);
    this.#note(address, 'manual', idIn(address));
  }

  /** No more. */
  remove(address: string): boolean {
    const known = this.#candidates.get(address);
    return known?.origin === 'manual' && this.#candidates.delete(address);
  }

  manual(): readonly string[] {
    return [...this.#candidates.values()]
      .filter(({ origin }) => origin === 'manual')
      .map(({ address }) => address);
  }

  /** Somebody of this network is near. */
  onFound(id: PeerId, addresses: readonly string[]): void {
    for (const address of addresses.slice(0, maxAddresses)) this.#note(address, 'lan', id);
  }

  /** Remembers who is connected, and asks it for others. */
  async onMet(peer: Peer): Promise<void> {
    const { transport, home } = this.#wire.parts;
    const record = await transport.recordOf(peer.id);
    const opened = record && (await transport.openRecord(record));
    const connected = transport.peers().find(({ id }) => id === peer.id);
    // It may have gone meanwhile, and then nobody would forget its record.
    if (!connected) return;
    if (record && opened?.id === peer.id) this.#records.set(peer.id, record);
    const dialled = connected.isInbound ? [] : [connected.address];
    const stated = (opened?.addresses ?? []).filter((each) => mayDial(each, connected.address));
    const addresses = [...new Set([...dialled, ...stated])];
    if (addresses.length > 0) await this.#book.remember(peer.id, addresses, home.now());
    await this.#askForOthers(peer, connected.address);
  }

  async #askForOthers(peer: Peer, source: string): Promise<void> {
    const { transport } = this.#wire.parts;
    const nothing = new Uint8Array(0);
    const records = await this.#wire.ask(peer, 'peers', nothing, Records);
    for (const record of records) {
      const opened = await transport.openRecord(record);
      if (!opened) throw this.#wire.punish(peer, 'a record that nobody signed');
      this.#noteTold(opened, source);
    }
  }

  #noteTold({ id, addresses }: PeerRecord, source: string): void {
    for (const address of addresses.slice(0, maxAddresses)) {
      if (mayDial(address, source)) this.#note(address, 'told', id);
    }
  }

  /** Whom we know, as they signed it, and ourselves. */
  async answer(): Promise<Uint8Array> {
    const own = await this.#wire.parts.transport.ownRecord();
    const others = [...this.#wire.peers.keys()].flatMap((id) => this.#records.get(id) ?? []);
    const records = [...(own ? [own] : []), ...others].slice(0, maxRecords);
    return encodeAnswer(Records, records);
  }

  onGone(id: PeerId): void {
    this.#records.delete(id);
  }

  #note(address: string, origin: Origin, id: PeerId | undefined): void {
    if (id === this.#wire.parts.transport.id || this.#candidates.has(address)) return;
    if (origin !== 'manual' && this.#candidates.size >= maxCandidates) return;
    const fresh = { failures: 0, notBefore: 0, isDialling: false };
    this.#candidates.set(address, { address, origin, id, ...fresh });
  }

  #tick(): void {
    this.#endTick = this.#wire.parts.timers.after(tickMs, () => this.#tick());
    const connected = this.#wire.parts.transport.peers();
    const ids = new Set(connected.map(({ id }) => id));
    const at = new Set(connected.map(({ address }) => address));
    let outbound = connected.filter(({ isInbound }) => !isInbound).length;
    for (const each of this.#candidates.values()) if (each.isDialling) outbound++;
    for (const candidate of this.#inOrder()) {
      const { id, address, notBefore, origin } = candidate;
      const isThere = at.has(address) || (id !== undefined && ids.has(id));
      if (isThere || candidate.isDialling || notBefore > this.#wire.nowMs) continue;
      if (origin !== 'manual' && outbound >= this.#roomFor(origin)) continue;
      outbound++;
      this.#wire.background(this.#dial(candidate));
    }
  }

  /** Those that a person named first, those that strangers told of last. */
  *#inOrder(): Iterable<Candidate> {
    const order: readonly Origin[] = ['manual', 'lan', 'remembered', 'told'];
    const all = [...this.#candidates.values()];
    for (const origin of order) yield* all.filter((each) => each.origin === origin);
  }

  /** Half of the places are kept from those that only strangers told of. */
  #roomFor(origin: Origin): number {
    return origin === 'told' ? targetOutbound / 2 : targetOutbound;
  }

  async #dial(candidate: Candidate): Promise<void> {
    const { transport, tell, random } = this.#wire.parts;
    candidate.isDialling = true;
    try {
      await transport.dial(candidate.address, { timeoutMs: dialMs });
      candidate.failures = 0;
      candidate.notBefore = this.#wire.nowMs + firstWaitMs;
    } catch (error) {
      const { address, origin } = candidate;
      const because = error instanceof Error ? error.message : String(error);
      tell(origin === 'manual' ? 'info' : 'debug', 'could not connect', { address, because });
      const [chance = 0] = random(1);
      const wait = Math.min(firstWaitMs * 2 ** candidate.failures, longestWaitMs);
      candidate.notBefore = this.#wire.nowMs + wait * (0.75 + chance / 512);
      candidate.failures++;
      const isStranger = origin === 'told' || origin === 'lan';
      const isHopeless = isStranger && candidate.failures >= maxFailures;
      if (isHopeless) this.#candidates.delete(address);
    } finally {
      candidate.isDialling = false;
    }
  }
}

/** The name at the end of a multiaddr, where there is one. */
function idIn(address: string): PeerId | undefined {
  return /\/p2p\/([^/]+)$/.exec(address)?.[1];
}
