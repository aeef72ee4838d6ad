/** A village: whole nodes on a simulated network, mining when they are told to. */
import type { VerifyAll } from '../src/chain/chain.ts';
import { hashOf } from '../src/chain/entry.ts';
import { Chance } from '../src/lab/chance.ts';
import { VirtualClock } from '../src/lab/clock.ts';
import { Disk } from '../src/lab/disk.ts';
import { type Observe, SimNet } from '../src/lab/simnet.ts';
import type { Weather } from '../src/lab/wire.ts';
import { searchNonce } from '../src/miner/kernel.ts';
import { Node } from '../src/node/node.ts';
import { goOnline, type Online } from '../src/node/online.ts';
import type { Hash } from '../src/primitives/codec.ts';
import { outputTo } from './forge.ts';
import { grass, machine, noon, verifyInline } from './grove.ts';
import { settle } from './settle.ts';

export interface Villager {
  readonly name: string;
  readonly disk: Disk;
  readonly node: Node;
  readonly online: Online;
  readonly told: string[];
  readonly banned: string[];
}

/** What makes one village differ from another. */
export interface Customs {
  readonly weather?: Partial<Weather>;
  readonly observe?: Observe;
  readonly verifyAll?: VerifyAll;
}

export class Village {
  readonly clock = new VirtualClock(settle);
  readonly chance: Chance;
  readonly net: SimNet;
  readonly #addresses = new Map<string, readonly string[]>();

  readonly #verifyAll: VerifyAll;

  constructor(seed: string, { weather = {}, observe, verifyAll = verifyInline }: Customs = {}) {
    this.chance = new Chance(seed);
    this.#verifyAll = verifyAll;
    const hears = observe ? { observe } : {};
    this.net = new SimNet({ clock: this.clock, chance: this.chance, weather, ...hears });
  }

  readonly now = () => noon + Math.floor(this.clock.nowMs() / 1000);

  async settle(
    name: string,
    peers: readonly string[] = [],
    disk: Disk = new Disk(),
  ): Promise<Villager> {
    const node = await Node.open({
      ...machine,
      database: disk.boot(),
      last: disk.last,
      params: grass,
      verifyAll: this.#verifyAll,
      now: this.now,
      search: async (search) => searchNonce(search),
    });
    const told: string[] = [];
    const banned: string[] = [];
    const own = this.chance.stream(name);
    const transport = this.net.join(name);
    const bans = {
      ban: (peer: string) => {
        banned.push(peer);
      },
      isBanned: (peer: string) => banned.includes(peer),
    };
    const online = await goOnline({
      node,
      transport,
      bans,
      timers: this.clock,
      random: (length) => own.bytes(length),
      now: this.now,
      tell: (level, message, facts) => {
        told.push(`${level} ${message} ${JSON.stringify(facts ?? {})}`);
      },
      agent: 'village',
      peers: peers.flatMap((each) => this.addressOf(each)),
    });
    this.#addresses.set(name, transport.addresses());
    return { name, disk, node, online, told, banned };
  }

  addressOf(name: string): readonly string[] {
    return this.#addresses.get(name) ?? [];
  }

  async mine({ node }: Villager, count: number, seed = 7): Promise<void> {
    for (let i = 0; i < count; i++) await node.mine(outputTo(seed, 0n).script);
  }

  /** Lets time pass until all have the same tip. */
  agree(villagers: readonly Villager[], mostMs = 600_000): Promise<boolean> {
    return this.clock.run(mostMs, () => new Set(villagers.map(tipOf)).size === 1);
  }
}

export function tipOf({ node }: Villager): Hash {
  return hashOf(node.chain.tip);
}
