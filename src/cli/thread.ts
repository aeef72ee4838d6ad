/** A thread that is asked one thing after another, and answers in that order. */
import { Worker } from 'node:worker_threads';
import { Fault } from '../primitives/fault.ts';

interface Asker<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (problem: Fault) => void;
}

export class Thread<Question, Answer> {
  readonly #file: string;
  readonly #problem: readonly [code: string, message: string];
  #worker: Worker | undefined;
  /** Those who wait for an answer, in the order in which they asked. */
  readonly #askers: Asker<Answer>[] = [];

  /**
   * @param file What runs there: the address of a module.
   * @param problem What whoever waits hears when the thread ends.
   */
  constructor(file: string, ...problem: readonly [code: string, message: string]) {
    this.#file = file;
    this.#problem = problem;
  }

  /** Starts the thread where it does not run; one that died is started anew. */
  ask(question: Question): Promise<Answer> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    // While somebody waits, and no longer, it keeps the process alive.
    worker.ref();
    return new Promise((resolve, reject) => {
      this.#askers.push({ resolve, reject });
      worker.postMessage(question);
    });
  }

  async stop(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL(this.#file));
    const end = (cause: unknown) => {
      // What fails ends as well: it is told once.
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      const [code, message] = this.#problem;
      const problem = new Fault(code, message, cause);
      for (const { reject } of this.#askers.splice(0)) reject(problem);
    };
    worker.on('error', end);
    worker.on('exit', end);
    worker.on('message', (answer: Answer) => {
      this.#askers.shift()?.resolve(answer);
      if (this.#askers.length === 0) worker.unref();
    });
    return worker;
  }
}
