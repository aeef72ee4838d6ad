/**
 * The simulated node: a whole `Node` on a disk that can die, with a clock that can be wrong, a
 * miner on virtual time, and a place to plug in what speaks to the network.
 */
import type { Params } from '../consensus/params.ts';
import { isReject } from '../consensus/reject.ts';
import { searchNonce } from '../miner/kernel.ts';
import type { PeerId, Timers, Transport } from '../network/boundary.ts';
import type { NodeEvent } from '../node/events.ts';
import { Node } from '../node/node.ts';
import { type Block, Header } from '../primitives/block.ts';
import { encode } from '../primitives/codec.ts';
import { Transaction, txid } from '../primitives/transaction.ts';
import type { Chance } from './chance.ts';
import type { VirtualClock } from './clock.ts';
import { type Death, Disk } from './disk.ts';
import type { Signatures } from './ledger.ts';
import { Purse } from './purse.ts';
import { SimMiner } from './simminer.ts';
import type { Part, SimNet } from './simnet.ts';
import type { SimTransport } from './simtransport.ts';

/** What is handed to whoever speaks to the network for a node. */
export interface AttachParts {
  readonly node: Node;
  /** Not started: that is for the one who hears. */
  readonly transport: Transport;
  readonly timers: Timers;
  readonly random: (length: number) => Uint8Array;
  /** The node's own time, in seconds since 1970. */
  readonly now: () => number;
  /** Multiaddrs to begin with. */
  readonly peers: readonly string[];
  /** To be told of every peer that is held for a liar: no honest one may be. */
  readonly onBan: (peer: PeerId, why: string) => void;
  /** To be told of what nobody saw coming. */
  readonly onBug: (what: string) => void;
}

/** What speaks to the network, until it is stopped. */
interface Attached {
  stop(): Promise<void>;
}

export type Attach = (parts: AttachParts) => Promise<Attached>;

/** What all nodes of a world share. */
export interface World {
  readonly clock: VirtualClock;
  readonly net: SimNet;
  readonly params: Params;
  readonly signatures: Signatures;
  readonly attach: Attach;
}

/** Hears what a node does, the moment it does it. */
export interface Watcher {
  /** It is up, after a start. */
  readonly onBoot: (node: SimNode, host: Node) => Promise<void>;
  readonly onEvent: (node: SimNode, event: NodeEvent) => void;
  /** It died in the middle of a write. */
  readonly onDeath: (node: SimNode) => void;
  /** It holds a peer for a liar. */
  readonly onBan: (node: SimNode, peer: PeerId, why: string) => void;
  /** Something went wrong that is no peer's fault. */
  readonly onBug: (node: SimNode, what: string) => void;
}

export interface SimNodeOptions {
  readonly name: string;
  readonly chance: Chance;
  readonly watcher: Watcher;
  /** How fast it mines: hashes a virtual second, of which few are really made. */
  readonly hashesPerSecond: number;
  readonly part?: Part;
  /** Whom it knows to begin with. */
  readonly peers: () => readonly string[];
  /** What it has before it is first started. */
  readonly past?: readonly Block[];
}

/** The time of the virtual zero, in seconds since 1970. */
export const epoch = 1_700_000_000;

/**
 * What a node may want of one peer at a time: two batches of blocks, and one of everything else.
 * Whoever asks without end fills its memory with what it waits for.
 */
const maxWanted = 7;

/** From a start to a stop or a crash. */
interface Life {
  readonly host: Node;
  readonly transport: SimTransport;
  readonly attached: Attached;
  readonly miner: SimMiner;
  /** Ends the hearing of events. */
  readonly deafen: () => void;
}

/** In the middle of which write from now on it dies, counted from zero, and of what. */
export interface Doom {
  readonly write: number;
  readonly death: Death;
}

export class SimNode {
  readonly name: string;
  readonly disk = new Disk();
  readonly purse: Purse;
  /** The payments that waited when it was last ended, in whatever way. */
  waited: readonly Transaction[] = [];
  /** How wrong its clock is. */
  skewSeconds = 0;
  readonly #world: World;
  readonly #options: SimNodeOptions;
  readonly #chance: Chance;
  #life: Life | undefined;
  /** Counts its starts: what belongs to an earlier one is over. */
  #boots = 0;

  constructor(world: World, options: SimNodeOptions) {
    this.name = options.name;
    this.purse = new Purse(options.name);
    this.#world = world;
    this.#options = options;
    this.#chance = options.chance.stream(options.name);
  }

  /** The node, while it is up. */
  get host(): Node | undefined {
    return this.#life?.host;
  }

  /** Does its machine run? One whose machine does is up, or is on its way. */
  get isUp(): boolean {
    return this.disk.isUp;
  }

