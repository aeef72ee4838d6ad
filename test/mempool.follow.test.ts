/** The mempool follows the chain in one step, whatever fails or is asked meanwhile. */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { describe, expect, test } from 'vitest';
import type { Database } from '../src/chain/database.ts';
import { hashOf } from '../src/chain/entry.ts';
import { searchNonce } from '../src/miner/kernel.ts';
import { Node } from '../src/node/node.ts';
import { type Transaction, txid } from '../src/primitives/transaction.ts';
import { carriersOf, keyOf, type Owned, outputTo, ownOutput, pay } from './forge.ts';
import { Gate } from './gate.ts';
import {
  type Grove,
  grass,
  machine,
  memory,
  noon,
  plant,
  recordsIn,
  verifyInline,
} from './grove.ts';
import { payAll } from './payments.ts';

function spend(coin: Owned, to = 1, fee = 1000n): Transaction {
  return pay([coin], { outputs: [outputTo(to, coin.coin.amount - fee)] });
}

const follow = (payment: Transaction) => spend(ownOutput(payment, 0, keyOf(1)));

/** A row of so many payments, each spending the one before it. */
function rowFrom(coin: Owned, count: number): readonly Transaction[] {
  const row = [spend(coin)];
  while (row.length < count) row.push(follow(row.at(-1) ?? spend(coin)));
  return row;
}

async function plantWith(names: readonly string[], database: Database = memory()): Promise<Grove> {
  const grove = await plant({ database });
  for (const [i, name] of names.entries())
    await grove.mine(name, { on: names[i - 1] ?? 'genesis' });
  return grove;
}

/** Hands drawn blocks to the chain alone: the program ends before the mempool hears of them. */
async function crashAfter(grove: Grove, names: readonly string[]): Promise<void> {
  for (const name of names) await grove.node.chain.accept(grove.block(name), noon);
  await grove.reopen();
}

//   genesis ── a0 ── a1 ── a2 (first) ── a3 (second, other)      third waits
//                     └─── b2 ────────── b3 ────────── b4 (spends other’s coin)
async function plantForked(database: Database = memory()) {
  const grove = await plantWith(['a0', 'a1'], database);
  const [first, second, third] = rowFrom(grove.minted('a1'), 3);
  if (!first || !second || !third) throw new Error('the row is too short');
  const other = spend(grove.minted('a0'));
  const blocks = ['b2', 'b3', 'b4'];
  const growths = [
    { on: 'a1' },
    { on: 'b2' },
    { on: 'b3', with: [spend(grove.minted('a0'), 9, 5000n)] },
  ];
  return { grove, first, second, third, other, blocks, growths };
}

async function growFork() {
  const { grove, blocks, growths, ...payments } = await plantForked();
  const { first, second, third, other } = payments;
  await payAll(grove, [first, second, third, other]);
  await grove.mine('a2', { with: [first] });
  await grove.mine('a3', { with: [second, other] });
  for (const [i, name] of blocks.entries()) grove.draw(name, growths[i]);
  return { grove, blocks, ...payments };
}

describe('after a crash between a reorganisation and the mempool', () => {
  test('what the losing branch held waits again, before what waited on it', async () => {
    const { grove, blocks, first, second, third } = await growFork();
    await crashAfter(grove, blocks);
    expect(grove.tip).toBe('b4');
    expect(grove.waiting).toEqual([first, second, third]);
    await grove.reopen();
    expect(grove.waiting).toEqual([first, second, third]);
  });

  test('blocks that only joined are followed as if nothing had happened', async () => {
    const grove = await plantWith(['a1']);
    const row = rowFrom(grove.minted('a1'), 3);
    await payAll(grove, row);
    grove.draw('a2', { with: row.slice(0, 1) });
    await crashAfter(grove, ['a2']);
    expect(grove.waiting).toEqual(row.slice(1));
    expect(grove.node.mempool.followed).toBe(hashOf(grove.node.chain.tip));
  });

  test('and where the block that was followed is unknown, all is judged anew', async () => {
    const grove = await plantWith(['a1']);
    const row = rowFrom(grove.minted('a1'), 2);
    await payAll(grove, row);
    const { guard } = grove.node.chain;
    const key = utf8ToBytes('f');
    const known = await guard.get(key);
    if (!known) throw new Error('nothing was followed');
    const nowhere = new Uint8Array(32).fill(7);
    const value = Uint8Array.of(...nowhere, ...known.subarray(32));
    await guard.batch([{ type: 'put', key, value }], { sync: true });
    await grove.reopen();
    expect(grove.waiting).toEqual(row);
  });

  test('a payment that the disk has hidden is missed', async () => {
    const grove = await plantWith(['a1']);
    await payAll(grove, rowFrom(grove.minted('a1'), 2));
    const [[key] = [new Uint8Array()]] = await recordsIn(grove.database, 'w', 'x');
    await grove.node.chain.guard.batch([{ type: 'del', key }], { sync: true });
    await expect(grove.reopen()).rejects.toMatchObject({
      code: 'damaged',
      message: expect.stringContaining('1 payments wait of 2'),
    });
  });
});

