/** Forks: which history is the true one. Above each test stands the tree that it grows. */
import { expect, test } from 'vitest';
import { main, type Params, regtest } from '../src/consensus/params.ts';
import { isReject } from '../src/consensus/reject.ts';
import { outPointName, type Transaction, txid } from '../src/primitives/transaction.ts';
import { keyOf, outputTo, ownOutput, pay, seal } from './forge.ts';
import { coinsIn, type Grove, grass, memory, noon, openChain, plant, wordOf } from './grove.ts';

/** Is the first coin of this payment there? */
async function hasCoin(grove: Grove, payment: Transaction): Promise<boolean> {
  return (await coinsIn(grove.database)).has(outPointName({ txid: txid(payment), index: 0 }));
}

const tooMuch = 50_0000_0001n;

//   genesis ── a1 ── a2
//               └─── b2
test('of two branches with equal work the one that was seen first stays', async () => {
  const grove = await plant();
  expect(await grove.mine('a1')).toBe('connected');
  expect(await grove.mine('a2')).toBe('connected');
  expect(await grove.mine('b2', { on: 'a1' })).toBe('side');
  expect(grove.tip).toBe('a2');
  expect(await grove.submit('b2')).toEqual({ status: 'known', disconnected: [], connected: [] });
});

//   genesis ── a1 ── a2
//               └─── b2 ── b3
test('the branch with more work wins, and it is told which blocks left and joined', async () => {
  const grove = await plant();
  for (const name of ['a1', 'a2']) await grove.mine(name);
  await grove.mine('b2', { on: 'a1' });
  grove.draw('b3', { on: 'b2' });
  expect(await grove.submit('b3')).toEqual({
    status: 'connected',
    disconnected: [grove.block('a2')],
    connected: [grove.block('b2'), grove.block('b3')],
  });
  expect(grove.tip).toBe('b3');
});

//   genesis ── a1 ── a2 ── a3 ── a4 ── a5
//               └─── b2 ── b3 ── b4 ── b5
test('a branch wins over three blocks, and loses again to their successor', async () => {
  const grove = await plant();
  for (const name of ['a1', 'a2', 'a3', 'a4']) await grove.mine(name);
  const early = await coinsIn(grove.database);
  await grove.mine('b2', { on: 'a1' });
  for (const [on, name] of [['b2', 'b3'] as const, ['b3', 'b4'] as const]) {
    expect(await grove.mine(name, { on })).toBe('side');
  }
  grove.draw('b5', { on: 'b4' });
  const answer = await grove.submit('b5');
  const left = isReject(answer) ? [] : answer.disconnected;
  expect(left).toEqual(['a4', 'a3', 'a2'].map((name) => grove.block(name)));
  expect(grove.tip).toBe('b5');

  expect(await grove.mine('a5', { on: 'a4' })).toBe('side');
  expect(await grove.mine('a6', { on: 'a5' })).toBe('connected');
  expect(grove.tip).toBe('a6');
  const late = await coinsIn(grove.database);
  expect([...early].every(([name]) => late.has(name))).toBe(true);
  expect(late.size).toBe(6);
});

/** Every block asks for more or less work by how fast its parent came; two hashes at first. */
const paced: Params = {
  ...grass,
  difficulty: { rule: 'asert', spacingSeconds: 600, halfLifeSeconds: 600 },
};

//   genesis ── a1 ── a2 ── a3 ── a4 ── a5        every 600 seconds
//               └─── b2 ── b3 ── b4              every second, so b3 and b4 cost twice and more
test('fewer blocks win over more of them if there is more work in them', async () => {
  const grove = await plant({ params: paced });
  for (const name of ['a1', 'a2', 'a3', 'a4', 'a5']) await grove.mine(name);
  const { time } = grove.block('a1').header;
  expect(await grove.mine('b2', { on: 'a1', time: time + 1 })).toBe('side');
  expect(await grove.mine('b3', { on: 'b2', time: time + 2 })).toBe('side');
  expect(await grove.mine('b4', { on: 'b3', time: time + 3 })).toBe('connected');
  const { tip, store } = grove.node.chain;
  expect([grove.tip, tip.height]).toEqual(['b4', 4]);
  expect(await store.hashAt(5)).toBeUndefined();
});

