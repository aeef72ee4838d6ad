/**
 * A thread that checks signatures, so that a full block holds up no question.
 *
 * This file is both sides: the class here starts it as a worker, and there it answers each batch
 * with the place of the first check that does not hold. A batch travels as bytes in one piece.
 */
import { isMainThread, parentPort } from 'node:worker_threads';
import { Bytes, type Codec, decode, list, struct } from '../primitives/codec.ts';
import { type SignatureCheck, verify } from '../primitives/signature.ts';
import { chooseEngine, loadEngines } from './engine.ts';
import { workLater } from './priority.ts';
import { Thread } from './thread.ts';

const Scheme: Codec<SignatureCheck['scheme']> = {
  read: (from) => (from.u8() === 0 ? 'ecdsa' : 'schnorr'),
  write: (scheme, to) => to.u8(scheme === 'ecdsa' ? 0 : 1),
};

export const Checks: Codec<readonly SignatureCheck[]> = list(
  struct({ scheme: Scheme, signature: Bytes, digest: Bytes, publicKey: Bytes }),
);

/** Said where all of them hold. */
export const none = -1;

export class SignatureThread {
  readonly #thread = new Thread<Uint8Array, number>(
    import.meta.url,
    'signatures',
    'a thread that checks signatures ended',
  );

  /** The place of the first that does not hold. A thread that died is started anew. */
  findBroken(batch: Uint8Array): Promise<number> {
    return this.#thread.ask(batch);
  }

  stop(): Promise<void> {
    return this.#thread.stop();
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
