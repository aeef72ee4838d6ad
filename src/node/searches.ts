/** Searches: nonces that are looked for until one is found, or something better is to be found. */
import type { Chain } from '../chain/chain.ts';
import { targetFromBits } from '../consensus/work.ts';
import { type Search, searchOf } from '../miner/kernel.ts';
import type { Block } from '../primitives/block.ts';

/** Searches for a nonce, in threads of its own; see `NodeOptions`. */
export type FindNonce = (search: Search, signal: AbortSignal) => Promise<number | undefined>;

/** A search that goes on, to be ended when there is something better to search for. */
interface Work {
  readonly controller: AbortController;
  /** When its template was asked for, in seconds since 1970. */
  readonly begin: number;
}

/** Nonces a search, after which the time and the payments of the block are brought up to date. */
const noncesPerSearch = 8_000_000;

export interface SearchesOptions {
  readonly chain: Chain;
  readonly search: FindNonce;
  readonly now: () => number;
}

export class Searches {
  readonly #options: SearchesOptions;
  readonly #works = new Set<Work>();

  constructor(options: SearchesOptions) {
    this.#options = options;
  }

  /** The block with a nonce that does, unless there is none or something better comes. */
  async seal(
    template: () => Promise<Block>,
    stop: AbortSignal | undefined,
  ): Promise<Block | undefined> {
    const { search: find, chain, now } = this.#options;
    const work = { controller: new AbortController(), begin: now() };
    // Before the template is made, so that nothing can come between unnoticed.
    this.#works.add(work);
    try {
      const block = await template();
      const { header } = block;
      const target = targetFromBits(header.bits, chain.params.limitBits) ?? 0n;
      const signal = AbortSignal.any([work.controller.signal, ...(stop ? [stop] : [])]);
      const nonce = await find(searchOf(header, target, noncesPerSearch), signal);
      return nonce === undefined ? undefined : { ...block, header: { ...header, nonce } };
    } finally {
      this.#works.delete(work);
    }
  }

  /** Ends the searches that began at this time or before: there is something better to find. */
  endThoseBegunBy(time: number): void {
    for (const { controller, begin } of this.#works) {
      if (begin <= time) controller.abort();
    }
  }
}
