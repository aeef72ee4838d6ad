/**
 * The virtual clock: a queue of what will happen, and a time that jumps from one to the next.
 *
 * Between two events everything that needs no time is let come to rest: a node of the lab waits for
 * nothing but promises, and they run in one order only. So a run is the same whenever it is run.
 */
import type { Timers } from '../network/boundary.ts';

/**
 * Answers when every promise that can go on has gone on: one turn of the machine's event loop,
 * which comes after all of them. The machine is outside this room, so it is handed in.
 */
export type Settle = () => Promise<void>;

interface Appointment {
  readonly atMs: number;
  /** The order in which they were made, which is the order of those at the same time. */
  readonly number: number;
  readonly call: () => void;
  isOff: boolean;
}

function isEarlier(one: Appointment, other: Appointment): boolean {
  return one.atMs === other.atMs ? one.number < other.number : one.atMs < other.atMs;
}

export class VirtualClock implements Timers {
  readonly #settle: Settle;
  /** A binary heap: the earliest is the first. */
  readonly #queue: Appointment[] = [];
  #now = 0;
  #count = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(settle: Settle) {
    this.#settle = settle;
  }

  readonly nowMs = (): number => this.#now;

  readonly after = (ms: number, call: () => void): (() => void) => {
    const atMs = this.#now + Math.max(ms, 0);
    const appointment: Appointment = { atMs, number: this.#count++, call, isOff: false };
    this.#push(appointment);
    return () => {
      appointment.isOff = true;
    };
  };

  /** Answers after so long. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** Watches over a task that nobody waits for: `run` throws what it throws. */
  watch(task: Promise<unknown>): void {
    task.catch((error: unknown) => this.fail(error));
  }

  /** Ends the run: `run` throws this, or what came before it. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /** Lets so much time pass, or less: until it is done. Answers whether it is. */
  async run(ms: number, isDone: () => boolean = () => false): Promise<boolean> {
    const end = this.#now + ms;
    await this.#rest();
    while (!isDone()) {
      const next = this.#queue[0];
      if (!next || next.atMs > end) {
        this.#now = end;
        return isDone();
      }
      this.#pop();
      if (next.isOff) continue;
      this.#now = next.atMs;
      next.call();
      await this.#rest();
    }
    return true;
  }

  /** Lets time pass until this promise is settled, and gives what it gives. */
  async finish<T>(task: Promise<T>, mostMs = 3_600_000): Promise<T> {
    let isSettled = false;
    const settled = () => {
      isSettled = true;
    };
    task.then(settled, settled);
    if (await this.run(mostMs, () => isSettled)) return task;
    throw new Error(`nothing came of it in ${mostMs} virtual milliseconds`);
  }

  async #rest(): Promise<void> {
    await this.#settle();
    if (!this.#failure) return;
    const { error } = this.#failure;
    this.#failure = undefined;
    throw error;
  }

  #push(appointment: Appointment): void {
    const queue = this.#queue;
    let at = queue.length;
    for (;;) {
      const above = (at - 1) >> 1;
      const parent = queue[above];
      if (at === 0 || !parent || isEarlier(parent, appointment)) break;
      queue[at] = parent;
      at = above;
    }
    queue[at] = appointment;
  }

  /** Takes the first away. */
  #pop(): void {
    const queue = this.#queue;
    const last = queue.pop();
    if (!last || queue.length === 0) return;
    let at = 0;
    for (;;) {
      const [left, right] = [queue[2 * at + 1], queue[2 * at + 2]];
      const isRight = left && right && isEarlier(right, left);
      const child = isRight ? right : left;
      if (!child || isEarlier(last, child)) break;
      queue[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    queue[at] = last;
  }
}
