/** The report of mining: how fast nonces are tried, for the log, for events and for metrics. */
import type { Hub } from './hub.ts';
import type { Log } from './log.ts';

export interface Mining {
  /** How many nonces were tried so far. */
  readonly tried: () => number;
  /** The height of the tip. */
  readonly height: () => number;
  readonly hub: Hub;
  readonly log: Log;
}

/** How often it is looked at, and so how often an event tells of it at most. */
export const tickMs = 250;

/** So long a rate is reckoned over, in seconds: threads tell in steps. */
const windowSeconds = 2;

/** In seconds: where blocks come faster, they are told of themselves. */
const slowSeconds = 10;
const detailSeconds = 1;

export class MiningReport {
  readonly #mining: Mining;
  readonly #samples: { readonly at: number; readonly tried: number }[] = [];
  #height = -1;
  /** When the log was last told of mining, in a line for everybody and in one of many. */
  #toldAt = 0;
  #detailAt = 0;
  #hashRate = 0;

  constructor(mining: Mining) {
    this.#mining = mining;
  }

  /** Nonces a second. */
  get hashRate(): number {
    return this.#hashRate;
  }

  /** Looks at what was done until now, in seconds. */
  tick(now: number): void {
    const tried = this.#mining.tried();
    const wasIdle = this.#hashRate === 0;
    const before = this.#samples.at(-1)?.tried ?? tried;
    this.#samples.push({ at: now, tried });
    while ((this.#samples[0]?.at ?? now) < now - windowSeconds) this.#samples.shift();
    const isIdle = tried === this.#samples[0]?.tried;
    this.#hashRate = isIdle ? 0 : this.#reckon(now, tried);
    if (wasIdle && isIdle) return;
    if (wasIdle) this.#toldAt = now;
    if (tried !== before || isIdle) this.#tell(now);
  }

  #reckon(now: number, tried: number): number {
    const { at, tried: first } = this.#samples[0] ?? { at: now, tried };
    return now > at ? Math.round((tried - first) / (now - at)) : 0;
  }

  #tell(now: number): void {
    const { hub, log } = this.#mining;
    const height = this.#mining.height() + 1;
    const told = { height, hashrate: this.#hashRate };
    hub.broadcast({ topic: 'mining', fields: told });
    if (height !== this.#height) this.#toldAt = now;
    this.#height = height;
    if (this.#hashRate === 0) return;
    if (now - this.#toldAt >= slowSeconds) {
      log.info('searching for a block', told);
      this.#toldAt = now;
      this.#detailAt = now;
    } else if (now - this.#detailAt >= detailSeconds) {
      log.debug('mining', 'searching for a block', told);
      this.#detailAt = now;
    }
  }
}