test('whichever write a crash comes before, the same payments wait afterwards', async () => {
  /** The whole story, from wherever it was cut short; what is known already is not news. */
  const live = async (database: Database) => {
    const { grove, first, second, third, other, blocks, growths } = await plantForked(database);
    for (const payment of [first, second, third, other]) await grove.pay(payment);
    await grove.mine('a2', { on: 'a1', with: [first] });
    await grove.mine('a3', { on: 'a2', with: [second, other] });
    for (const [i, name] of blocks.entries()) await grove.mine(name, growths[i]);
    return { grove, expected: [first, second, third] };
  };
  let writes = 0;
  for (let isDead = true; isDead; writes++) {
    const database = memory();
    const gate = new Gate(database);
    let left = writes;
    gate.onWrite = () => {
      if (left-- <= 0) throw new Error('the machine is dead');
    };
    isDead = await live(gate).then(
      () => false,
      (error) => String(error).includes('the machine is dead'),
    );
    const { grove, expected } = await live(database);
    expect(grove.tip).toBe('b4');
    expect(new Set(grove.waiting.map(txid)), `${writes} writes`).toEqual(
      new Set(expected.map(txid)),
    );
    expect((await recordsIn(database, 'w', 'x')).length).toBe(3);
  }
  expect(writes).toBeGreaterThan(20);
});

test('who looks amid a reorganisation sees what was, and nothing between', async () => {
  const gate = new Gate(memory());
  const grove = await plantWith(['a1', 'a2'], gate);
  const seen = new Set<string>();
  const look = () => {
    seen.add(grove.waiting.map(txid).join());
  };
  const row = rowFrom(grove.minted('a1'), 3);
  const apart = spend(grove.minted('a2'));
  await payAll(grove, [...row, apart]);
  await grove.mine('a3', { with: row.slice(0, 2) });
  await grove.mine('b3', { on: 'a2', with: [spend(grove.minted('a2'), 9)] });
  grove.draw('b4', { on: 'b3' });
  gate.onAsk = look;
  await grove.submit('b4');
  expect(grove.tip).toBe('b4');
  expect([...seen]).toEqual([[...row.slice(2), apart].map(txid).join()]);
  gate.onAsk = () => {};
  look();
  expect([...seen].slice(1)).toEqual([row.map(txid).join()]);
});

test('a payment that cannot be written does not wait, nor does it make another leave', async () => {
  const gate = new Gate(memory());
  const grove = await plantWith(['a1'], gate);
  const first = spend(grove.minted('a1'));
  await payAll(grove, [first]);
  gate.onWrite = () => {
    throw new Error('the disk is full');
  };
  await expect(grove.pay(spend(grove.minted('a1'), 1, 9000n))).rejects.toThrow('the disk is full');
  expect(grove.waiting).toEqual([first]);
  expect(grove.node.mempool.fees).toBe(1000n);
});

//   genesis ── a1 ── a2 (first)
//               └─── b2 ── b3 (a payment, at whose signatures the engine breaks)
test('after a failure amid a reorganisation the mempool follows from where it was', async () => {
  const grove = await plantWith(['a1', 'a2']);
  const first = spend(grove.minted('a1'));
  grove.draw('a3', { with: [first] });
  grove.draw('b3', { on: 'a2' });
  grove.draw('b4', { on: 'b3', with: [spend(grove.minted('a2'))] });
  let isBroken = false;
  const node = await Node.open({
    database: grove.database,
    ...machine,
    params: grass,
    verifyAll: async (checks) => {
      if (isBroken && checks.length > 0) throw new Error('the engine broke');
      return verifyInline(checks);
    },
    now: () => noon,
    search: async (search) => searchNonce(search),
  });
  for (const name of ['a3', 'b3']) await node.submitBlock(grove.block(name));
  isBroken = true;
  await expect(node.submitBlock(grove.block('b4'))).rejects.toThrow('the engine broke');
  isBroken = false;
  await node.submitBlock(grove.block('b4'));
  expect(hashOf(node.chain.tip)).toBe(node.mempool.followed);
  expect(node.mempool.list().map(({ transaction }) => transaction)).toEqual([first]);
});

