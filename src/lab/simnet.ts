/**
 * The simulated network: a world in which transports meet, with weather, walls and distance.
 *
 * All that happens in it follows from its seed. A wall parts the world into groups: connections
 * over it stall, and are given up when it stands for too long.
 */
import type { PeerId } from '../network/boundary.ts';
import type { Chance } from './chance.ts';
import type { VirtualClock } from './clock.ts';
import { Notary } from './record.ts';
import { SimTransport } from './simtransport.ts';
import { silenceMs, type Weather, Wire } from './wire.ts';

/** A good line: 50 milliseconds and 10 megabytes a second, and nothing is lost. */
export const fair: Weather = {
  delayMs: 50,
  jitterMs: 0,
  bytesPerSecond: 10_000_000,
  loss: 0,
  duplication: 0,
  reordering: 0,
};

/** Hears what happens, with the bytes that it is about; see `Trace`. */
export type Observe = (what: string, bytes?: Uint8Array) => void;

export interface SimNetOptions {
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly weather?: Partial<Weather>;
  readonly observe?: Observe;
}

/** How one takes part. */
export interface Part {
  /** Networks have nothing in common. */
  readonly network?: string;
  /** Whether others can dial it: behind a router nobody can. */
  readonly canListen?: boolean;
  /** Those of one room find one another by themselves. */
  readonly room?: string;
  /** It asks as much at once as it likes, as no program of ours does. */
  readonly isRude?: boolean;
  /** Hears with every question how many answers of one peer it waits for. */
  readonly onWanted?: (count: number) => void;
}

export class SimNet {
  readonly clock: VirtualClock;
  readonly observe: Observe;
  readonly notary: Notary;
  weather: Weather;
  readonly #chance: Chance;
  readonly #members = new Map<PeerId, SimTransport>();
  /** The place of a peer, which it keeps over restarts. */
  readonly #places = new Map<PeerId, number>();
  readonly #wires = new Set<Wire>();
  readonly #groups = new Map<PeerId, number>();
  #walls = 0;

  constructor({ clock, chance, weather = {}, observe = () => {} }: SimNetOptions) {
    this.clock = clock;
    this.observe = observe;
    this.weather = { ...fair, ...weather };
    this.#chance = chance.stream('net');
    this.notary = new Notary(this.#chance.stream('notary').bytes(32));
  }

  /** A transport of this name; where there was one before, that is dead from now on. */
  join(id: PeerId, part: Part = {}): SimTransport {
    this.#members.get(id)?.die(true);
    const place = this.#places.get(id) ?? this.#places.size + 1;
    this.#places.set(id, place);
    const transport = new SimTransport(this, id, { place, ...part });
    this.#members.set(id, transport);
    return transport;
  }

  /** Raises walls between these groups; whoever is not named is in the first. */
  split(groups: readonly (readonly PeerId[])[]): void {
    this.observe(`wall ${groups.map((each) => each.join('+')).join(' | ')}`);
    this.#walls++;
    this.#groups.clear();
    for (const [number, members] of groups.entries()) {
      for (const id of members) this.#groups.set(id, number);
    }
    const wall = this.#walls;
    this.#releaseWires();
    this.clock.after(silenceMs, () => {
      if (wall === this.#walls) for (const each of this.#wires) if (each.isWalled) each.snap();
    });
  }

  /** Lets all walls fall. */
  heal(): void {
    this.observe('heal');
    this.#walls++;
    this.#groups.clear();
    this.#releaseWires();
  }

  isWalled(one: PeerId, other: PeerId): boolean {
    return (this.#groups.get(one) ?? 0) !== (this.#groups.get(other) ?? 0);
  }

  /** Who listens at this address. */
  at(address: string): SimTransport | undefined {
    const [, id = ''] = /\/p2p\/(.+)$/.exec(address) ?? [];
    const found = this.#members.get(id);
    return found?.addresses().includes(address) ? found : undefined;
  }

  /** Where this one listens, or will. */
  addressOf(id: PeerId): string {
    return this.#members.get(id)?.address ?? '';
  }

  /** Those who would find this one in their room. */
  neighbours(of: SimTransport, room: string): readonly SimTransport[] {
    return [...this.#members.values()].filter((each) => each !== of && each.room === room);
  }

  connect(caller: SimTransport, called: SimTransport): Wire {
    const isWalled = () => this.isWalled(caller.id, called.id);
    const weather = () => this.weather;
    const parts = { clock: this.clock, chance: this.#chance, weather, isWalled };
    const wire = new Wire({ caller, called }, parts);
    this.#wires.add(wire);
    return wire;
  }

  forget(wire: Wire): void {
    this.#wires.delete(wire);
  }

  #releaseWires(): void {
    for (const wire of this.#wires) if (!wire.isWalled) wire.release();
  }
}
