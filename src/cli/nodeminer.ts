/** The miner of a node that runs: one block at a time, whoever asks for it. */
import { setTimeout as wait } from 'node:timers/promises';
import { Turns } from '../chain/turns.ts';
import type { Node } from '../node/node.ts';
import { type Block, hashHeader } from '../primitives/block.ts';
import { Fault } from '../primitives/fault.ts';
import type { Log } from './log.ts';

/** How long to wait for the clock before the next try. */
const catchUpMs = 10_000;

export class NodeMiner {
  readonly #node: Node;
  readonly #log: Log;
  /** A thread takes one search at a time. */
  readonly #turns = new Turns();
  readonly #stop = new AbortController();
  /** What goes on until it is stopped. */
  #work: Promise<void> = Promise.resolve();
  #isWanted = false;
  #isAtWork = false;

  constructor(node: Node, log: Log) {
    this.#node = node;
    this.#log = log;
  }

  /** Mines a block that pays this script; a signal beside our own ends it too. */
  mine(script: Uint8Array, signal?: AbortSignal): Promise<Block> {
    return this.#turns.take(async () => {
      const stop = this.#stop.signal;
      stop.throwIfAborted();
      const block = await this.#node.mine(script, signal ? AbortSignal.any([stop, signal]) : stop);
      const hash = hashHeader(block.header);
      const payments = block.transactions.length - 1;
      this.#log.info('mined a block', { height: this.#node.chain.tip.height, hash, payments });
      return block;
    });
  }

  /** Mines block after block, with a pause between. */
  keepMining(script: Uint8Array, pauseMs: number): void {
    this.#begin(async () => {
      await this.mine(script);
      if (pauseMs > 0) await wait(pauseMs, undefined, { signal: this.#stop.signal });
    });
  }

  /** Mines a block for what waits; payments that come meanwhile get the next one. */
  mineSoon(script: Uint8Array): void {
    this.#isWanted = true;
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    this.#begin(async () => {
      this.#isWanted = false;
      if (this.#node.mempool.size > 0) await this.mine(script);
      this.#isAtWork = this.#isWanted;
      return this.#isWanted;
    });
  }

  /** Begins nothing more, and answers once what was begun is done. */
  async stop(): Promise<void> {
    this.#stop.abort(new Fault('stopping', 'the node is about to stop'));
    await this.#work;
  }

  get #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  #begin(step: () => Promise<unknown>): void {
    const before = this.#work;
    const work = this.#untilStopped(step);
    this.#work = before.then(() => work);
  }

  /** Again and again, until it says no or fails; the node goes on without a miner. */
  async #untilStopped(step: () => Promise<unknown>): Promise<void> {
    while (!this.#isStopped) {
      try {
        if ((await step()) === false) return;
      } catch (error) {
        if (this.#isStopped || !(await this.#mayGoOn(error))) return;
      }
    }
  }

  /** Where the chain is ahead of the clock there is nothing to do but to wait. */
  async #mayGoOn(error: unknown): Promise<boolean> {
    const { code, message } = error instanceof Fault ? error : new Fault('internal', `${error}`);
    if (code !== 'time-too-new') {
      this.#log.error('mining ended', { code, message });
      return false;
    }
    this.#log.warn('mining waits', { code, message });
    // The signal alone ends it early, and who called looks at that.
    await wait(catchUpMs, undefined, { signal: this.#stop.signal }).catch(() => {});
    return true;
  }
}
