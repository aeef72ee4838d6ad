/**
 * The story: honest nodes, liars, bad weather, walls, crashes and wrong clocks for some virtual
 * hours; then all is healed, and everything that should hold is held against what is there.
 *
 * All of it follows from one seed, and so does its trace, to the byte.
 */
import { hashOf } from '../chain/entry.ts';
import { type Params, regtest } from '../consensus/params.ts';
import type { Block } from '../primitives/block.ts';
import { type Transaction, txid } from '../primitives/transaction.ts';
import { Chance } from './chance.ts';
import { areOnOneTip, Checks, lostPayments } from './checks.ts';
import { type Settle, VirtualClock } from './clock.ts';
import { demandLedger, type Ledger, Ledgers, Signatures } from './ledger.ts';
import type { LieName } from './liars.ts';
import { pressBlock } from './press.ts';
import { callOf } from './replay.ts';
import { drawScript, type Scene, type Script } from './script.ts';
import { SimLiar } from './simliar.ts';
import { fair, SimNet } from './simnet.ts';
import { type Attach, type Doom, SimNode, type Watcher } from './simnode.ts';
import { lookUp } from './sorted.ts';
import { Trace } from './trace.ts';
import { Violation } from './violation.ts';

/** Bitcoin's regtest, where a minted coin can be spent by the next block. */
export const grass: Params = { ...regtest, name: 'grass', coinbaseMaturity: 1 };

/** The same, but the difficulty follows the miners, and there is no patience for wrong clocks. */
export const heath: Params = {
  ...regtest,
  name: 'heath',
  difficulty: { rule: 'asert', spacingSeconds: 60, halfLifeSeconds: 1_800 },
  maxFutureSeconds: 300,
  coinbaseMaturity: 10,
};

/** All nodes together. Where the difficulty stands still, two hashes are a block. */
const hashesPerSecond = { none: 2 / 60, asert: 0.4, bitcoin: 1 } as const;

/** After so long a node that died in a write is started again. */
const restartMs = 60_000;

export interface StoryOptions {
  readonly settle: Settle;
  /** What speaks to the network for each honest node. */
  readonly attach: Attach;
  readonly params?: Params;
  /** How long it goes on before all is healed. */
  readonly hours?: number;
  /** Where they are not a matter of chance: how many honest nodes, and which liars. */
  readonly nodes?: number;
  readonly liars?: readonly LieName[];
  /** How many blocks there are when it begins, which the first node alone has. */
  readonly past?: number;
  /** Within how many virtual minutes after the healing all must be well. */
  readonly minutesToHeal?: number;
}

export interface Report {
  /** Of everything that happened, in order. */
  readonly trace: string;
  readonly events: number;
  readonly nodes: number;
  readonly liars: readonly LieName[];
  readonly height: number;
  readonly crashes: number;
  readonly reorgs: number;
  readonly payments: number;
  /** Of the payments, those in the chain of the tip. */
  readonly mined: number;
  /** How long it took after the healing, in virtual seconds. */
  readonly healedAfterSeconds: number;
}

/** Tells the story of this seed. What fails says the seed, and what happened last. */
export async function runStory(seed: string, options: StoryOptions): Promise<Report> {
  const story = new Story(seed, options);
  try {
    return await story.tell();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const [call, last] = [callOf(seed, options), story.trace.last().join('\n')];
    throw new Error(`${why}\nin ${call}\nafter\n${last}`, { cause });
  }
}

class Story {
  readonly trace: Trace;
  readonly #params: Params;
  readonly #minutesToHeal: number;
  readonly #chance: Chance;
  readonly #clock: VirtualClock;
  readonly #net: SimNet;
  readonly #checks: Checks;
  readonly #signatures = new Signatures();
  readonly #script: Script;
  readonly #nodes: readonly SimNode[];
  readonly #liars: readonly SimLiar[];
  readonly #payments: Transaction[] = [];
  #crashes = 0;
  #reorgs = 0;
  #isOver = false;

