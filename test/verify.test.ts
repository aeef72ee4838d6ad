/** Verifying: whatever is wrong in a table, though its checksum fits, is found and named. */
import { expect, test } from 'vitest';
import type { Operation } from '../src/chain/database.ts';
import type { Entry } from '../src/chain/entry.ts';
import * as tables from '../src/chain/tables.ts';
import { type Verified, verifyChain } from '../src/chain/verify.ts';
import { hashHeader } from '../src/primitives/block.ts';
import type { NamedCoin } from '../src/primitives/coin.ts';
import { type Transaction, txid } from '../src/primitives/transaction.ts';
import { keyOf, outputTo, ownOutput, pay } from './forge.ts';
import { copyOf, type Grove, grass, memory, plant, verifyInline } from './grove.ts';

//   genesis ── a1 ── a2 (pays key 1) ── a3 (that pays keys 2 and 3) ── a4
//               └─── b2 ── b3
/** The tree above, on a database of its own. */
async function plantTree(): Promise<{ grove: Grove; first: Transaction; second: Transaction }> {
  const grove = await plant();
  await grove.mine('a1');
  const first = pay([grove.minted('a1')], { outputs: [outputTo(1, 50_0000_0000n)] });
  await grove.mine('a2', { with: [first] });
  const second = pay([ownOutput(first, 0, keyOf(1), 2)], {
    outputs: [outputTo(2, 20_0000_0000n), outputTo(3, 30_0000_0000n)],
  });
  await grove.mine('a3', { with: [second] });
  await grove.mine('a4');
  await grove.mine('b2', { on: 'a1' });
  await grove.mine('b3', { on: 'b2' });
  return { grove, first, second };
}

function verify(grove: Grove, progress: (checked: number) => void = () => {}): Promise<Verified> {
  const { identity } = grove.node.chain.guard;
  return grove.node.read((view) =>
    verifyChain(view, { params: grass, verifyAll: verifyInline, identity, progress }),
  );
}

test('all blocks of a sound chain are checked, side branches too', async () => {
  const { grove } = await plantTree();
  const heard: number[] = [];
  const verified = await verify(grove, (checked) => heard.push(checked));
  const { tip } = grove.node.chain;
  expect(verified).toEqual({
    height: 4,
    hash: hashHeader(tip.header),
    checked: 7,
    digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    hasIndex: true,
  });
  expect(heard).toEqual([1, 2, 3, 4, 5]);
});

test('the digest is that of the coins, whichever way they came about', async () => {
  const { grove } = await plantTree();
  const other = await plant();
  for (const name of ['b2', 'b3', 'a1', 'b2', 'b3', 'a2', 'a3', 'a4']) {
    await other.node.submitBlock(grove.block(name));
  }
  expect(await verify(other)).toEqual(await verify(grove));
  await grove.mine('a5');
  expect((await verify(grove)).digest).not.toBe((await verify(other)).digest);
});

test('an empty chain and one without indexes are sound', async () => {
  const empty = await plant({ database: memory() });
  expect(await verify(empty)).toMatchObject({ height: 0, checked: 1 });
  const { grove } = await plantTree();
  await grove.node.chain.writer.dropIndexes();
  expect(await verify(grove)).toMatchObject({ height: 4, checked: 7, hasIndex: false });
});

/** One slip in one table, and the words that name it. */
interface Slip {
  readonly what: string;
  readonly says: string;
  readonly write: (tree: Tree) => Promise<readonly Operation[]> | readonly Operation[];
}

interface Tree {
  readonly grove: Grove;
  readonly first: Transaction;
  readonly second: Transaction;
  readonly entry: (name: string) => Promise<Entry>;
  readonly undo: (name: string) => Promise<readonly NamedCoin[]>;
}

const script = (key: number) => outputTo(key, 0n).script;
const undoKey = (grove: Grove, name: string, height: number) => ({
  height,
  hash: hashHeader(grove.block(name).header),
});

