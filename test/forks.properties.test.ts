/** Any tree in any order: after every step the coins are what a reference of a few lines says. */
import { bytesToHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Accepted, BlockReject } from '../src/chain/chain.ts';
import type { Database } from '../src/chain/database.ts';
import { hashOf } from '../src/chain/entry.ts';
import { isReject } from '../src/consensus/reject.ts';
import { type Block, hashHeader } from '../src/primitives/block.ts';
import type { NamedCoin } from '../src/primitives/coin.ts';
import { carrierScript } from '../src/primitives/script.ts';
import { outPointName, type Transaction, txid } from '../src/primitives/transaction.ts';
import { keyOf, type Owned, outputTo, ownOutput, pay } from './forge.ts';
import {
  coinsIn,
  deliver,
  type Grove,
  grass,
  memory,
  openChain,
  plant,
  recordsIn,
  verifyOnce,
} from './grove.ts';

/** The subsidy halves every three blocks, so that short branches see several. */
const steep = { ...grass, halvingInterval: 3 };

/** A payment of a block that chance draws. */
interface Spend {
  /** Which coins of those that there are: counted round and round. */
  readonly coins: readonly number[];
  /** Whom it pays, in equal parts. */
  readonly payees: readonly number[];
  readonly carried: number;
  readonly fee: number;
}

interface Sprout {
  /** Counted back from the newest block. */
  readonly on: number;
  readonly spends: readonly Spend[];
  /** What the coinbase takes less than it may; more where it is negative. */
  readonly unclaimed: number;
  /** Blocks are handed in by this number, whatever they stand on. */
  readonly arrival: number;
}

const spend: fc.Arbitrary<Spend> = fc.record({
  coins: fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 2 }),
  payees: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
  carried: fc.nat({ max: 900 }),
  fee: fc.nat({ max: 1000 }),
});

const sprout: fc.Arbitrary<Sprout> = fc.record({
  on: fc.nat({ max: 4 }),
  spends: fc.array(spend, { maxLength: 3 }),
  unclaimed: fc.oneof({ weight: 9, arbitrary: fc.nat({ max: 1000 }) }, fc.constant(-1)),
  arrival: fc.nat({ max: 1000 }),
});

/** What the test itself knows of a block. */
interface Known {
  readonly name: string;
  readonly block: Block;
  readonly height: number;
  readonly isGood: boolean;
  readonly parent: Known | undefined;
  /** What nobody will ever have: carried, or not claimed. */
  readonly burnt: bigint;
}

function branchOf(tip: Known): readonly Known[] {
  return tip.parent ? [...branchOf(tip.parent), tip] : [];
}

/** The reference: the coins of a branch, from its blocks alone. */
function coinsOfBranch(tip: Known): readonly NamedCoin[] {
  const coins = new Map<string, NamedCoin>();
  for (const { block, height } of branchOf(tip)) {
    for (const [place, transaction] of block.transactions.entries()) {
      for (const { prevout } of transaction.inputs) coins.delete(outPointName(prevout));
      for (const [index, output] of transaction.outputs.entries()) {
        if (output.script[0] === 0x6a) continue;
        const outPoint = { txid: txid(transaction), index };
        const coin = { ...output, height, isCoinbase: place === 0 };
        coins.set(outPointName(outPoint), { outPoint, coin });
      }
    }
  }
  return [...coins.values()];
}

const seeds = new Map([0, 1, 2, 3].map((seed) => [bytesToHex(outputTo(seed, 0n).script), seed]));

function withKey(named: NamedCoin): Owned {
  return { ...named, key: keyOf(seeds.get(bytesToHex(named.coin.script)) ?? 0) };
}

/** The payment, if there are such coins and they are worth it. */
function payFrom(owned: readonly Owned[], step: Spend): Transaction | undefined {
  if (owned.length === 0) return undefined;
  const coins = [...new Set(step.coins.map((i) => owned[i % owned.length]))].flatMap(
    (c) => c ?? [],
  );
  const total = coins.reduce((sum, { coin }) => sum + coin.amount, 0n);
  const part = (total - BigInt(step.carried + step.fee)) / BigInt(step.payees.length);
  if (part <= 0n) return undefined;
  const carrier = { amount: BigInt(step.carried), script: carrierScript(keyOf(1).outputKey) };
  const outputs = step.payees.map((seed) => outputTo(seed, part));
  return pay(coins, { outputs: [...outputs, carrier] });
}

