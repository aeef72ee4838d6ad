/**
 * The simulated miner: it finds a block when chance says so, at the pace of its virtual hashes.
 *
 * How long a search takes knows no past, so it may begin anew with every new tip. Only once it is
 * over is a nonce looked for in earnest, which takes as many hashes as the difficulty asks.
 */
import { isReject } from '../consensus/reject.ts';
import { targetFromBits, workFromBits } from '../consensus/work.ts';
import { searchNonce, searchOf } from '../miner/kernel.ts';
import type { Timers } from '../network/boundary.ts';
import type { Node } from '../node/node.ts';
import { Fault } from '../primitives/fault.ts';
import type { Chance } from './chance.ts';

export interface SimMinerOptions {
  readonly clock: Timers;
  readonly chance: Chance;
  readonly hashesPerSecond: number;
  /** Who is paid. */
  readonly script: Uint8Array;
  /** Sees to it that no failure goes unheard. */
  readonly watch: { watch(task: Promise<unknown>): void };
}

/** Nonces of one search. */
const mostNonces = 4_000_000;

export class SimMiner {
  readonly #host: Node;
  readonly #options: SimMinerOptions;
  #callOff = () => {};
  /** The plan that counts; those before it are in vain. */
  #plan = 0;
  #extraNonce = 0;

  constructor(host: Node, options: SimMinerOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** Begins anew, on whatever is the tip by now. */
  plan(): void {
    this.#callOff();
    const plan = ++this.#plan;
    const { clock, chance, hashesPerSecond, watch } = this.#options;
    if (hashesPerSecond === 0) return;
    const begin = async () => {
      const { header } = await this.#template();
      if (plan !== this.#plan) return;
      const meanMs = (Number(workFromBits(header.bits)) / hashesPerSecond) * 1_000;
      this.#callOff = clock.after(chance.wait(meanMs), () => watch.watch(this.#mine(plan)));
    };
    watch.watch(begin());
  }

  stop(): void {
    this.#callOff();
    this.#plan++;
  }

  #template() {
    return this.#host.template(this.#options.script, this.#extraNonce++);
  }

  async #mine(plan: number): Promise<void> {
    const block = await this.#template();
    const { header } = block;
    const target = targetFromBits(header.bits, this.#host.chain.params.limitBits) ?? 0n;
    const nonce = searchNonce(searchOf(header, target, mostNonces));
    if (nonce !== undefined && plan === this.#plan) {
      const answer = await this.#host.submitBlock({ ...block, header: { ...header, nonce } });
      // Where its clock was set back, its own block may be of the future to it.
      if (isReject(answer) && answer.reason !== 'time-too-new') {
        throw new Fault(answer.reason, 'a block that was mined here is not valid');
      }
    }
    if (plan === this.#plan) this.plan();
  }
}