const slips: readonly Slip[] = [
  {
    what: 'a coin that is not there',
    says: 'coins are there of',
    write: ({ second }) => [tables.coins.del({ txid: txid(second), index: 0 })],
  },
  {
    what: 'a coin too many',
    says: 'coins are there of',
    write: ({ first }) => [
      tables.coins.put(
        { txid: txid(first), index: 0 },
        { ...outputTo(1, 50_0000_0000n), height: 2, isCoinbase: false },
      ),
    ],
  },
  {
    what: 'a coin with another amount',
    says: 'the coins are not those of the blocks',
    write: ({ second }) => [
      tables.coins.put(
        { txid: txid(second), index: 0 },
        { ...outputTo(2, 20_0000_0001n), height: 3, isCoinbase: false },
      ),
    ],
  },
  {
    what: 'a digest of other coins',
    says: 'the coins are not those of the blocks',
    write: async ({ grove }) => {
      const tip = await grove.node.chain.store.tip();
      if (!tip) throw new Error('there is a tip');
      return [tables.tips.put('tip', { ...tip, digest: tip.digest ^ 1n })];
    },
  },
  {
    what: 'an undo record with another amount',
    says: 'the coins are not those of the blocks',
    write: async ({ grove, undo }) => {
      const spent = (await undo('a2')).map(({ outPoint, coin }) => ({
        outPoint,
        coin: { ...coin, isCoinbase: !coin.isCoinbase },
      }));
      return [tables.undos.put(undoKey(grove, 'a2', 2), spent)];
    },
  },
  {
    what: 'an undo record without a coin',
    says: 'is bad-txns-inputs-missingorspent',
    write: ({ grove }) => [tables.undos.put(undoKey(grove, 'a3', 3), [])],
  },
  {
    what: 'an undo record with a coin too many',
    says: 'has a wrong undo record',
    write: async ({ grove, undo }) => {
      const coins = [...(await undo('a3')), ...(await undo('a2'))];
      return [tables.undos.put(undoKey(grove, 'a3', 3), coins)];
    },
  },
  {
    what: 'a body that is not the header’s',
    says: 'is bad-txnmrklroot',
    write: ({ grove }) => [
      tables.blocks.put(undoKey(grove, 'a4', 4), {
        ...grove.block('a4'),
        transactions: grove.block('a2').transactions,
      }),
    ],
  },
  {
    what: 'another block in its place',
    says: 'has another header',
    write: ({ grove }) => [tables.blocks.put(undoKey(grove, 'a4', 4), grove.block('a3'))],
  },
  {
    what: 'a side block without its body',
    says: 'is lost',
    write: ({ grove }) => [tables.blocks.del(undoKey(grove, 'b2', 2))],
  },
  {
    what: 'an entry with more work',
    says: 'has a wrong entry in the index',
    write: async ({ entry }) => {
      const a3 = await entry('a3');
      return [tables.entries.put(hashHeader(a3.header), { ...a3, work: a3.work + 1n })];
    },
  },
  {
    what: 'an entry with another median time',
    says: 'has a wrong entry in the index',
    write: async ({ entry }) => {
      const b3 = await entry('b3');
      const medianTimePast = b3.medianTimePast + 1;
      return [tables.entries.put(hashHeader(b3.header), { ...b3, medianTimePast })];
    },
  },
  {
    what: 'an active block of another branch',
    says: 'has another parent',
    write: ({ grove }) => [tables.active.put(3, hashHeader(grove.block('b3').header))],
  },
  {
    what: 'an active block above the tip',
    says: 'there is an active block above the tip',
    write: ({ grove }) => [tables.active.put(5, hashHeader(grove.block('b3').header))],
  },
  {
    what: 'a branch tip that is not there',
    says: 'branch tips are there of',
    write: ({ grove }) => [tables.leaves.del(hashHeader(grove.block('b3').header))],
  },
  {
    what: 'a transaction in another place',
    says: 'in a wrong place',
    write: ({ first }) => [tables.places.put(txid(first), { height: 2, position: 0 })],
  },
  {
    what: 'a transaction that is in no block',
    says: 'the transaction index has',
    write: ({ grove }) => {
      const [minted] = grove.block('b3').transactions;
      return minted ? [tables.places.put(txid(minted), { height: 3, position: 0 })] : [];
    },
  },
  {
    what: 'a coin that its address has not',
    says: 'an address has 0 coins of 1',
    write: ({ second }) => [
      tables.ownedCoins.del({ script: script(2), outPoint: { txid: txid(second), index: 0 } }),
    ],
  },
  {
    what: 'an address without its sum',
    says: 'the address index has',
    write: () => [tables.addressSums.del(script(2))],
  },
  {
    what: 'an event of another amount',
    says: 'the history of',
    write: ({ second }) => [
      tables.history.put(
        { script: script(2), number: 0 },
        { txid: txid(second), height: 3, change: 20_0000_0001n },
      ),
    ],
  },
  {
    what: 'an event that no sum counts',
    says: 'the address index has rows of no address',
    write: ({ second }) => [
      tables.history.put(
        { script: script(2), number: 1 },
        { txid: txid(second), height: 3, change: 1n },
      ),
    ],
  },
];

test.each(slips)('$what is found', async ({ write, says }) => {
  const { grove, ...payments } = await plantTree();
  const entry = async (name: string): Promise<Entry> => {
    const found = await grove.entry(name);
    if (!found) throw new Error(`${name} was not kept`);
    return found;
  };
  const undo = async (name: string) => grove.node.chain.store.undo(await entry(name));
  const operations = await write({ grove, ...payments, entry, undo });
  expect(operations.length).toBe(1);
  await grove.node.chain.guard.batch(operations, { sync: true });
  await expect(verify(grove)).rejects.toMatchObject({
    code: 'damaged',
    message: expect.stringContaining(says),
  });
});

test('a signature that does not hold is found', async () => {
  const { grove } = await plantTree();
  const { identity } = grove.node.chain.guard;
  const verifyAll: typeof verifyInline = async (checks) => checks[0];
  const progress = () => {};
  const answer = grove.node.read((view) =>
    verifyChain(view, { params: grass, verifyAll, identity, progress }),
  );
  await expect(answer).rejects.toThrow('has a bad signature in');
});

test('nothing is written while a chain is verified', async () => {
  const { grove } = await plantTree();
  const before = await copyOf(grove.database);
  await verify(grove);
  expect(await before.iterator().all()).toEqual(
    await (await copyOf(grove.database)).iterator().all(),
  );
});