function grow(grove: Grove, parent: Known, step: Sprout, name: string): Known {
  const height = parent.height + 1;
  const payments: Transaction[] = [];
  let owned = coinsOfBranch(parent).map(withKey);
  let fees = 0n;
  let burnt = BigInt(Math.max(step.unclaimed, 0));
  for (const each of step.spends) {
    const payment = payFrom(owned, each);
    if (!payment) continue;
    payments.push(payment);
    const spent = new Set(payment.inputs.map(({ prevout }) => outPointName(prevout)));
    const used = owned.filter(({ outPoint }) => spent.has(outPointName(outPoint)));
    const made = each.payees.map((seed, i) => ownOutput(payment, i, keyOf(seed), height));
    owned = [...owned.filter((each) => !used.includes(each)), ...made];
    fees += used.reduce((sum, { coin }) => sum + coin.amount, 0n);
    fees -= payment.outputs.reduce((sum, { amount }) => sum + amount, 0n);
    burnt += BigInt(each.carried);
  }
  const claim = subsidyOf(height) + fees - BigInt(step.unclaimed);
  const block = grove.draw(name, { on: parent.name, with: payments, claim });
  return { name, block, height, isGood: parent.isGood && step.unclaimed >= 0, parent, burnt };
}

/** Halved every three blocks, and nothing is minted at the beginning. */
function subsidyOf(height: number): bigint {
  return 50_0000_0000n / 2n ** BigInt(Math.floor(height / 3));
}

/** Grows a tree of these on the genesis block, which is the first of all that are answered. */
function growAll(grove: Grove, steps: readonly Sprout[]): readonly Known[] {
  const root: Known = {
    name: 'genesis',
    block: steep.genesis,
    height: 0,
    isGood: true,
    parent: undefined,
    burnt: 0n,
  };
  const all = [root];
  for (const [i, step] of steps.entries()) {
    all.push(grow(grove, all[Math.max(i - step.on, 0)] ?? root, step, `block ${i}`));
  }
  return all;
}

async function expectCoinsOf(tip: Known, database: Database): Promise<void> {
  const coins = await coinsIn(database);
  const expected = coinsOfBranch(tip).map(({ outPoint, coin }) => [outPointName(outPoint), coin]);
  expect(Object.fromEntries(coins)).toEqual(Object.fromEntries(expected));
  const supply = [...coins.values()].reduce((sum, { amount }) => sum + amount, 0n);
  const minted = branchOf(tip).map(({ height, burnt }) => subsidyOf(height) - burnt);
  expect(supply).toBe(minted.reduce((sum, each) => sum + each, 0n));
  // Each active block can be taken back, and no other.
  expect((await recordsIn(database, 'u', 'v')).length).toBe(tip.height);
}

/** What happened on the way, in a word: this must be met with, or there was nothing to see. */
function tell(answer: Accepted | BlockReject): string {
  if (!isReject(answer)) return answer.disconnected.length > 1 ? 'deep' : answer.status;
  return answer.facts['because'] ? 'retreat' : answer.reason;
}

test('after every step the coins are those of the active blocks, and add up', async () => {
  const verifyAll = verifyOnce();
  const heard: string[] = [];
  const property = fc.asyncProperty(
    fc.array(sprout, { minLength: 6, maxLength: 18 }),
    async (steps) => {
      const all = growAll(await plant({ params: steep }), steps);
      const byHash = new Map(all.map((known) => [hashHeader(known.block.header), known]));
      const arriving = all
        .slice(1)
        .map(({ block }, i) => ({ block, at: steps[i]?.arrival ?? 0 }))
        .toSorted((a, b) => a.at - b.at)
        .map(({ block }) => block);

      const database = memory();
      const chain = await openChain(database, steep, verifyAll);
      let before = all[0];
      await deliver(chain, arriving, async (answer) => {
        const tip = byHash.get(hashOf(chain.tip));
        if (!tip || !before) throw new Error('the tip is no block of the tree');
        // Only more work moves it, and never to what is bad.
        if (tip !== before) expect(tip.height).toBeGreaterThan(before.height);
        expect(tip.isGood).toBe(true);
        await expectCoinsOf(tip, database);
        before = tip;
        heard.push(tell(answer));
      });
      const heights = all.filter(({ isGood }) => isGood).map(({ height }) => height);
      expect(before?.height).toBe(Math.max(...heights));
    },
  );
  await fc.assert(property, { numRuns: 100, seed: 1 });
  for (const each of ['side', 'deep', 'retreat', 'bad-cb-amount', 'prev-blk-not-found']) {
    expect(heard.filter((word) => word === each).length, each).toBeGreaterThan(5);
  }
});