  constructor(seed: string, options: StoryOptions) {
    const { params = grass, settle, attach, minutesToHeal = 30 } = options;
    this.#params = params;
    this.#minutesToHeal = minutesToHeal;
    this.#chance = new Chance(seed);
    this.#clock = new VirtualClock(settle);
    this.trace = new Trace(this.#clock);
    this.#script = drawScript(this.#chance.stream('script'), options);
    const { weather } = this.#script;
    const [clock, chance, signatures] = [this.#clock, this.#chance, this.#signatures];
    this.#net = new SimNet({ clock, chance, weather, observe: this.trace.add });
    this.#checks = new Checks(new Ledgers(params, signatures));
    this.#nodes = this.#hire({ clock, net: this.#net, params, signatures, attach });
    this.#liars = this.#script.liars.map((lie, i) => {
      const { ledgers } = this.#checks;
      const victims = () => this.#nodes.map(({ name }) => this.#net.addressOf(name));
      return new SimLiar({ name: `liar${i}`, lie, net: this.#net, ledgers, chance, victims });
    });
  }

  /** What was mined before the story begins. */
  #press(): readonly Block[] {
    const { ledgers } = this.#checks;
    const chance = this.#chance.stream('past');
    return Array.from({ length: this.#script.past }, () => {
      return demandLedger(ledgers.add(pressBlock(ledgers.best, this.#params, chance))).block;
    });
  }

  #hire(world: ConstructorParameters<typeof SimNode>[0]): readonly SimNode[] {
    const total = hashesPerSecond[this.#params.difficulty.rule];
    const past = this.#press();
    return this.#script.cast.map(({ share, peers }, i) => {
      const name = `node${i}`;
      // So that it has an address before it is started.
      this.#net.join(name);
      const known = () => peers.map((each) => this.#net.addressOf(`node${each}`));
      return new SimNode(world, {
        name,
        chance: this.#chance,
        watcher: this.#watcher,
        hashesPerSecond: total * share,
        peers: known,
        past: i === 0 ? past : [],
      });
    });
  }

  readonly #watcher: Watcher = {
    onBoot: ({ name, waited }, host) => this.#checks.checkBoot(name, host, waited),
    onEvent: (node, event) => {
      if (event.kind === 'reorg') {
        this.#reorgs++;
        // What was undone must be as if it had never been.
        if (node.host) this.#clock.watch(this.#checks.checkSet(node.name, node.host));
      }
      // A listener must not throw: what is wrong ends the run instead.
      const check = async () => this.#checks.hear(node, event);
      this.#clock.watch(check());
    },
    onDeath: (node) => {
      this.#crashes++;
      this.#later(restartMs, () => this.#boot(node));
    },
    onBan: ({ name }, peer, why) => {
      if (!this.#nodes.some((each) => each.name === peer)) return;
      this.#clock.fail(new Violation(`${name} bans honest ${peer}: ${why}`));
    },
    onBug: ({ name }, what) => this.#clock.fail(new Violation(`${name} failed: ${what}`)),
  };

  async tell(): Promise<Report> {
    const { hours, scenes } = this.#script;
    for (const node of this.#nodes) this.#clock.watch(node.boot());
    for (const liar of this.#liars) this.#clock.watch(liar.start());
    for (const { atMs, scene } of scenes) this.#clock.after(atMs, () => this.#play(scene));
    await this.#clock.run(hours * 3_600_000);
    this.#isOver = true;
    const healedAfterSeconds = await this.#heal();
    for (const node of this.#nodes) await this.#checkWhole(node);
    const { txids, height } = this.#tip();
    const mined = this.#payments.filter((each) => lookUp(txids, txid(each)) !== undefined);
    return {
      trace: this.trace.digest(),
      events: this.trace.count,
      nodes: this.#nodes.length,
      liars: this.#script.liars,
      height,
      crashes: this.#crashes,
      reorgs: this.#reorgs,
      payments: this.#payments.length,
      mined: mined.length,
      healedAfterSeconds,
    };
  }

  #play(scene: Scene): void {
    if (scene.kind === 'wall') {
      this.#net.split([[], scene.apart.map((each) => `node${each}`)]);
      this.#later(scene.forMs, () => this.#net.heal());
    } else {
      const node = this.#nodes[scene.kind === 'payment' ? scene.from : scene.node];
      if (node?.isUp) this.#clock.watch(this.#act(node, scene));
    }
  }

  async #act(node: SimNode, scene: Exclude<Scene, { readonly kind: 'wall' }>): Promise<void> {
    if (scene.kind === 'crash') {
      node.crash(scene.death);
      this.#crashes++;
      this.#later(scene.forMs, () => this.#boot(node, scene.doom));
    } else if (scene.kind === 'doom') {
      node.crashAtWrite(scene.doom);
    } else if (scene.kind === 'stop') {
      await node.stop();
      this.#later(scene.forMs, () => this.#boot(node));
    } else if (scene.kind === 'clock') {
      node.skewSeconds = scene.seconds;
    } else {
      const payment = await node.pay(this.#nodes[scene.to] ?? node);
      if (payment) this.#payments.push(payment);
    }
  }

  #later(ms: number, call: () => void): void {
    this.#clock.after(ms, () => (this.#isOver ? undefined : call()));
  }

  #boot(node: SimNode, doom?: Doom): void {
    if (!node.isUp) this.#clock.watch(node.boot(doom));
  }

  /** Ends all misery; answers how long it took until all was well, in seconds. */
  async #heal(): Promise<number> {
    const from = this.#clock.nowMs();
    this.#net.heal();
    this.#net.weather = fair;
    for (const node of this.#nodes) {
      node.skewSeconds = 0;
      node.spare();
      this.#boot(node);
    }
    const limitMs = this.#minutesToHeal * 60_000;
    await this.#demand(limitMs);
    const healedAfterSeconds = (this.#clock.nowMs() - from) / 1_000;
    for (const node of this.#nodes) node.stopMining();
    await this.#clock.run(60_000);
    await this.#demand(limitMs);
    return healedAfterSeconds;
  }

  /** Waits until all have one tip and every payment. */
  async #demand(limitMs: number): Promise<void> {
    const lost = () => {
      const at = { tip: this.#tip(), params: this.#params };
      return lostPayments(this.#payments, this.#nodes, at);
    };
    const isWell = () => areOnOneTip(this.#nodes) && lost().length === 0;
    if (await this.#clock.run(limitMs, isWell)) return;
    const tips = this.#nodes.map(({ name, host }) => {
      const tip = host?.chain.tip;
      return tip ? `${name} at ${tip.height} ${hashOf(tip)}` : `${name} is down`;
    });
    throw new Violation(
      areOnOneTip(this.#nodes)
        ? `payments are lost: ${lost().map(txid).join(', ')}`
        : `the nodes are not on one tip: ${tips.join(', ')}`,
    );
  }

  /** What the first node's tip leaves. */
  #tip(): Ledger {
    const { ledgers } = this.#checks;
    const tip = this.#nodes[0]?.host?.chain.tip;
    return (tip && ledgers.get(hashOf(tip))) ?? ledgers.best;
  }

  async #checkWhole({ name, host }: SimNode): Promise<void> {
    if (!host) throw new Violation(`${name} is down`);
    await this.#checks.checkWhole(name, host, this.#signatures.verifyAll);
  }
}
