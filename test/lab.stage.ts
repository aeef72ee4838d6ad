/** A stage: simulated nodes by themselves, for tests that play one scene by hand. */
import type { Params } from '../src/consensus/params.ts';
import { Chance } from '../src/lab/chance.ts';
import { VirtualClock } from '../src/lab/clock.ts';
import { Ledgers, Signatures } from '../src/lab/ledger.ts';
import type { LieName } from '../src/lab/liars.ts';
import { SimLiar } from '../src/lab/simliar.ts';
import { SimNet } from '../src/lab/simnet.ts';
import { type Attach, SimNode, type Watcher } from '../src/lab/simnode.ts';
import { grass } from '../src/lab/story.ts';
import { settle } from './settle.ts';

/** For nodes that know nobody. */
export const hermit: Attach = async () => ({ stop: async () => {} });

const nobody: Watcher = {
  onBoot: async () => {},
  onEvent: () => {},
  onDeath: () => {},
  onBan: () => {},
  onBug: () => {},
};

export class Stage {
  readonly clock = new VirtualClock(settle);
  readonly chance = new Chance('stage');
  readonly signatures = new Signatures();
  readonly params: Params;
  readonly net: SimNet;
  readonly ledgers: Ledgers;
  readonly #attach: Attach;

  constructor({ params = grass, attach = hermit }: { params?: Params; attach?: Attach } = {}) {
    this.params = params;
    this.#attach = attach;
    this.net = new SimNet({ clock: this.clock, chance: this.chance });
    this.ledgers = new Ledgers(params, this.signatures);
  }

  /** A node that finds a block every ten virtual seconds or so; or none, where it is idle. */
  async node(
    name: string,
    { watcher = {}, isIdle = false }: { watcher?: Partial<Watcher>; isIdle?: boolean } = {},
  ): Promise<SimNode> {
    const { clock, net, params, signatures } = this;
    const world = { clock, net, params, signatures, attach: this.#attach };
    const node = new SimNode(world, {
      name,
      chance: this.chance,
      watcher: { ...nobody, ...watcher },
      hashesPerSecond: isIdle ? 0 : 0.2,
      peers: () => [],
    });
    await clock.finish(node.boot());
    return node;
  }

  /** A liar that calls on these. */
  liar(lie: LieName, victims: readonly string[]): SimLiar {
    const { net, ledgers, chance } = this;
    const addresses = () => victims.map((each) => net.addressOf(each));
    return new SimLiar({ name: 'liar', lie, net, ledgers, chance, victims: addresses });
  }

  minutes(count: number): Promise<boolean> {
    return this.clock.run(count * 60_000);
  }
}
