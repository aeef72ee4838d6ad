/** A bucket of tokens, which fills slowly: who takes many at once must wait for more. */

export interface BucketSize {
  readonly tokens: number;
  readonly perSecond: number;
}

export class Bucket {
  readonly #size: BucketSize;
  #tokens: number;
  /** When there were so many, in seconds. */
  #since: number;

  constructor(size: BucketSize, now: number) {
    this.#size = size;
    this.#tokens = size.tokens;
    this.#since = now;
  }

  /** Takes so many and answers 0; or takes none, and says in how many seconds they are there. */
  take(count: number, now: number): number {
    const { tokens, perSecond } = this.#size;
    this.#tokens = Math.min(tokens, this.#tokens + (now - this.#since) * perSecond);
    this.#since = now;
    const missing = count - this.#tokens;
    if (missing > 0) return missing / perSecond;
    this.#tokens -= count;
    return 0;
  }
}
