/**
 * The trace: all that happened, folded into one hash, so that two runs can be told apart by it.
 *
 * The last events are kept as they were, for whoever wants to see what led to a failure.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { VirtualClock } from './clock.ts';
import type { Observe } from './simnet.ts';

/** Events that are kept. */
const maxKept = 40;

export class Trace {
  readonly #clock: VirtualClock;
  readonly #hash = sha256.create();
  readonly #last: string[] = [];
  #count = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  readonly add: Observe = (what, bytes = new Uint8Array(0)) => {
    const line = `${this.#clock.nowMs().toFixed(3)} ${what} ${bytes.length}`;
    this.#hash.update(utf8ToBytes(`${line}\n`)).update(bytes);
    this.#last[this.#count++ % maxKept] = line;
  };

  get count(): number {
    return this.#count;
  }

  /** Of all so far; adding goes on. */
  digest(): string {
    return bytesToHex(this.#hash.clone().digest());
  }

  /** The last events, the latest last. */
  last(): readonly string[] {
    const from = Math.max(this.#count - maxKept, 0);
    return Array.from({ length: this.#count - from }, (_, i) => {
      return this.#last[(from + i) % maxKept] ?? '';
    });
  }
}
