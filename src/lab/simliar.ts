/**
 * The simulated liar: keeps company with honest nodes, and tells its lie over and over. Where
 * nobody wants it any more it comes back under another name, for names cost nothing.
 */
import { Fault } from '../primitives/fault.ts';
import type { Chance } from './chance.ts';
import type { Ledgers } from './ledger.ts';
import { type LieName, lies } from './liars.ts';
import type { Lie } from './lie.ts';
import type { SimNet } from './simnet.ts';
import { epoch } from './simnode.ts';
import type { SimTransport } from './simtransport.ts';
import { answerTruly } from './truth.ts';

export interface SimLiarOptions {
  readonly name: string;
  readonly lie: LieName;
  readonly net: SimNet;
  readonly ledgers: Ledgers;
  readonly chance: Chance;
  /** The addresses that it calls on. */
  readonly victims: () => readonly string[];
}

/** How often it looks after its connections and does what it does, more or less. */
const everyMs = 20_000;
/** After so long without anybody who listens it takes another name. */
const shunnedMs = 300_000;
const patience = { timeoutMs: 5_000, maxBytes: 1_000 };

/** What it is under one name. */
interface Mask {
  readonly transport: SimTransport;
  readonly lie: Lie;
}

export class SimLiar {
  readonly #options: SimLiarOptions;
  readonly #chance: Chance;
  #mask: Mask | undefined;
  /** When somebody listened to it last. */
  #heardMs = 0;
  /** How many names it has had. */
  #names = 0;

  constructor(options: SimLiarOptions) {
    this.#options = options;
    this.#chance = options.chance.stream(options.name);
  }

  async start(): Promise<void> {
    const { net } = this.#options;
    this.#mask = await this.#disguise();
    const round = () => {
      net.clock.after(everyMs * (0.5 + this.#chance.fraction()), round);
      net.clock.watch(this.#round());
    };
    round();
  }

  async #round(): Promise<void> {
    const mask = this.#mask;
    if (!mask) return;
    await this.#callOn(mask);
    const now = this.#options.net.clock.nowMs();
    if (mask.transport.peers().length > 0) {
      this.#heardMs = now;
      await mask.lie.act?.();
    } else if (mask === this.#mask && now - this.#heardMs > shunnedMs) {
      this.#heardMs = now;
      this.#mask = await this.#disguise(mask);
    }
  }

  /** Puts on another name. */
  async #disguise(old?: Mask): Promise<Mask> {
    const { net, name, ledgers, lie } = this.#options;
    this.#names++;
    await old?.transport.stop();
    const transport = net.join(`${name}.${this.#names}`, { isRude: true });
    const now = () => epoch + Math.floor(net.clock.nowMs() / 1_000);
    const mask = { transport, lie: lies[lie]({ transport, ledgers, chance: this.#chance, now }) };
    await transport.start({
      onPeer: (peer, state) => {
        if (state === 'ready') net.clock.watch(this.#greet(mask, peer));
      },
      onFound: () => {},
      onOffence: () => {},
      onGossip: async (topic, _from, bytes) => {
        net.clock.watch(mask.lie.hear?.(topic, bytes) ?? Promise.resolve());
        return 'accept';
      },
      onRequest: async (method, from, bytes) =>
        mask.lie.answer?.(method, from, bytes) ?? answerTruly(ledgers, method, bytes),
    });
    return mask;
  }

  /** Whoever does not ask for the status first is not listened to. */
  async #greet({ transport, lie }: Mask, peer: string): Promise<void> {
    const { ledgers } = this.#options;
    const nothing = new Uint8Array(0);
    const said = await lie.answer?.('status', peer, nothing);
    const status = (said ?? answerTruly(ledgers, 'status', nothing)).subarray(1);
    await regardless(transport.request(peer, 'status', status, patience));
  }

  async #callOn({ transport }: Mask): Promise<void> {
    const known = transport.peers().map(({ id }) => id);
    const others = this.#options
      .victims()
      .filter((address) => !known.some((id) => address.endsWith(`/${id}`)));
    await Promise.all(others.map((each) => regardless(transport.dial(each, patience))));
  }
}

/** Whatever its victims do about it, it goes on. */
async function regardless(task: Promise<unknown>): Promise<void> {
  try {
    await task;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
}