  readonly now = (): number =>
    epoch + Math.floor(this.#world.clock.nowMs() / 1_000) + this.skewSeconds;

  /** Starts it on what its disk holds. If it dies meanwhile, this never answers. */
  async boot(doom?: Doom): Promise<void> {
    const { clock, net, params, signatures, attach } = this.#world;
    const { name, part, peers, watcher, hashesPerSecond, past = [] } = this.#options;
    const boot = ++this.#boots;
    const isOver = () => boot !== this.#boots;
    net.observe(`${name} boots`);
    const database = this.disk.boot();
    if (doom) this.crashAtWrite(doom);
    const host = await Node.open({
      database,
      last: this.disk.last,
      // This disk turns no bits; what a checksum is for is tested elsewhere.
      checksum: () => 0,
      random: this.#chance.bytes,
      params,
      verifyAll: signatures.verifyAll,
      now: this.now,
      search: async (search) => searchNonce(search),
    });
    if (boot === 1) for (const block of past) await host.submitBlock(block);
    await watcher.onBoot(this, host);
    const onWanted = (count: number) => {
      if (count > maxWanted) watcher.onBug(this, `it wants ${count} answers of one peer at once`);
    };
    const transport = net.join(name, { ...part, onWanted });
    const timers = this.#timersUntil(isOver);
    const random = this.#chance.stream(`network ${boot}`).bytes;
    const attached = await attach({
      ...{ node: host, transport, timers, random, now: this.now, peers: peers() },
      onBan: (peer, why) => watcher.onBan(this, peer, why),
      onBug: (what) => watcher.onBug(this, what),
    });
    const rest = { clock: timers, chance: this.#chance.stream(`miner ${boot}`), hashesPerSecond };
    const miner = new SimMiner(host, { ...rest, script: this.purse.script, watch: clock });
    const deafen = host.events.listen((event) => {
      if (isOver()) return;
      this.#tell(event);
      watcher.onEvent(this, event);
      if (event.kind === 'block') miner.plan();
    });
    this.#life = { host, transport, attached, miner, deafen };
    miner.plan();
  }

  /** The way a person ends it. */
  async stop(): Promise<void> {
    const life = this.#end();
    if (!life) return;
    life.miner.stop();
    await life.attached.stop();
    await life.transport.stop();
    life.deafen();
    this.disk.halt();
    this.#boots++;
  }

  /** Kills it: whatever it is doing stands still for ever. */
  crash(death: Death): void {
    this.#world.net.observe(`${this.name} crashes by ${death}`);
    this.disk.crash(death, this.#chance);
    const life = this.#end();
    this.#boots++;
    life?.deafen();
    life?.transport.die(death === 'power');
  }

  #end(): Life | undefined {
    const life = this.#life;
    this.#life = undefined;
    if (life) this.waited = life.host.mempool.list().map(({ transaction }) => transaction);
    return life;
  }

  /** Kills it in the middle of a write to come. */
  crashAtWrite({ write, death }: Doom): void {
    this.disk.crashAtWrite(write, () => {
      this.crash(death);
      this.#options.watcher.onDeath(this);
    });
  }

  /** It will not die in the middle of a write after all. */
  spare(): void {
    this.disk.crashAtWrite(Number.POSITIVE_INFINITY, () => {});
  }

  stopMining(): void {
    this.#life?.miner.stop();
  }

  /** Pays someone; `undefined` where it cannot. */
  async pay(to: SimNode): Promise<Transaction | undefined> {
    const { host } = this;
    if (!host) return undefined;
    const own = await host.coinsOf(this.purse.script);
    const free = own.filter(({ isSpent, isImmature }) => !isSpent && !isImmature);
    const payment = this.purse.pay(free, to.purse.script);
    if (!payment || isReject(await host.submitPayment(payment))) return undefined;
    this.#world.net.observe(`${this.name} pays ${to.name} by ${txid(payment)}`);
    return payment;
  }

  #tell(event: NodeEvent): void {
    const { observe } = this.#world.net;
    if (event.kind === 'block') {
      observe(`${this.name} connects ${event.height}`, encode(Header, event.block.header));
    } else if (event.kind === 'reorg') {
      observe(`${this.name} leaves ${event.change.disconnected.length} blocks`);
    } else {
      observe(`${this.name} holds a payment`, encode(Transaction, event.member.transaction));
    }
  }

  /** What was to wake it wakes nobody once it is dead. */
  #timersUntil(isOver: () => boolean): Timers {
    const { clock } = this.#world;
    return {
      nowMs: clock.nowMs,
      after: (ms, call) => clock.after(ms, () => (isOver() ? undefined : call())),
    };
  }
}
