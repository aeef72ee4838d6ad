/** More of forks: deep ones, ties, payments that wait again, bodies that are not the header's. */
import { expect, test } from 'vitest';
import { isReject } from '../src/consensus/reject.ts';
import { type Block, hashHeader } from '../src/primitives/block.ts';
import type { Transaction } from '../src/primitives/transaction.ts';
import { keyOf, type Owned, outputTo, ownOutput, pay, withWitness, witnessIn } from './forge.ts';
import { type Grove, plant, recordsIn, stateOf, verifyOnce, wordOf } from './grove.ts';

const tooMuch = 50_0000_0001n;

/** Pays all of the coin to this key, less a fee. */
function spend(coin: Owned, to = 1): Transaction {
  return pay([coin], { outputs: [outputTo(to, coin.coin.amount - 1000n)] });
}

/** Spends what such a payment made. */
function follow(payment: Transaction, to = 1): Transaction {
  return spend(ownOutput(payment, 0, keyOf(1)), to);
}

/** Names of the blocks of a branch, from one height to another. */
function branch(letter: string, from: number, to: number): readonly string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `${letter}${from + i}`);
}

/** Draws a branch in which each block spends what the one below it minted. */
function drawBranch(grove: Grove, on: string, names: readonly string[], payee: number): void {
  let parent = on;
  for (const name of names) {
    const coin = grove.minted(parent);
    grove.draw(name, { on: parent, with: [pay([coin], { outputs: [outputTo(payee, 5000n)] })] });
    parent = name;
  }
}

//   genesis ── a1 ── a2 ── ... ── as many as are to leave ── and two more at last
//               └─── b2 ── ... ── as many, all with payments ── one more
test.each([3, 100])(
  'a reorganisation %i deep leaves nothing of the branch that lost',
  async (n) => {
    const verifyAll = verifyOnce();
    const grove = await plant({ verifyAll });
    grove.draw('a1', { on: 'genesis' });
    const all = branch('a', 2, n + 3);
    const rival = branch('b', 2, n + 2);
    const losing = all.slice(0, n);
    drawBranch(grove, 'a1', all, 1);
    drawBranch(grove, 'a1', rival, 2);
    for (const name of ['a1', ...losing])
      expect(wordOf(await grove.submit(name))).toBe('connected');
    for (const name of rival.slice(0, n)) expect(wordOf(await grove.submit(name))).toBe('side');
    const blocksOf = (names: readonly string[]) => names.map((name) => grove.block(name));
    const straight = async (names: readonly string[]) => {
      const other = await plant({ verifyAll });
      for (const block of blocksOf(['a1', ...names])) await other.node.submitBlock(block);
      return stateOf(other.database);
    };

    const change = await grove.submit(`b${n + 2}`);
    expect(change).toMatchObject({ status: 'connected', connected: blocksOf(rival) });
    expect(isReject(change) || change.disconnected).toEqual(blocksOf(losing).toReversed());
    expect(grove.tip).toBe(`b${n + 2}`);
    // Active blocks, coins, coins by script, and what takes the active blocks back: nothing more.
    expect(await stateOf(grove.database)).toEqual(await straight(rival));
    const { store } = grove.node.chain;
    for (const name of [...losing, ...rival]) {
      const entry = await grove.entry(name);
      expect(entry && (await store.block(entry)), name).toEqual(grove.block(name));
    }

    expect(wordOf(await grove.submit(`a${n + 2}`))).toBe('side');
    expect(wordOf(await grove.submit(`a${n + 3}`))).toBe('connected');
    expect(await stateOf(grove.database)).toEqual(await straight(all));
  },
);

//               ┌─── d2
//               ├─── c2
//   genesis ── a1 ── a2
//               ├─── b2
//               └─── e2
test('of five branches with equal work the first stays, after a restart too', async () => {
  const grove = await plant();
  await grove.mine('a1');
  await grove.mine('a2');
  for (const name of ['b2', 'c2', 'd2', 'e2']) {
    expect(await grove.mine(name, { on: 'a1' })).toBe('side');
  }
  expect(grove.tip).toBe('a2');
  await grove.reopen();
  expect(grove.tip).toBe('a2');
  expect(wordOf(await grove.submit('d2'))).toBe('known');
  expect(grove.tip).toBe('a2');
});

//               ┌─── c2 ── c3 ── c4
//   genesis ── a1 ── a2 ── a3
//               └─── b2 ── b3 (claims too much) ── b4
//                     └─── d3 ── d4 ── d5
test('a block that is bad midway leaves the good ones below it to be built on', async () => {
  const grove = await plant();
  for (const name of ['a1', 'a2', 'a3']) await grove.mine(name);
  for (const [name, on] of [['c2', 'a1'] as const, ['c3', 'c2'] as const, ['b2', 'a1'] as const]) {
    expect(await grove.mine(name, { on })).toBe('side');
  }
  expect(await grove.mine('b3', { on: 'b2', claim: tooMuch })).toBe('side');
  const before = await stateOf(grove.database);
  expect(await grove.mine('b4', { on: 'b3' })).toBe('bad-prevblk');
  expect(grove.tip).toBe('a3');
  expect(await stateOf(grove.database)).toEqual(before);
  const failed = async (name: string) => (await grove.entry(name))?.isFailed;
  expect([await failed('b2'), await failed('b3'), await failed('b4')]).toEqual([false, true, true]);

  expect(await grove.mine('c4', { on: 'c3' })).toBe('connected');
  expect(await grove.mine('d3', { on: 'b2' })).toBe('side');
  expect(await grove.mine('d4', { on: 'd3' })).toBe('side');
  expect(await grove.mine('d5', { on: 'd4' })).toBe('connected');
  expect(grove.tip).toBe('d5');
});

