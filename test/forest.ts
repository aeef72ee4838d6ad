/**
 * A forest: a long drawn history with payments, side branches and reorganisations, all of it from
 * one seed, for tests that keep it on a disk and are hard on that disk.
 */
import { subsidyAt } from '../src/consensus/subsidy.ts';
import { Block } from '../src/primitives/block.ts';
import { decode, encode, list, struct } from '../src/primitives/codec.ts';
import { Transaction } from '../src/primitives/transaction.ts';
import { keyOf, type Owned, outputTo, ownOutput, pay } from './forge.ts';
import { Grove, grass, memory } from './grove.ts';

/** Numbers from 0 on and below a limit, the same for the same seed. After Tommy Ettinger. */
export function diceOf(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

export const Forest = struct({
  /** In the order in which they are handed in; every one of them is valid. */
  blocks: list(Block),
  /** Payments that wait for a block on the last of these. */
  waiting: list(Transaction),
});

export interface ForestPlan {
  readonly seed: number;
  /** How often a stretch of the trunk, a branch that loses and one that overtakes it come. */
  readonly rounds: number;
  /** How many blocks a stretch of the trunk has at most. */
  readonly stretch: number;
  /** How many blocks a reorganisation takes back: at least, and at most. */
  readonly depth: readonly [number, number];
}

/** Where a branch has come to: its last block, and the coins that it can spend. */
interface Place {
  readonly tip: string;
  readonly height: number;
  readonly coins: readonly Owned[];
}

/** How many addresses there are, beside the miner's. */
export const addresses = 12;

/** A forest that has been drawn, and the means to draw more of it. */
export class Wood {
  readonly blocks: Block[] = [];
  readonly waiting: Transaction[] = [];
  /** Coins that were spent on the branch that won. */
  readonly spent: Owned[] = [];
  readonly #grove = new Grove({ params: grass, database: memory() });
  readonly #roll: (limit: number) => number;
  #end: Place = { tip: 'genesis', height: 0, coins: [] };

  constructor({ seed, rounds, stretch, depth: [least, most] }: ForestPlan) {
    this.#roll = diceOf(seed);
    for (let round = 0; round < rounds; round++) {
      const fork = this.#grow(this.#end, 1 + this.#roll(stretch), `trunk ${round}`);
      const depth = least + this.#roll(most - least + 1);
      this.#grow(fork, depth, `lost ${round}`);
      this.#end = this.#grow(fork, depth + 1, `won ${round}`);
      // A branch that never has the most work.
      if (round % 2 === 0) this.#grow(fork, 1, `twig ${round}`);
    }
    this.#end = this.#grow(this.#end, 1, 'top');
    for (const [i, coin] of this.#end.coins.filter(isRich).slice(-6).entries()) {
      const outputs = [outputTo(1 + (i % addresses), coin.coin.amount - 1000n)];
      this.waiting.push(pay([coin], { outputs }));
    }
  }

  /** As it is written to a file, for another process to read. */
  get bytes(): Uint8Array {
    return encode(Forest, this);
  }

  /** A valid block on the last one, that spends old coins. */
  next(seed: number): Block {
    const roll = diceOf(seed);
    const old = this.#end.coins.filter(isRich).slice(0, -6);
    const coins = Array.from({ length: 5 }, () => old[roll(old.length)]);
    const payments = [...new Set(coins)].filter((each) => each !== undefined);
    return this.#onEnd(`next ${seed}`, payments);
  }

  /** A block on the last one that is bad: it spends a coin that was spent long ago. */
  bad(seed: number): Block {
    const coin = this.spent[diceOf(seed)(this.spent.length)];
    return this.#onEnd(`bad ${seed}`, coin ? [coin] : []);
  }

  #onEnd(name: string, coins: readonly Owned[]): Block {
    const payments = coins.map((coin) => pay([coin]));
    return this.#grove.draw(name, { on: this.#end.tip, with: payments });
  }

  #grow(from: Place, count: number, label: string): Place {
    let at = from;
    const isKept = !/lost|twig/.test(label);
    for (let i = 0; i < count; i++) {
      const tip = `${label}.${i}`;
      const height = at.height + 1;
      const { payments, spent, made } = this.#drawPayments(at);
      this.blocks.push(this.#grove.draw(tip, { on: at.tip, with: payments }));
      if (isKept) this.spent.push(...spent);
      const left = at.coins.filter((each) => !spent.includes(each));
      at = { tip, height, coins: [...left, ...made, this.#grove.minted(tip)] };
    }
    return at;
  }

  /** A few payments of coins young and old, to any of the addresses. */
  #drawPayments({ coins, height }: Place) {
    const spent = new Set<Owned>();
    for (let i = this.#roll(4); i > 0; i--) {
      const coin = coins[this.#roll(coins.length)];
      if (coin && isRich(coin)) spent.add(coin);
    }
    const payments: Transaction[] = [];
    const made: Owned[] = [];
    for (const coin of spent) {
      const to = 1 + this.#roll(addresses);
      const part = coin.coin.amount / BigInt(2 + this.#roll(3));
      const kind = this.#roll(3) === 0 ? 'p2tr' : 'p2wpkh';
      const back = coin.coin.amount - part - 1000n;
      const payment = pay([coin], { outputs: [outputTo(to, part, kind), outputTo(0, back)] });
      payments.push(payment);
      made.push(ownOutput(payment, 0, keyOf(to), height + 1));
      made.push(ownOutput(payment, 1, keyOf(0), height + 1));
    }
    return { payments, spent: [...spent], made };
  }
}

/** Is there enough in it to be split? */
function isRich({ coin }: Owned): boolean {
  return coin.amount > subsidyAt(1, grass) / 1000n;
}

/** The blocks and payments of a file. */
export function readForest(bytes: Uint8Array) {
  return decode(Forest, Uint8Array.from(bytes));
}