//   genesis ── a1 ── a2
//               └─── b2 ── b3 (claims too much) ── b4, and d4
//                     └─── c3 ── c4
test('a bad block on a heavier branch leaves the old tip, and condemns its children', async () => {
  const grove = await plant();
  for (const name of ['a1', 'a2']) await grove.mine(name);
  await grove.mine('b2', { on: 'a1' });
  const before = await coinsIn(grove.database);
  expect(await grove.mine('b3', { on: 'b2', claim: tooMuch })).toBe('bad-cb-amount');
  expect(grove.tip).toBe('a2');
  expect(await coinsIn(grove.database)).toEqual(before);

  expect(wordOf(await grove.submit('b3'))).toBe('duplicate-invalid');
  expect(await grove.mine('b4', { on: 'b3' })).toBe('bad-prevblk');
  expect(await grove.mine('c3', { on: 'b2' })).toBe('connected');
  expect(await grove.mine('c4', { on: 'c3' })).toBe('connected');
  expect(await grove.mine('d4', { on: 'b3' })).toBe('bad-prevblk');
  expect((await grove.node.chain.store.leaves()).length).toBe(3);
  expect(grove.tip).toBe('c4');
});

//   genesis ── a1 ── a2 ── a3
//               └─── b2 (claims too much) ── b3 ── b4
//                     └───────────────────── c3 ── c4
test('a block that turns out bad late takes all its descendants with it', async () => {
  const grove = await plant();
  for (const name of ['a1', 'a2', 'a3']) await grove.mine(name);
  expect(await grove.mine('b2', { on: 'a1', claim: tooMuch })).toBe('side');
  expect(await grove.mine('b3', { on: 'b2' })).toBe('side');
  expect(await grove.mine('c3', { on: 'b2' })).toBe('side');
  grove.draw('b4', { on: 'b3' });
  expect(await grove.submit('b4')).toMatchObject({
    reason: 'bad-prevblk',
    kind: 'never',
    facts: { because: 'bad-cb-amount' },
  });
  for (const name of ['b2', 'b3', 'b4']) {
    expect(wordOf(await grove.submit(name)), name).toBe('duplicate-invalid');
  }
  expect(await grove.mine('c4', { on: 'c3' })).toBe('bad-prevblk');
  expect(grove.tip).toBe('a3');
});

//   genesis ── a1 ── a2 (pays key 1)
//               └─── b2 (pays key 2) ── b3
test('a coin spent on both branches is spent as the active one has it', async () => {
  const grove = await plant();
  await grove.mine('a1');
  const coin = grove.minted('a1');
  const left = pay([coin], { outputs: [outputTo(1, coin.coin.amount)] });
  const right = pay([coin], { outputs: [outputTo(2, coin.coin.amount)] });
  await grove.mine('a2', { with: [left] });
  expect([await hasCoin(grove, left), await hasCoin(grove, right)]).toEqual([true, false]);

  await grove.mine('b2', { on: 'a1', with: [right] });
  expect(await grove.mine('b3', { on: 'b2' })).toBe('connected');
  expect([await hasCoin(grove, left), await hasCoin(grove, right)]).toEqual([false, true]);
  const { store } = grove.node.chain;
  expect(await store.coinsOf(outputTo(1, 0n).script)).toEqual([]);
  expect((await store.coinsOf(outputTo(2, 0n).script)).length).toBe(1);
});

//   genesis ── a1 ── a2 ── a3
//               └─── b2 ── b3 ── b4 ── b5 (spends what a2 minted)
test('what a losing branch minted is no coin any more', async () => {
  const grove = await plant();
  for (const name of ['a1', 'a2', 'a3']) await grove.mine(name);
  const minted = outPointName(grove.minted('a2').outPoint);
  expect((await coinsIn(grove.database)).has(minted)).toBe(true);
  await grove.mine('b2', { on: 'a1' });
  await grove.mine('b3', { on: 'b2' });
  await grove.mine('b4', { on: 'b3' });
  expect((await coinsIn(grove.database)).has(minted)).toBe(false);

  const spend = pay([grove.minted('a2')]);
  expect(await grove.mine('b5', { with: [spend] })).toBe('bad-txns-inputs-missingorspent');
  expect(grove.tip).toBe('b4');
});