//   genesis ── a0 ── a1 ── a2 (parent, child, rival) ── a3 (rival's child; what a2 minted, and on)
//                     └─── b2 (another spends rival's coin) ── b3 ── b4
test('of what losing blocks held only what the winners leave possible waits again', async () => {
  const grove = await plant();
  for (const name of ['a0', 'a1']) await grove.mine(name);
  const parent = spend(grove.minted('a0'));
  const child = follow(parent);
  const rival = spend(grove.minted('a1'));
  await grove.mine('a2', { with: [parent, child, rival] });
  const unminted = spend(grove.minted('a2'));
  await grove.mine('a3', { with: [follow(rival), unminted, follow(unminted)] });
  const last = follow(child);
  expect(await grove.pay(last)).toBe('waits');
  expect(await grove.pay(follow(follow(unminted)))).toBe('waits');

  await grove.mine('b2', { on: 'a1', with: [spend(grove.minted('a1'), 9)] });
  await grove.mine('b3', { on: 'b2' });
  expect(await grove.mine('b4', { on: 'b3' })).toBe('connected');
  expect(grove.waiting).toEqual([parent, child, last]);
  await grove.reopen();
  expect(grove.waiting).toEqual([parent, child, last]);

  // In this order a block can hold them.
  expect(await grove.mine('b5', { with: grove.waiting })).toBe('connected');
  expect(grove.waiting).toEqual([]);
});

/** The same header over other bytes. */
type Mutation = readonly [string, string, (block: Block) => Block];

function mutate(change: (transactions: readonly Transaction[]) => readonly Transaction[]) {
  return ({ header, transactions }: Block): Block => ({
    header,
    transactions: change(transactions),
  });
}

const mutations: readonly Mutation[] = [
  ['bad-txns-duplicate', 'its last payment twice', mutate((all) => [...all, ...all.slice(-1)])],
  ['bad-txnmrklroot', 'its payments in another order', mutate((all) => all.toReversed())],
  ['bad-txnmrklroot', 'a payment missing', mutate((all) => all.slice(0, -1))],
  ['bad-txnmrklroot', 'no transactions', mutate(() => [])],
  [
    'bad-witness-merkle-match',
    'the witnesses of two payments exchanged',
    mutate(([coinbase, first, second]) =>
      coinbase && first && second
        ? [coinbase, withWitness(first, witnessIn(second)), withWitness(second, witnessIn(first))]
        : [],
    ),
  ],
  [
    'bad-witness-nonce-size',
    'no witnesses',
    mutate((all) => all.map((transaction) => withWitness(transaction, []))),
  ],
];

//   genesis ── a1 ── a2
//               └─── b2 ── b3
test.each(mutations)(
  '%s: a header with %s does not condemn its true body',
  async (reason, _, bend) => {
    const grove = await plant();
    await grove.mine('a1');
    const payment = pay([grove.minted('a1')], {
      outputs: [outputTo(1, 1_0000_0000n), outputTo(2, 1_0000_0000n)],
    });
    const others = [0, 1].map((i) => spend(ownOutput(payment, i, keyOf(i + 1)), 3));
    const names = ['a2', 'b2', 'b3'];
    for (const name of ['a2', 'b2']) {
      grove.draw(name, { on: 'a1', with: [payment, ...others.slice(0, 1)] });
    }
    const second = spend(ownOutput(payment, 1, keyOf(2)));
    grove.draw('b3', { on: 'b2', with: [second, follow(second)] });
    // On the tip, beside it, and as the block for which the chain would turn.
    for (const [i, expected] of ['connected', 'side', 'connected'].entries()) {
      const name = names[i] ?? '';
      const before = await recordsIn(grove.database);
      const bent = bend(grove.block(name));
      expect(hashHeader(bent.header)).toBe(hashHeader(grove.block(name).header));
      for (const _again of [1, 2]) {
        expect(await grove.node.submitBlock(bent)).toMatchObject({ reason, kind: 'bytes' });
      }
      expect(await recordsIn(grove.database)).toEqual(before);
      expect(wordOf(await grove.submit(name)), name).toBe(expected);
      expect(wordOf(await grove.node.submitBlock(bent))).toBe('known');
    }
    expect(grove.tip).toBe('b3');
    const { store, tip } = grove.node.chain;
    expect(await store.block(tip)).toEqual(grove.block('b3'));
  },
);
