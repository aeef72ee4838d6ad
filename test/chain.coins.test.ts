/** The coins after any history are those of the active blocks alone, and their sum adds up. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { subsidyAt } from '../src/consensus/subsidy.ts';
import { carrierScript } from '../src/primitives/script.ts';
import type { Transaction } from '../src/primitives/transaction.ts';
import { keyOf, outputTo, ownOutput, pay } from './forge.ts';
import { coinsIn, type Grove, grass, plant, recordsIn } from './grove.ts';

/** One block of a tree that chance draws. */
interface Sprout {
  /** Counted back from the newest block. */
  readonly on: number;
  readonly kind: 'good' | 'claims too much';
  /** Does it spend what its parent minted, in two payments of which one spends the other? */
  readonly isSpending: boolean;
  /** Of what its parent minted. */
  readonly fee: number;
  /** Of the same, into a data carrier. */
  readonly burnt: number;
  /** Of what it may take. */
  readonly unclaimed: number;
}

const sprout: fc.Arbitrary<Sprout> = fc.record({
  on: fc.nat({ max: 3 }),
  kind: fc.oneof({ weight: 9, arbitrary: fc.constant('good') }, fc.constant('claims too much')),
  isSpending: fc.boolean(),
  fee: fc.nat({ max: 1000 }),
  burnt: fc.nat({ max: 1000 }),
  unclaimed: fc.nat({ max: 1000 }),
});

/** What the test itself knows of a block. */
interface Known {
  readonly name: string;
  readonly height: number;
  readonly isGood: boolean;
  readonly parent: Known | undefined;
  /** What it adds to all coins: its subsidy, less what is burnt and what nobody took. */
  readonly minted: bigint;
}

function spendMinted(grove: Grove, parent: Known, { fee, burnt }: Sprout): readonly Transaction[] {
  const coin = grove.minted(parent.name);
  const rest = coin.coin.amount - BigInt(fee + burnt);
  const carrier = { amount: BigInt(burnt), script: carrierScript(keyOf(1).outputKey) };
  const first = pay([coin], { outputs: [outputTo(1, rest), carrier] });
  const second = pay([ownOutput(first, 0, keyOf(1), parent.height + 1)], {
    outputs: [outputTo(2, rest - 5000n), outputTo(3, 5000n, 'p2tr')],
  });
  return [first, second];
}

async function grow(grove: Grove, parent: Known, step: Sprout, name: string): Promise<Known> {
  const height = parent.height + 1;
  const isSpending = step.isSpending && parent.height > 0;
  const payments = isSpending ? spendMinted(grove, parent, step) : [];
  const [fee, burnt] = isSpending ? [step.fee, step.burnt] : [0, 0];
  const due = subsidyAt(height, grass) + BigInt(fee);
  const isGood = parent.isGood && step.kind === 'good';
  const claim = step.kind === 'good' ? due - BigInt(step.unclaimed) : due + 1n;
  await grove.mine(name, { on: parent.name, with: payments, claim });
  const minted = subsidyAt(height, grass) - BigInt(burnt + step.unclaimed);
  return { name, height, isGood, parent, minted };
}

function branchOf(tip: Known): readonly Known[] {
  return tip.parent ? [...branchOf(tip.parent), tip] : [];
}

test('the coins after any tree of blocks are those that the active ones leave', async () => {
  let reorganisations = 0;
  const property = fc.asyncProperty(
    fc.array(sprout, { minLength: 8, maxLength: 24 }),
    async (steps) => {
      const grove = await plant();
      const root = { name: 'genesis', height: 0, isGood: true, parent: undefined, minted: 0n };
      const all: Known[] = [root];
      let best: Known = root;
      for (const [i, step] of steps.entries()) {
        const parent = all[Math.max(all.length - 1 - step.on, 0)] ?? root;
        const grown = await grow(grove, parent, step, `block ${i}`);
        all.push(grown);
        if (!grown.isGood || grown.height <= best.height) continue;
        if (grown.parent !== best) reorganisations++;
        best = grown;
      }
      expect(grove.tip).toBe(best.name);

      const straight = await plant();
      for (const { name } of branchOf(best)) await straight.node.submitBlock(grove.block(name));
      // Coins, coins by script, the active blocks and what takes them back: tables c, s, a and u.
      for (const [from, before] of [
        ['c', 'd'],
        ['s', 't'],
        ['a', 'b'],
        ['u', 'v'],
      ] as const) {
        const records = await recordsIn(grove.database, from, before);
        expect(records).toEqual(await recordsIn(straight.database, from, before));
      }
      const coins = [...(await coinsIn(grove.database)).values()];
      const supply = coins.reduce((sum, { amount }) => sum + amount, 0n);
      expect(supply).toBe(branchOf(best).reduce((sum, { minted }) => sum + minted, 0n));
    },
  );
  await fc.assert(property, { numRuns: 60, seed: 1 });
  expect(reorganisations).toBeGreaterThan(30);
});
