/** The peers of a node that runs, as methods and commands know them. */
import { hostOf, reachOf } from '../network/addresses.ts';
import type { Connected } from '../network/boundary.ts';
import type { Peer as Acquaintance } from '../network/peer.ts';
import type { BanList as NetworkBans } from '../network/wire.ts';
import type { Online } from '../node/online.ts';
import { parseSubject } from '../primitives/subnet.ts';
import type { AddedNode, Bans, Peer, Peering } from '../rpc/peering.ts';
import { parsePeer } from './peeraddress.ts';

/** How long a single try to connect may take. */
const dialMs = 10_000;

export class LivePeers implements Peering {
  readonly bans: Bans;
  readonly #nowMs: () => number;
  readonly #now: () => number;
  readonly #listeners = new Set<() => void>();
  /** By their names: numbers that are never given twice. */
  readonly #numbers = new Map<string, number>();
  #count = 0;
  /** What went over each connection, and over those that are no more. */
  readonly #bytes = new Map<string, Bytes>();
  #past: Bytes = { sent: 0, received: 0 };
  #online: Online | undefined;
  #isActive = true;

  constructor(bans: Bans, clock: { readonly now: () => number; readonly nowMs: () => number }) {
    this.bans = { ...boundBans(bans), add: (...ban) => this.#ban(bans, ...ban) };
    this.#now = clock.now;
    this.#nowMs = clock.nowMs;
  }

  /** From now on there is a network. */
  attach(online: Online): void {
    this.#online = online;
  }

  /** What the network room asks of the bans. */
  get networkBans(): NetworkBans {
    const { bans } = this;
    return {
      ban: (peer, address, seconds) => {
        const until = this.#now() + seconds;
        bans.add(peer, until);
        // Behind a private address there may be a whole classroom.
        if (address === undefined || reachOf(address) !== 'public') return;
        const subject = parseSubject(hostOf(address));
        if (subject !== undefined) bans.add(subject, until);
      },
      isBanned: (peer, address) => {
        return !this.#isActive || bans.isBanned(peer) || bans.isBanned(hostOf(address));
      },
    };
  }

  /** Somebody came or went. */
  changed(): void {
    this.#countBytes();
    for (const listener of this.#listeners) listener();
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The middle of what the peers' clocks are ahead of ours, in seconds; 0 without peers. */
  get clockOffset(): number {
    const offsets = [...this.#acquaintances().values()].flatMap((each) => {
      return each.status ? [each.timeOffset] : [];
    });
    const sorted = offsets.toSorted((one, other) => one - other);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  }

  get size(): number {
    return this.#connected().length;
  }

  peers(): readonly Peer[] {
    const known = this.#acquaintances();
    const manual = new Set(this.#online?.keeper.manual());
    return this.#connected().map((each) => this.#tell(each, known.get(each.id), manual));
  }

  totals() {
    this.#countBytes();
    const { sent, received } = [...this.#bytes.values()].reduce(sumOf, this.#past);
    return { sentBytes: sent, receivedBytes: received };
  }

  added(): readonly AddedNode[] {
    const connected = this.#connected();
    return (this.#online?.keeper.manual() ?? []).map((address) => ({
      address,
      connections: connected.filter((each) => each.address.startsWith(address)),
    }));
  }

  add(address: string): boolean {
    const parsed = parsePeer(address);
    const isNew = this.#online?.keeper.manual().includes(parsed) === false;
    if (isNew) this.#online?.keeper.add(parsed);
    return isNew;
  }

  remove(address: string): boolean {
    return this.#online?.keeper.remove(parsePeer(address)) ?? false;
  }

  tryOnce(address: string): void {
    const online = this.#online;
    const dialling = online?.transport.dial(parsePeer(address), { timeoutMs: dialMs });
    if (dialling) online?.network.wire.background(dialling);
  }

  disconnect(who: string | number): boolean {
    const found = this.peers().find(({ id, address }) => id === who || address === who);
    const connected = this.#connected().find(({ address }) => address === found?.address);
    if (connected) this.#hangUp(connected.id);
    return connected !== undefined;
  }

  pingAll(): void {
    this.#online?.network.refreshAll();
  }

  get isActive(): boolean {
    return this.#isActive;
  }

  setActive(isActive: boolean): void {
    this.#isActive = isActive;
    if (!isActive) for (const { id } of this.#connected()) this.#hangUp(id);
  }

  #countBytes(): void {
    const here = this.#connected();
    for (const { id, since, bytesIn: received, bytesOut: sent } of here) {
      this.#bytes.set(`${id} ${since}`, { sent, received });
    }
    const open = new Set(here.map(({ id, since }) => `${id} ${since}`));
    for (const [key, bytes] of this.#bytes) {
      if (open.has(key)) continue;
      this.#past = sumOf(this.#past, bytes);
      this.#bytes.delete(key);
    }
    const names = new Set(here.map(({ id }) => id));
    for (const id of this.#numbers.keys()) if (!names.has(id)) this.#numbers.delete(id);
  }

  #hangUp(id: string): void {
    const online = this.#online;
    if (online) online.network.wire.background(online.transport.hangUp(id));
  }

  #ban(bans: Bans, subject: string, until: number): void {
    bans.add(subject, until);
    for (const { id, address } of this.#connected()) {
      if (bans.isBanned(id) || bans.isBanned(hostOf(address))) this.#hangUp(id);
    }
  }

  #connected(): readonly Connected[] {
    return this.#online?.transport.peers() ?? [];
  }

  #acquaintances(): ReadonlyMap<string, Acquaintance> {
    return this.#online?.network.wire.peers ?? new Map();
  }

  #numberOf(id: string): number {
    const known = this.#numbers.get(id) ?? this.#count++;
    this.#numbers.set(id, known);
    return known;
  }

  #tell(
    { id, address, isInbound, since, bytesIn, bytesOut }: Connected,
    known: Acquaintance | undefined,
    manual: ReadonlySet<string>,
  ): Peer {
    const ping = known?.pingMs === undefined ? {} : { last: known.pingMs / 1_000 };
    const height = known?.best?.height ?? known?.status?.height ?? -1;
    return {
      id: this.#numberOf(id),
      address: address.includes('/p2p/') ? address : `${address}/p2p/${id}`,
      isInbound,
      isManual: [...manual].some((each) => address.startsWith(each)),
      agent: new TextDecoder().decode(known?.status?.agent),
      version: 1,
      connectedAt: Math.floor(this.#now() - (this.#nowMs() - since) / 1_000),
      lastSent: 0,
      lastReceived: 0,
      lastPayment: 0,
      lastBlock: 0,
      sent: { bytes: bytesOut, byKind: {} },
      received: { bytes: bytesIn, byKind: {} },
      clockOffset: known?.timeOffset ?? 0,
      ping,
      headers: height,
      blocks: height,
      awaited: [],
    };
  }
}

interface Bytes {
  readonly sent: number;
  readonly received: number;
}

function sumOf(one: Bytes, other: Bytes): Bytes {
  return { sent: one.sent + other.sent, received: one.received + other.received };
}

/** Its methods, which may then be taken apart. */
function boundBans(bans: Bans): Bans {
  return {
    list: () => bans.list(),
    isBanned: (who) => bans.isBanned(who),
    add: (subject, until) => bans.add(subject, until),
    remove: (subject) => bans.remove(subject),
    clear: () => bans.clear(),
  };
}
