/**
 * A thread that checks signatures, so that a full block holds up no question.
 *
 * This file is both sides: the class here starts it as a worker, and there it answers each batch
 * with the place of the first check that does not hold. A batch travels as bytes in one piece.
 */
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { Bytes, type Codec, decode, list, struct } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import { type SignatureCheck, verify } from '../primitives/signature.ts';
import { chooseEngine, loadEngines } from './engine.ts';
import { workLater } from './priority.ts';

const Scheme: Codec<SignatureCheck['scheme']> = {
  read: (from) => (from.u8() === 0 ? 'ecdsa' : 'schnorr'),
  write: (scheme, to) => to.u8(scheme === 'ecdsa' ? 0 : 1),
};

export const Checks: Codec<readonly SignatureCheck[]> = list(
  struct({ scheme: Scheme, signature: Bytes, digest: Bytes, publicKey: Bytes }),
);

/** Said where all of them hold. */
export const none = -1;

interface Asker {
  readonly resolve: (place: number) => void;
  readonly reject: (problem: Fault) => void;
}

export class SignatureThread {
  #worker: Worker | undefined;
  /** Those who wait for an answer, in the order in which they asked. */
  readonly #askers: Asker[] = [];

  /** The place of the first that does not hold. A thread that died is started anew. */
  findBroken(batch: Uint8Array): Promise<number> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    // While somebody waits, and no longer, it keeps the process alive.
    worker.ref();
    return new Promise((resolve, reject) => {
      this.#askers.push({ resolve, reject });
      worker.postMessage(batch);
    });
  }

  async stop(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL(import.meta.url));
    const end = (cause: unknown) => {
      // What fails ends as well: it is told once.
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      const problem = new Fault('signatures', 'a thread that checks signatures ended', cause);
      for (const { reject } of this.#askers.splice(0)) reject(problem);
    };
    worker.on('error', end);
    worker.on('exit', end);
    worker.on('message', (place: number) => {
      this.#askers.shift()?.resolve(place);
      if (this.#askers.length === 0) worker.unref();
    });
    return worker;
  }
}

if (!isMainThread) {
  workLater();
  const engine = loadEngines().then(chooseEngine);
  parentPort?.on('message', async (batch: Uint8Array) => {
    const chosen = await engine;
    parentPort?.postMessage(decode(Checks, batch).findIndex((check) => !verify(check, chosen)));
  });
}
