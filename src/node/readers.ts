/** Readers: views of the chain that stand still, each shared by all who began to read in it. */
import type { Chain, ChainView } from '../chain/chain.ts';

/** A view that several readers share; the last to leave closes it. */
class Reading {
  readonly view: ReturnType<Chain['view']>;
  #readers = 1;

  constructor(view: ReturnType<Chain['view']>) {
    this.view = view;
  }

  enter(): this {
    this.#readers++;
    return this;
  }

  async leave(): Promise<void> {
    if (--this.#readers === 0) await this.view.close();
  }
}

export class Readers {
  readonly #chain: Chain;
  /** While the chain changes: how all was before it. */
  #before: Reading | undefined;

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  async read<T>(reader: (view: ChainView) => Promise<T>): Promise<T> {
    const reading = this.#before?.enter() ?? new Reading(this.#chain.view());
    try {
      return await reader(reading.view);
    } finally {
      await reading.leave();
    }
  }

  /** From now on everybody reads what is there at this moment. */
  hold(): void {
    // Where the last change ended in a failure, the chain may stand in the middle of its way.
    this.#before ??= new Reading(this.#chain.view());
  }

  /** Whoever begins to read from now on reads what has become of it. */
  release(): Promise<void> {
    const before = this.#before;
    this.#before = undefined;
    return before ? before.leave() : Promise.resolve();
  }
}
