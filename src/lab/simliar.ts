/** The simulated liar: keeps company with honest nodes, and tells its lie over and over. */
import { Fault } from '../primitives/fault.ts';
import type { Chance } from './chance.ts';
import type { Ledgers } from './ledger.ts';
import { type LieName, lies } from './liars.ts';
import type { SimNet } from './simnet.ts';
import type { SimTransport } from './simtransport.ts';
import { answerTruly } from './truth.ts';

export interface SimLiarOptions {
  readonly name: string;
  readonly lie: LieName;
  readonly net: SimNet;
  readonly ledgers: Ledgers;
  readonly chance: Chance;
  /** Whom it calls on. */
  readonly victims: () => readonly string[];
}

/** How often it looks after its connections and does what it does. */
const everyMs = 20_000;

export class SimLiar {
  readonly name: string;
  readonly #options: SimLiarOptions;
  readonly #transport: SimTransport;
  readonly #chance: Chance;

  constructor(options: SimLiarOptions) {
    this.name = options.name;
    this.#options = options;
    this.#transport = options.net.join(options.name, { isRude: true });
    this.#chance = options.chance.stream(options.name);
  }

  async start(): Promise<void> {
    const { net, ledgers, lie } = this.#options;
    const transport = this.#transport;
    const { answer, act } = lies[lie]({ transport, ledgers, chance: this.#chance });
    await transport.start({
      onPeer: () => {},
      onFound: () => {},
      onGossip: async () => 'accept',
      onRequest: async (method, from, bytes) =>
        answer?.(method, from, bytes) ?? answerTruly(ledgers, method, bytes),
    });
    const round = () => {
      net.clock.after(everyMs * (0.5 + this.#chance.fraction()), round);
      net.clock.watch(this.#callOn());
      if (act && transport.peers().length > 0) net.clock.watch(act());
    };
    round();
  }

  async #callOn(): Promise<void> {
    const known = new Set(this.#transport.peers().map(({ id }) => id));
    const others = this.#options
      .victims()
      .filter((each) => ![...known].some((id) => each.endsWith(`/${id}`)));
    for (const address of others) {
      try {
        await this.#transport.dial(address, { timeoutMs: 5_000 });
      } catch (error) {
        // Nobody is there, or nobody wants it any more: it will be back.
        if (!(error instanceof Fault)) throw error;
      }
    }
  }
}
