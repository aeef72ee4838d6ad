/** A deadline: an `AbortSignal` whose time is the room's own, and which says why it ended. */
import type { Fault } from '../primitives/fault.ts';
import type { Timers } from './boundary.ts';

export class Deadline {
  readonly #controller = new AbortController();
  readonly #callOff: () => void;
  #fault: Fault | undefined;

  /** @param fault What it means that the time is over. */
  constructor(timers: Timers, ms: number, fault: Fault) {
    this.#callOff = timers.after(ms, () => this.end(fault));
  }

  /** For libp2p, which wants one with every call. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why it ended, if it did. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** Ends what it bounds, now. */
  end(fault: Fault): void {
    if (this.#fault) return;
    this.#callOff();
    this.#fault = fault;
    this.#controller.abort(fault);
  }

  /** All is done: it does not go off any more. */
  clear(): void {
    this.#callOff();
  }

  /** What this promise says, unless the deadline comes before. */
  race<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const stop = () => reject(this.#fault);
      if (this.#fault) stop();
      this.signal.addEventListener('abort', stop, { once: true });
      promise.then(resolve, reject).finally(() => {
        this.signal.removeEventListener('abort', stop);
      });
    });
  }
}

/** What was thrown, as an error. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
