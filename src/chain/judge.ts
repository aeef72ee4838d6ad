/**
 * The judge: what the rules say of a block. All that they must know is read first; nothing is
 * written, and what is long is done in steps.
 */
import { checkBlock, checkBlockInContext } from '../consensus/block.ts';
import { connectInSteps, type Transition } from '../consensus/connect.ts';
import { checkHeaderInContext } from '../consensus/header.ts';
import type { Params } from '../consensus/params.ts';
import { isReject, type Reject, reject, type Verdict } from '../consensus/reject.ts';
import type { Block } from '../primitives/block.ts';
import { hashTogether, type Transaction } from '../primitives/transaction.ts';
import type { Branch } from './branch.ts';
import { type Breathe, inSteps } from './breathe.ts';
import type { VerifyAll } from './chain.ts';
import type { Entry } from './entry.ts';
import { Proven } from './proven.ts';

/** What a judge needs. */
interface Bench {
  readonly params: Params;
  readonly branch: Branch;
  readonly verifyAll: VerifyAll;
  readonly breathe: Breathe;
}

/** Transactions that are hashed in one go: some hundred microseconds' work. */
const hashedAtOnce = 64;

export class Judge {
  /** Whose witnesses need not be looked at again. */
  readonly proven = new Proven();
  readonly #bench: Bench;

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  /** The rules that need no coins, at this time in seconds since 1970. */
  async alone(block: Block, parent: Entry, now: number): Promise<Verdict> {
    const { branch, params } = this.#bench;
    const context = await branch.headerContext(parent);
    const wrong = checkHeaderInContext(block.header, context, now, params);
    if (wrong) return wrong;
    await this.#hashAll(block);
    return checkBlock(block) ?? checkBlockInContext(block, context);
  }

  /** The rules for coins and signatures, as the next block on this tip. */
  async onCoins(block: Block, tip: Entry): Promise<Transition | Reject> {
    const { branch, params, verifyAll, breathe } = this.#bench;
    await this.#hashAll(block);
    const isProven = (payment: Transaction) => this.proven.has(payment);
    const context = { ...(await branch.connectContext(tip, block)), isProven };
    const transition = await inSteps(connectInSteps(block, context, params), breathe);
    if (isReject(transition)) return transition;
    const broken = await verifyAll(transition.checks);
    if (broken) {
      const { txid, input } = broken;
      return reject('block-script-verify-flag-failed', { txid, input });
    }
    for (const each of block.transactions) this.proven.add(each);
    return transition;
  }

  /** Ids are reckoned once and kept: here by portions, for the rules ask for all at once. */
  async #hashAll({ transactions }: Block): Promise<void> {
    for (let from = 0; from < transactions.length; from += hashedAtOnce) {
      hashTogether(transactions.slice(from, from + hashedAtOnce));
      await this.#bench.breathe();
    }
  }
}
