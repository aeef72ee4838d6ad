/** The life of a mempool: payments, replacements, blocks, forks and restarts in any order. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isReject } from '../src/consensus/reject.ts';
import { outPointName, type Transaction } from '../src/primitives/transaction.ts';
import { keyOf, type Owned, outputTo, ownOutput, pay } from './forge.ts';
import { coinsIn, type Grove, plant } from './grove.ts';
import { checkMembers } from './pond.ts';

/** What happens next. The numbers choose among what there is. */
interface Event {
  readonly kind: 'pay' | 'mine' | 'fork' | 'reopen' | 'wait';
  readonly one: number;
  readonly two: number;
  readonly fee: number;
}

const anyEvent: fc.Arbitrary<Event> = fc.record({
  kind: fc.constantFrom('pay', 'pay', 'pay', 'pay', 'pay', 'mine', 'fork', 'reopen', 'wait'),
  one: fc.nat({ max: 999 }),
  two: fc.nat({ max: 999 }),
  fee: fc.integer({ min: 100, max: 6_000 }),
});

/** About as much as seven payments take. */
const maxMempoolBytes = 45_000;
const fortnight = 14 * 24 * 3600;

class Life {
  readonly grove: Grove;
  /** How often each thing happened. */
  readonly tally = new Map<string, number>();
  /** The active blocks by height. */
  #active = ['genesis'];
  readonly #coins: Owned[] = [];
  #names = 0;

  constructor(grove: Grove) {
    this.grove = grove;
  }

  async live(event: Event): Promise<void> {
    if (event.kind === 'pay') await this.#pay(event);
    if (event.kind === 'mine') await this.mine(this.#held(event.one));
    if (event.kind === 'fork') await this.#fork(event);
    if (event.kind === 'reopen') await this.#reopen();
    if (event.kind === 'wait') this.grove.clock += event.one * 1_000;
  }

  async mine(payments: readonly Transaction[] = []): Promise<void> {
    const name = this.#name();
    expect(await this.grove.mine(name, { with: payments })).toBe('connected');
    this.#active.push(name);
    this.#coins.push(this.grove.minted(name));
  }

  /** Spends one or two of the latest coins, whether they are there or not. */
  async #pay({ one, two, fee }: Event): Promise<void> {
    const latest = this.#coins.slice(-12);
    const places = new Set([one % latest.length, ...(two % 2 ? [two % latest.length] : [])]);
    const coins = [...places].flatMap((place) => latest[place] ?? []);
    const payment = payHalves(coins, BigInt(fee));
    const { size } = this.grove.node.mempool;
    const answer = await this.grove.node.submitPayment(payment);
    if (isReject(answer)) return this.#count(answer.reason);
    this.#count(this.grove.node.mempool.size > size ? 'waits' : 'waits instead');
    this.#coins.push(...[0, 1].map((index) => ownOutput(payment, index, keyOf(1))));
  }

  /** The first so many of those that wait: with each all before it. */
  #held(one: number): readonly Transaction[] {
    const { waiting } = this.grove;
    return waiting.slice(0, one % (waiting.length + 1));
  }

  /** A branch from one or two blocks below the tip that wins by a block, if it is a valid one. */
  async #fork({ one, two, fee }: Event): Promise<void> {
    const depth = 1 + (one % 2);
    const below = this.#active.slice(0, -depth);
    if (below.length === 0) return;
    const spent = two % 3 === 0 ? this.#coins.slice(two % this.#coins.length).slice(0, 1) : [];
    let payments = spent.map((coin) => payHalves([coin], BigInt(fee)));
    const joined: string[] = [];
    const before = new Set(this.grove.waiting);
    while (joined.length <= depth) {
      const name = this.#name();
      const on = joined.at(-1) ?? below.at(-1) ?? 'genesis';
      const word = await this.grove.mine(name, { on, with: payments });
      if (word !== 'side' && word !== 'connected') return this.#count(`fork: ${word}`);
      joined.push(name);
      payments = [];
    }
    expect(this.grove.tip).toBe(joined.at(-1));
    this.#active = [...below, ...joined];
    this.#coins.push(...joined.map((name) => this.grove.minted(name)));
    if (this.grove.waiting.some((each) => !before.has(each))) this.#count('returned');
    if ([...before].some((each) => !this.grove.waiting.includes(each))) this.#count('lost');
  }

  async #reopen(): Promise<void> {
    const before = this.grove.node.mempool.list();
    await this.grove.reopen();
    const after = this.grove.node.mempool.list();
    const isTooOld = ({ time }: { time: number }) => time < this.grove.clock - fortnight;
    if (before.some(isTooOld)) return this.#count('expired');
    expect(after.map(strip)).toEqual(before.map(strip));
    this.#count('reopened');
  }

  #name(): string {
    return `block ${this.#names++}`;
  }

  #count(what: string): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1);
  }
}

/** All but the heights of the coins, which a block may have moved since. */
function strip<T extends { readonly coins: unknown }>({ coins, ...rest }: T) {
  return rest;
}

/** Pays all but a fee to key 1, in two halves. */
function payHalves(coins: readonly Owned[], fee: bigint): Transaction {
  const total = coins.reduce((sum, { coin }) => sum + coin.amount, 0n);
  const half = (total - fee) / 2n;
  return pay(coins, { outputs: [outputTo(1, half), outputTo(1, total - fee - half)] });
}

/** What is true of a mempool at any time. */
async function check({ node, database }: Grove): Promise<void> {
  const list = node.mempool.list();
  checkMembers(list);
  const coins = new Set((await coinsIn(database)).keys());
  for (const { id, transaction } of list) {
    for (const { prevout } of transaction.inputs) {
      const name = outPointName(prevout);
      expect(coins.delete(name), `${name} is there and spent once`).toBe(true);
      expect(node.mempool.spenderOf(prevout)).toBe(id);
    }
    for (const index of transaction.outputs.keys()) coins.add(outPointName({ txid: id, index }));
  }
  const { mempool } = node;
  expect(mempool.size).toBe(list.length);
  expect(mempool.usage).toBe(list.reduce((sum, each) => sum + each.memoryBytes, 0));
  expect(mempool.usage).toBeLessThanOrEqual(maxMempoolBytes);
  expect(mempool.fees).toBe(list.reduce((sum, { fee }) => sum + fee, 0n));
  const made = list.flatMap(({ transaction }) => transaction.outputs).length;
  expect(mempool.coinsOf(outputTo(1, 0n).script).length).toBe(made);
}

test('whatever happens, the next block can hold all that waits', async () => {
  const tally = new Map<string, number>();
  const events = fc.array(anyEvent, { minLength: 30, maxLength: 60 });
  const property = fc.asyncProperty(events, async (all) => {
    const life = new Life(await plant({ maxMempoolBytes }));
    for (let i = 0; i < 3; i++) await life.mine();
    for (const event of all) {
      await life.live(event);
      await check(life.grove);
    }
    const { waiting, node } = life.grove;
    const block = await node.mine(outputTo(7, 0n).script);
    expect(new Set(block.transactions.slice(1))).toEqual(new Set(waiting));
    expect(node.mempool.size).toBe(0);
    for (const [what, times] of life.tally) tally.set(what, (tally.get(what) ?? 0) + times);
  });
  await fc.assert(property, { numRuns: 8, seed: 1 });
  for (const what of ['waits', 'waits instead', 'insufficient fee', 'returned', 'lost']) {
    expect(tally.get(what), what).toBeGreaterThan(2);
  }
}, 60_000);
