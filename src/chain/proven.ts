/**
 * Payments whose witnesses were found to hold: what was checked when it came in to wait is not
 * checked again when a block holds it.
 *
 * The wtxid stands for all of it. It names the coins that are spent, each of which can be but one,
 * and the signatures are of those: what holds once holds on every branch. Core: the script
 * execution cache, which is bound to the rules too; ours never change.
 */
import type { Hash } from '../primitives/codec.ts';
import { type Transaction, wtxid } from '../primitives/transaction.ts';

/** As many as some blocks hold; the oldest is forgotten first. */
const most = 50_000;

export class Proven {
  readonly #known = new Set<Hash>();

  add(transaction: Transaction): void {
    this.#known.add(wtxid(transaction));
    if (this.#known.size <= most) return;
    for (const oldest of this.#known) {
      this.#known.delete(oldest);
      break;
    }
  }

  has(transaction: Transaction): boolean {
    return this.#known.has(wtxid(transaction));
  }
}