describe('what returns from a block', () => {
  test('waits again though it pays no fee and holds dust, for a miner took it', async () => {
    const grove = await plantWith(['a1']);
    const coin = grove.minted('a1');
    const free = pay([coin], { outputs: [outputTo(1, coin.coin.amount - 1n), outputTo(2, 1n)] });
    expect(await grove.pay(free)).toBe('dust');
    await grove.mine('a2', { with: [free] });
    await grove.mine('b2', { on: 'a1' });
    grove.clock = noon + 50;
    await grove.mine('b3', { on: 'b2' });
    expect(grove.waiting).toEqual([free]);
    expect(grove.node.mempool.get(txid(free))).toMatchObject({
      fee: 0n,
      time: noon + 50,
      height: 3,
    });
    await grove.reopen();
    expect(grove.waiting).toEqual([free]);
  });

  test('makes no row longer than rows may be: the last ones leave', async () => {
    const grove = await plantWith(['a1']);
    const row = rowFrom(grove.minted('a1'), 26);
    await payAll(grove, row.slice(0, 25));
    await grove.mine('a2', { with: row.slice(0, 1) });
    await payAll(grove, row.slice(25));
    await grove.mine('b2', { on: 'a1' });
    await grove.mine('b3', { on: 'b2' });
    expect(grove.waiting).toEqual(row.slice(0, 25));
  });
});

describe('what a losing branch held', () => {
  test('takes no more memory than there is: what pays least leaves', async () => {
    const grove = await plantWith(['a1', 'a2']);
    const mined = spend(grove.minted('a1'), 1, 5000n);
    const poor = spend(grove.minted('a2'));
    await grove.mine('a3', { with: [mined] });
    grove.maxMempoolBytes = 6_000;
    await grove.reopen();
    await payAll(grove, [poor]);
    await grove.mine('b3', { on: 'a2' });
    await grove.mine('b4', { on: 'b3' });
    expect(grove.waiting).toEqual([mined]);
    expect(grove.node.mempool.minFeeRate(noon)).toBeGreaterThan(1_000n);
    await grove.reopen();
    expect(grove.waiting).toEqual([mined]);
  });

  test('comes back whole, and each of its blocks in its order', async () => {
    const grove = await plantWith(['a1', 'a2', 'a3']);
    const rows = ['a1', 'a2', 'a3'].map((name) => rowFrom(grove.minted(name), 3));
    const [one = [], two = [], three = []] = rows;
    await grove.mine('a4', { with: [...one.slice(0, 2), ...two.slice(0, 1)] });
    await grove.mine('a5', { with: [...two.slice(1), ...three] });
    await payAll(grove, one.slice(2));
    await grove.mine('b4', { on: 'a3' });
    await grove.mine('b5', { on: 'b4' });
    await grove.mine('b6', { on: 'b5' });
    const expected = [...one.slice(0, 2), ...two, ...three, ...one.slice(2)];
    expect(grove.waiting).toEqual(expected);
    const block = await grove.node.mine(outputTo(7, 0n).script);
    expect(new Set(block.transactions.slice(1))).toEqual(new Set(expected));
    expect(grove.waiting).toEqual([]);
  });

  test('may be larger than what is passed on', async () => {
    const grove = await plantWith(['a1']);
    const large = pay([grove.minted('a1')], {
      outputs: [outputTo(1, 1_0000_0000n), ...carriersOf(110_000)],
    });
    expect(await grove.pay(large)).toBe('tx-size');
    await grove.mine('a2', { with: [large] });
    await grove.mine('b2', { on: 'a1' });
    await grove.mine('b3', { on: 'b2' });
    expect(grove.waiting).toEqual([large]);
  });
});
