/**
 * Trees of blocks that chance draws, with payments among few addresses: to oneself, several outputs
 * to one script, coins made and spent within a block, data carriers, and blocks that are bad.
 */
import fc from 'fast-check';
import { subsidyAt } from '../src/consensus/subsidy.ts';
import type { Block } from '../src/primitives/block.ts';
import { carrierScript } from '../src/primitives/script.ts';
import type { Transaction } from '../src/primitives/transaction.ts';
import { keyOf, type Owned, outputTo, ownOutput, pay } from './forge.ts';
import { type Grove, grass } from './grove.ts';

/** One payment of a block that chance draws. */
interface Sprout {
  /** Which of the coins that are there, counted round and round. */
  readonly coins: readonly number[];
  /** Who gets equal parts: two addresses of each of three keys. */
  readonly to: readonly number[];
  readonly hasMemo: boolean;
  readonly fee: number;
}

/** One block of a tree that chance draws. */
export interface Shoot {
  /** Counted back from the newest block. */
  readonly on: number;
  readonly isGood: boolean;
  readonly payments: readonly Sprout[];
}

const sprout: fc.Arbitrary<Sprout> = fc.record({
  coins: fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 3 }),
  to: fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 4 }),
  hasMemo: fc.boolean(),
  fee: fc.nat({ max: 1000 }),
});

export const shoot: fc.Arbitrary<Shoot> = fc.record({
  on: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat({ max: 4 })),
  isGood: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, fc.constant(false)),
  payments: fc.array(sprout, { maxLength: 2 }),
});

/** What the test itself knows of a block. */
interface Known {
  readonly name: string;
  readonly height: number;
  readonly isGood: boolean;
  readonly parent: Known | undefined;
  /** The coins that it leaves to spend. */
  readonly coins: readonly Owned[];
}

const root: Known = { name: 'genesis', height: 0, isGood: true, parent: undefined, coins: [] };

function kindOf(to: number): 'p2wpkh' | 'p2tr' {
  return to % 2 === 0 ? 'p2wpkh' : 'p2tr';
}

/** A payment of some of these coins, and the coins there are after it. */
function spend(coins: readonly Owned[], { to, hasMemo, fee, ...sprout }: Sprout, height: number) {
  const spent = [...new Set(sprout.coins.map((each) => coins[each % coins.length]))].filter(
    (coin) => coin !== undefined,
  );
  const total = spent.reduce((sum, { coin }) => sum + coin.amount, 0n);
  const part = total > BigInt(fee) ? (total - BigInt(fee)) / BigInt(to.length) : 0n;
  const memo = { amount: 0n, script: carrierScript(keyOf(1).outputKey) };
  const outputs = to.map((each) => outputTo(each >> 1, part, kindOf(each)));
  // In front, so that the numbers of the outputs are not those of the coins.
  const payment = pay(spent, { outputs: hasMemo ? [memo, ...outputs] : outputs });
  const made = to.map((each, i) => {
    return ownOutput(payment, i + Number(hasMemo), keyOf(each >> 1), height);
  });
  return { payment, coins: [...coins.filter((coin) => !spent.includes(coin)), ...made] };
}

/** Draws a block on this one, and keeps it to itself. */
function sproutOn(grove: Grove, parent: Known, step: Shoot, name: string): Known {
  const height = parent.height + 1;
  let { coins } = parent;
  const payments: Transaction[] = [];
  for (const each of coins.length > 0 ? step.payments : []) {
    const spent = spend(coins, each, height);
    payments.push(spent.payment);
    coins = spent.coins;
  }
  const claim = subsidyAt(height, grass) + (step.isGood ? 0n : 1_0000_0000n);
  grove.draw(name, { on: parent.name, with: payments, claim });
  const isGood = parent.isGood && step.isGood;
  return { name, height, isGood, parent, coins: [...coins, grove.minted(name)] };
}

/** A tree that chance drew: all its blocks in order, and the one that wins. */
export interface Tree {
  readonly blocks: readonly Block[];
  readonly active: readonly Block[];
  readonly reorganisations: number;
}

export function drawTree(grove: Grove, steps: readonly Shoot[]): Tree {
  const all: Known[] = [root];
  let best = root;
  let reorganisations = 0;
  for (const [i, step] of steps.entries()) {
    const parent = all[Math.max(all.length - 1 - step.on, 0)] ?? root;
    const grown = sproutOn(grove, parent, step, `block ${i}`);
    all.push(grown);
    if (!grown.isGood || grown.height <= best.height) continue;
    if (grown.parent !== best) reorganisations++;
    best = grown;
  }
  const active: Block[] = [];
  for (let at: Known | undefined = best; at?.parent; at = at.parent) {
    active.unshift(grove.block(at.name));
  }
  return { blocks: all.slice(1).map(({ name }) => grove.block(name)), active, reorganisations };
}