//   genesis ── a1 ── a2 (a coin goes through three hands)
//               └─── b2 ── b3
test('a coin made and spent within a block leaves no trace of either', async () => {
  const grove = await plant();
  await grove.mine('a1');
  const before = await coinsIn(grove.database);
  const first = pay([grove.minted('a1')], { outputs: [outputTo(1, 5000n)] });
  const second = pay([ownOutput(first, 0, keyOf(1), 2)], { outputs: [outputTo(2, 5000n)] });
  expect(await grove.mine('a2', { with: [first, second] })).toBe('connected');
  expect([await hasCoin(grove, first), await hasCoin(grove, second)]).toEqual([false, true]);

  await grove.mine('b2', { on: 'a1' });
  await grove.mine('b3', { on: 'b2' });
  const after = await coinsIn(grove.database);
  expect([...before].every(([name]) => after.has(name))).toBe(true);
  expect(after.size).toBe(3);
});

//   genesis ── a1 ── a2
test('a block whose parent is unknown is welcome once the parent is there', async () => {
  const grove = await plant();
  grove.draw('a1');
  grove.draw('a2', { on: 'a1' });
  const answer = await grove.submit('a2');
  expect(answer).toMatchObject({ reason: 'prev-blk-not-found', kind: 'later' });
  expect(wordOf(await grove.submit('a1'))).toBe('connected');
  expect(wordOf(await grove.submit('a2'))).toBe('connected');
});

test('a block from the future is welcome later', async () => {
  const grove = await plant();
  grove.draw('a1', { time: grove.clock + grass.maxFutureSeconds + 1 });
  expect(await grove.submit('a1')).toMatchObject({ reason: 'time-too-new', kind: 'later' });
  grove.clock++;
  expect(wordOf(await grove.submit('a1'))).toBe('connected');
});

test('a block is later than the median of the eleven before it, and no more is asked', async () => {
  const grove = await plant();
  for (let i = 1; i <= 12; i++) await grove.mine(`a${i}`);
  // Of a2 to a12 the one in the middle.
  const { time } = grove.block('a7').header;
  expect(await grove.mine('early', { time })).toBe('time-too-old');
  expect(await grove.mine('late', { time: time + 1 })).toBe('connected');
});

test('blocks that are handed in all at once are taken in their order', async () => {
  const grove = await plant();
  const names = ['a1', 'a2', 'a3', 'a4'];
  for (const [i, name] of names.entries()) grove.draw(name, { on: names[i - 1] ?? 'genesis' });
  const { chain } = grove.node;
  const answers = await Promise.all(names.map((name) => chain.accept(grove.block(name), noon)));
  expect(answers.map(wordOf)).toEqual(names.map(() => 'connected'));
  expect(grove.tip).toBe('a4');
});

test.each([main, regtest])('on $name the genesis block makes no coin', async (params) => {
  const database = memory();
  const chain = await openChain(database, params);
  expect(chain.tip.height).toBe(0);
  expect((await coinsIn(database)).size).toBe(0);
});

test('no payment can spend what the genesis block of regtest seems to mint', async () => {
  const grove = await plant();
  const { outPoint, coin } = grove.minted('genesis');
  expect(coin.amount).toBe(50_0000_0000n);
  const spend = pay([{ ...grove.minted('genesis'), outPoint }]);
  expect(await grove.pay(spend)).toBe('bad-txns-inputs-missingorspent');
  expect(await grove.mine('a1', { with: [spend] })).toBe('bad-txns-inputs-missingorspent');
  expect(grove.tip).toBe('genesis');
});

test('a header without work is refused before its parent is looked for', async () => {
  const grove = await plant();
  const { header, transactions } = grove.draw('a1');
  const idle = seal(transactions, { ...header, parent: header.merkleRoot, bits: 0x1d00_ffff });
  expect(wordOf(await grove.node.submitBlock(idle))).toBe('high-hash');
});
