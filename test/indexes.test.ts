/** The indexes after any history are what a walk along the active blocks would find. */
import { bytesToHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Chain } from '../src/chain/chain.ts';
import type { Database } from '../src/chain/database.ts';
import { hashOf } from '../src/chain/entry.ts';
import type { Store } from '../src/chain/store.ts';
import { coins as coinTable } from '../src/chain/tables.ts';
import { type Block, hashHeader } from '../src/primitives/block.ts';
import type { NamedCoin } from '../src/primitives/coin.ts';
import { carrierScript } from '../src/primitives/script.ts';
import { outPointName, txid } from '../src/primitives/transaction.ts';
import { keyOf, outputTo, ownOutput, pay } from './forge.ts';
import { copyOf, grass, machine, memory, noon, plant, recordsIn, verifyInline } from './grove.ts';
import { Ledger } from './ledger.ts';
import { Mortal } from './mortal.ts';
import { drawTree, type Shoot, shoot, type Tree } from './tree.ts';

function sorted(coins: readonly NamedCoin[]): readonly NamedCoin[] {
  const nameOf = ({ outPoint }: NamedCoin) => outPointName(outPoint);
  return coins.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** Every script that any of these blocks pays. */
function scriptsIn(blocks: readonly Block[]): readonly Uint8Array[] {
  const outputs = blocks.flatMap(({ transactions }) => transactions.flatMap((tx) => tx.outputs));
  return [...new Map(outputs.map(({ script }) => [bytesToHex(script), script])).values()];
}

/** The coins are found, with indexes or without. */
async function expectCoins(store: Store, { blocks, active }: Tree): Promise<void> {
  const ledger = new Ledger(active);
  for (const script of scriptsIn(blocks)) {
    const coins = ledger.coinsOf(bytesToHex(script));
    expect(sorted(await store.coinsOf(script))).toEqual(sorted(coins));
  }
}

/** Whatever may be asked of the indexes is answered as the walk along the active blocks says. */
async function expectIndexes(store: Store, tree: Tree): Promise<void> {
  await expectCoins(store, tree);
  const { blocks, active } = tree;
  const ledger = new Ledger(active);
  for (const transaction of blocks.flatMap(({ transactions }) => transactions)) {
    expect(await store.place(txid(transaction))).toEqual(ledger.places.get(txid(transaction)));
  }
  for (const script of scriptsIn(blocks)) {
    const coins = ledger.coinsOf(bytesToHex(script));
    const events = ledger.history.get(bytesToHex(script)) ?? [];
    const amount = coins.reduce((sum, { coin }) => sum + coin.amount, 0n);
    expect(await store.historyOf(script, 0, 1000)).toEqual(events);
    const sum = { coins: coins.length, amount, events: events.length };
    expect(await store.addressSum(script)).toEqual(sum);
  }
}

/** The tables h, o, s and t, as bytes. */
async function indexRecords(database: Database) {
  const parts = [recordsIn(database, 'h', 'i'), recordsIn(database, 'o', 'p')];
  return (await Promise.all([...parts, recordsIn(database, 's', 'u')])).flat();
}

function open(database: Database, hasIndex: boolean): Promise<Chain> {
  return Chain.open({ database, ...machine, params: grass, verifyAll: verifyInline, hasIndex });
}

async function acceptAll(chain: Chain, blocks: readonly Block[]): Promise<void> {
  for (const block of blocks) await chain.accept(block, noon);
}

const trees = fc.array(shoot, { minLength: 6, maxLength: 16 });

test('after any tree the indexes say what a walk along the active ones does', async () => {
  let reorganisations = 0;
  const property = fc.asyncProperty(trees, async (steps) => {
    const grove = await plant();
    const tree = drawTree(grove, steps);
    for (const block of tree.blocks) await grove.node.submitBlock(block);
    const { store, writer } = grove.node.chain;
    await expectIndexes(store, tree);
    const records = await indexRecords(grove.database);
    await writer.dropIndexes();
    expect(await indexRecords(grove.database)).toEqual([]);
    await writer.buildIndexes(() => {});
    expect(await indexRecords(grove.database)).toEqual(records);
    reorganisations += tree.reorganisations;
  });
  await fc.assert(property, { numRuns: 40, seed: 1 });
  expect(reorganisations).toBeGreaterThan(20);
});

test('without indexes the coins are searched, and nothing else is answered', async () => {
  const property = fc.asyncProperty(trees, async (steps) => {
    const tree = drawTree(await plant(), steps);
    const database = memory();
    const chain = await open(database, false);
    await acceptAll(chain, tree.blocks);
    const { store, tip } = chain;
    expect(hashOf(tip)).toBe(hashHeader(tree.active.at(-1)?.header ?? grass.genesis.header));
    expect(await indexRecords(database)).toEqual([]);
    await expectCoins(store, tree);
    const noIndex = { code: 'no-index' };
    for (const script of scriptsIn(tree.blocks)) {
      await expect(store.historyOf(script, 0, 1)).rejects.toMatchObject(noIndex);
      await expect(store.addressSum(script)).rejects.toMatchObject(noIndex);
    }
    for (const { transactions } of tree.active) {
      for (const each of transactions) {
        await expect(store.place(txid(each))).rejects.toMatchObject(noIndex);
      }
    }
  });
  await fc.assert(property, { numRuns: 15, seed: 2 });
});

/** Builds the indexes as far as this height, and dies there. */
async function buildTo(chain: Chain, height: number): Promise<void> {
  const built = chain.writer.buildIndexes((reached) => {
    if (reached === height) throw new Error('killed');
  });
  await expect(built).rejects.toThrow('killed');
}

/** Six blocks, and six that take the place of the last four of them, all with a payment. */
const deepFork = [0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0].map((on): Shoot => {
  const payment = { coins: [0, 1], to: [0, 1, 2, 2], hasMemo: true, fee: 9 };
  return { on, isGood: true, payments: [payment] };
});

test('indexes that are built by halves follow the chain, and are whole in the end', async () => {
  let behind = 0;
  let retreats = 0;
  const property = fc.asyncProperty(trees, fc.nat({ max: 5 }), async (steps, left) => {
    const tree = drawTree(await plant(), steps);
    const cut = tree.blocks.length - 1 - left;
    const whole = memory();
    const straight = await open(whole, true);
    await acceptAll(straight, tree.blocks);
    const expected = await indexRecords(whole);
    const trunk = memory();
    const early = await open(trunk, false);
    await acceptAll(early, tree.blocks.slice(0, cut));
    for (let at = 0; at <= early.tip.height; at++) {
      const database = await copyOf(trunk);
      await buildTo(await open(database, false), at);
      const again = await open(database, false);
      const reached = await again.store.hashAt(at);
      await acceptAll(again, tree.blocks.slice(cut));
      await expectCoins(again.store, tree);
      if (!(await again.store.hasIndex())) behind++;
      if ((await again.store.hashAt(at)) !== reached) retreats++;
      await again.writer.buildIndexes(() => {});
      expect(await indexRecords(database), `killed at ${at}`).toEqual(expected);
      await expectIndexes(again.store, tree);
    }
  });
  await fc.assert(property, { numRuns: 20, seed: 3, examples: [[deepFork, 5]] });
  expect(behind).toBeGreaterThan(50);
  expect(retreats).toBeGreaterThan(5);
});

test('whichever write a crash comes before, indexes that go are built again', async () => {
  const grove = await plant();
  const [first] = fc.sample(fc.array(shoot, { minLength: 12, maxLength: 12 }), {
    numRuns: 1,
    seed: 4,
  });
  const tree = drawTree(grove, first ?? []);
  for (const block of tree.blocks) await grove.node.submitBlock(block);
  const expected = await indexRecords(grove.database);
  let writes = 0;
  for (; ; writes++) {
    const database = await copyOf(grove.database);
    const dying = await open(new Mortal(database, writes), false);
    const isAlive = await dying.writer.dropIndexes().then(
      () => true,
      (error: unknown) => {
        expect(String(error)).toContain('the machine is dead');
        return false;
      },
    );
    const { store, writer } = await open(database, false);
    expect(await store.hasIndex()).toBe(writes === 0);
    await writer.buildIndexes(() => {});
    expect(await indexRecords(database)).toEqual(expected);
    if (isAlive) break;
  }
  // One says that they are gone, and one empties each of four tables.
  expect(writes).toBe(5);
});

//   genesis ── a1 ── a2 ── a3
/** Two payments in the last block: alice pays herself, bob twice and a memo; bob pays all on. */
async function plantPayments() {
  const grove = await plant();
  for (const name of ['a1', 'a2']) await grove.mine(name);
  const memo = { amount: 0n, script: carrierScript(keyOf(1).outputKey) };
  const coins = [grove.minted('a1'), grove.minted('a2')];
  const rest = 100_0000_0000n - 30n - 7n;
  const outputs = [outputTo(1, 10n), memo, outputTo(0, rest), outputTo(1, 20n)];
  const first = pay(coins, { outputs });
  const bobs = [0, 3].map((index) => ownOutput(first, index, keyOf(1), 3));
  const second = pay(bobs, { outputs: [outputTo(2, 30n)] });
  await grove.mine('a3', { with: [first, second], claim: 5n });
  const [alice, bob, carol] = [0, 1, 2].map((seed) => outputTo(seed, 0n).script);
  if (!alice || !bob || !carol) throw new Error('three keys have three scripts');
  return { store: grove.node.chain.store, first, second, memo, alice, bob, carol };
}

test('an address is told once of a payment, by what it gained and lost of it', async () => {
  const { store, first, second, alice, bob, carol } = await plantPayments();
  const [a1, a2, a3, ...more] = await store.historyOf(alice, 0, 9);
  expect(a1).toMatchObject({ height: 1, change: 50_0000_0000n });
  expect(a2).toMatchObject({ height: 2, change: 50_0000_0000n });
  expect(a3).toMatchObject({ height: 3, change: 5n });
  expect(more).toEqual([{ txid: txid(first), height: 3, change: -37n }]);
  // What bob was paid was made and spent within the block: a story, but no coin.
  expect(await store.historyOf(bob, 0, 9)).toEqual([
    { txid: txid(first), height: 3, change: 30n },
    { txid: txid(second), height: 3, change: -30n },
  ]);
  expect(await store.coinsOf(bob)).toEqual([]);
  expect(await store.addressSum(bob)).toEqual({ coins: 0, amount: 0n, events: 2 });
  expect(await store.addressSum(carol)).toEqual({ coins: 1, amount: 30n, events: 1 });
  expect(await store.place(txid(second))).toEqual({ height: 3, position: 2 });
});

test('a data carrier and the genesis block are no address of anybody', async () => {
  const { store, memo } = await plantPayments();
  const [minted] = grass.genesis.transactions;
  expect(minted && (await store.place(txid(minted)))).toBeUndefined();
  for (const script of [memo.script, minted?.outputs[0]?.script]) {
    const nothing = { coins: 0, amount: 0n, events: 0 };
    expect(script && (await store.addressSum(script))).toEqual(nothing);
    expect(script && (await store.coinsOf(script))).toEqual([]);
    expect(script && (await store.historyOf(script, 0, 9))).toEqual([]);
  }
});

test('a page of a history is that part of it, and nothing beyond its end', async () => {
  const { store, alice } = await plantPayments();
  const all = await store.historyOf(alice, 0, 1000);
  expect(all.length).toBe(4);
  for (let from = 0; from <= 6; from++) {
    for (let count = 0; count <= 6; count++) {
      const page = await store.historyOf(alice, from, count);
      expect(page, `${count} from ${from}`).toEqual(all.slice(from, from + count));
    }
  }
});

test('a coin that was spent, and that the disk has brought back, is not spent again', async () => {
  const grove = await plant();
  await grove.mine('a1');
  const coin = grove.minted('a1');
  await grove.mine('a2', { with: [pay([coin])] });
  const { guard } = grove.node.chain;
  await guard.batch([coinTable.put(coin.outPoint, coin.coin)], { sync: true });
  grove.draw('a3', { with: [pay([coin], { outputs: [outputTo(4, 1n)] })] });
  await expect(grove.submit('a3')).rejects.toMatchObject({ code: 'damaged' });
  expect((await grove.entry('a3'))?.isFailed).toBe(false);
});
