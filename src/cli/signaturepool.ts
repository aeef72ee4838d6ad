/**
 * Threads that check signatures together. What they say is right or is not believed: of a thread
 * that died, or that says what cannot be, the work is done here, more slowly.
 */
import type { Breathe } from '../chain/breathe.ts';
import { encode } from '../primitives/codec.ts';
import { type SignatureCheck, type SignatureEngine, verify } from '../primitives/signature.ts';
import { Checks, none, SignatureThread } from './signaturethread.ts';

/** One who checks: a thread, as a rule. */
export type Checker = Pick<SignatureThread, 'findBroken' | 'stop'>;

export interface PoolParts {
  readonly threads: readonly Checker[];
  /** The engine of this thread. */
  readonly engine: () => Promise<SignatureEngine>;
  readonly breathe: Breathe;
}

/** Fewer are checked here: to ask a thread takes as long as a few checks. */
const fewest = 16;
/** As many at once, so that several threads share a block. */
const portion = 250;

/** One for every core but that of the main thread, each of which starts when first needed. */
export function newSignatureThreads(cores: number): readonly Checker[] {
  return Array.from({ length: Math.max(cores - 1, 1) }, () => new SignatureThread());
}

export class SignaturePool {
  readonly #parts: PoolParts;

  constructor(parts: PoolParts) {
    this.#parts = parts;
  }

  /** The first of these that does not hold. */
  async findBroken<C extends SignatureCheck>(checks: readonly C[]): Promise<C | undefined> {
    if (checks.length < fewest) return await this.#findHere(checks);
    const portions: (readonly C[])[] = [];
    for (let from = 0; from < checks.length; from += portion) {
      portions.push(checks.slice(from, from + portion));
    }
    const { threads } = this.#parts;
    const answers = portions.map((each, i) => this.#findThere(each, threads[i % threads.length]));
    return (await Promise.all(answers)).find((broken) => broken !== undefined);
  }

  /** Ends the threads; whoever waits for them gets the answer from here. */
  async stop(): Promise<void> {
    await Promise.all(this.#parts.threads.map((thread) => thread.stop()));
  }

  /** A no condemns a block for ever, so it is said here once more; a yes must be one. */
  async #findThere<C extends SignatureCheck>(
    checks: readonly C[],
    thread: Checker | undefined,
  ): Promise<C | undefined> {
    // Whatever became of the thread, here is an engine as good.
    const place = await thread?.findBroken(encode(Checks, checks)).catch(() => undefined);
    if (place === none) return undefined;
    const broken = place === undefined ? undefined : checks[place];
    if (broken && !verify(broken, await this.#parts.engine())) return broken;
    return await this.#findHere(checks);
  }

  async #findHere<C extends SignatureCheck>(checks: readonly C[]): Promise<C | undefined> {
    if (checks.length === 0) return undefined;
    const { engine, breathe } = this.#parts;
    const chosen = await engine();
    for (const check of checks) {
      if (!verify(check, chosen)) return check;
      await breathe();
    }
    return undefined;
  }
}
