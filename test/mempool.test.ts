/** The mempool follows the chain: what leaves it, what comes back, and what a restart finds. */
import { expect, test } from 'vitest';
import type { Params } from '../src/consensus/params.ts';
import { type Transaction, txid } from '../src/primitives/transaction.ts';
import { keyOf, type Owned, outputTo, ownOutput, type PaymentFields, pay } from './forge.ts';
import { type Grove, grass, noon, plant } from './grove.ts';

/** Pays all of the coin, less a fee, to this key. */
function spend(coin: Owned, to = 1, fields: PaymentFields = {}): Transaction {
  return pay([coin], { outputs: [outputTo(to, coin.coin.amount - 1000n)], ...fields });
}

/** Spends what such a payment made. */
function follow(payment: Transaction, from = 1): Transaction {
  return spend(ownOutput(payment, 0, keyOf(from)), 1);
}

/** Three payments in a row, each spending what the one before it made. */
function chainFrom(coin: Owned): readonly [Transaction, Transaction, Transaction] {
  const first = spend(coin);
  const second = follow(first);
  return [first, second, follow(second)];
}

async function plantWith(names: readonly string[], params: Params = grass): Promise<Grove> {
  const grove = await plant({ params });
  for (const name of names) await grove.mine(name);
  return grove;
}

async function payAll(grove: Grove, payments: readonly Transaction[]): Promise<void> {
  for (const payment of payments) expect(await grove.pay(payment)).toBe('waits');
}

test('payments may spend what others that wait will make', async () => {
  const grove = await plantWith(['a1']);
  const payments = chainFrom(grove.minted('a1'));
  expect(await grove.pay(payments[1])).toBe('bad-txns-inputs-missingorspent');
  await payAll(grove, payments);
  expect(grove.waiting).toEqual(payments);
  const { mempool } = grove.node;
  expect(mempool.spenderOf({ txid: txid(payments[0]), index: 0 })).toBe(txid(payments[1]));
  expect(mempool.get(txid(payments[2]))).toMatchObject({ fee: 1000n, time: noon });
});

test('a payment that a block holds waits no longer, and those that spend it still do', async () => {
  const grove = await plantWith(['a1']);
  const [first, second, third] = chainFrom(grove.minted('a1'));
  await payAll(grove, [first, second, third]);
  await grove.mine('a2', { with: [first] });
  expect(grove.waiting).toEqual([second, third]);
  await grove.mine('a3', { with: [second, third] });
  expect(grove.waiting).toEqual([]);
});

test('a payment whose coin a block spends otherwise leaves, and its children with it', async () => {
  const grove = await plantWith(['a1', 'a2']);
  const payments = chainFrom(grove.minted('a1'));
  const apart = spend(grove.minted('a2'));
  await payAll(grove, [...payments, apart]);
  await grove.mine('a3', { with: [spend(grove.minted('a1'), 9)] });
  expect(grove.waiting).toEqual([apart]);
  expect(grove.node.mempool.spenderOf(grove.minted('a1').outPoint)).toBeUndefined();
});

//   genesis ── a1 ── a2 (first) ── a3 (second)      third waits
//               └─── b2 ────────── b3 ────────── b4
test('what a losing branch held waits again, before what waited on it', async () => {
  const grove = await plantWith(['a1']);
  const [first, second, third] = chainFrom(grove.minted('a1'));
  await payAll(grove, [first, second, third]);
  await grove.mine('a2', { with: [first] });
  await grove.mine('a3', { with: [second] });
  expect(grove.waiting).toEqual([third]);

  await grove.mine('b2', { on: 'a1' });
  await grove.mine('b3', { on: 'b2' });
  expect(grove.waiting).toEqual([third]);
  await grove.mine('b4', { on: 'b3' });
  expect(grove.waiting).toEqual([first, second, third]);
});

//   genesis ── a1 ── a2 (first, other)
//               └─── b2 (first) ── b3 (spends other’s coin)
test('what the winning branch holds or contradicts does not come back', async () => {
  const grove = await plantWith(['a0', 'a1']);
  const [first, second] = chainFrom(grove.minted('a1'));
  const other = spend(grove.minted('a0'));
  await payAll(grove, [first, second, other, follow(other)]);
  await grove.mine('a2', { with: [first, other] });
  await grove.mine('b2', { on: 'a1', with: [first] });
  await grove.mine('b3', { on: 'b2', with: [spend(grove.minted('a0'), 9)] });
  expect(grove.tip).toBe('b3');
  expect(grove.waiting).toEqual([second]);
});

//   genesis ── a1 ── a2      a payment spends what a2 minted, another that one’s coin
//               └─── b2 ── b3
test('payments of a coin that a losing branch minted leave with it', async () => {
  const grove = await plantWith(['a1', 'a2']);
  await payAll(grove, [...chainFrom(grove.minted('a2')), spend(grove.minted('a1'))]);
  await grove.mine('b2', { on: 'a1' });
  await grove.mine('b3', { on: 'b2' });
  expect(grove.waiting).toEqual([spend(grove.minted('a1'))]);
});

/** A block that comes at once asks for much more work, so that a shorter branch can win. */
const paced: Params = {
  ...grass,
  difficulty: { rule: 'asert', spacingSeconds: 600, halfLifeSeconds: 600 },
};

//   genesis ── a1 ── a2 ── a3 ── a4 ── a5       locked to height 5
//               └─── b2 ── b3 ── b4             fewer, and more work
test('a payment that is not final any more on a shorter branch leaves', async () => {
  const grove = await plantWith(['a1', 'a2', 'a3', 'a4', 'a5'], paced);
  const locked = spend(grove.minted('a1'), 1, { lockTime: 5, sequence: 0xffff_fffe });
  await payAll(grove, [locked]);
  const { time } = grove.block('a1').header;
  await grove.mine('b2', { on: 'a1', time: time + 1 });
  await grove.mine('b3', { on: 'b2', time: time + 2 });
  expect(grove.waiting).toEqual([locked]);
  await grove.mine('b4', { on: 'b3', time: time + 3 });
  expect(grove.tip).toBe('b4');
  expect(grove.waiting).toEqual([]);
  expect(await grove.pay(locked)).toBe('non-final');
});

test('what waits is there after a restart, in its order, with its fee and its time', async () => {
  const grove = await plantWith(['a1', 'a2']);
  const payments = [...chainFrom(grove.minted('a1')), spend(grove.minted('a2'))];
  await payAll(grove, payments.slice(0, 3));
  const waiting = grove.node.mempool.list();
  grove.clock += 100;
  await grove.reopen();
  expect(grove.node.mempool.list()).toEqual(waiting);

  await payAll(grove, payments.slice(3));
  await grove.reopen();
  expect(grove.waiting).toEqual(payments);
  const conflict = spend(grove.minted('a2'), 9);
  expect(await grove.pay(conflict)).toBe('insufficient fee');
});

test('what left or came back with the chain is so after a restart too', async () => {
  const grove = await plantWith(['a1']);
  const [first, second, third] = chainFrom(grove.minted('a1'));
  await payAll(grove, [first, second, third]);
  await grove.mine('a2', { with: [first] });
  await grove.reopen();
  expect(grove.waiting).toEqual([second, third]);

  await grove.mine('b2', { on: 'a1' });
  await grove.mine('b3', { on: 'b2' });
  await grove.reopen();
  expect(grove.waiting).toEqual([first, second, third]);
});

test('after a crash between a block and the mempool, what the block holds is gone', async () => {
  const grove = await plantWith(['a1', 'a2']);
  const [first, second, third] = chainFrom(grove.minted('a1'));
  const loser = chainFrom(grove.minted('a2'));
  await payAll(grove, [first, second, third, ...loser]);
  // The chain alone takes the block, and the mempool never hears of it.
  const block = grove.draw('a3', { with: [first, spend(grove.minted('a2'), 9)] });
  await grove.node.chain.accept(block, noon);
  expect(grove.waiting.length).toBe(6);

  await grove.reopen();
  expect(grove.waiting).toEqual([second, third]);
  await grove.reopen();
  expect(grove.waiting).toEqual([second, third]);
});

//   genesis ── a1 ── a2 ── a3 ── a4 ── a5       locked to height 5
//               └─── b2 ── b3 ── b4             the mempool never hears of these
test('after a crash in a reorganisation, what the next block may not hold is gone', async () => {
  const grove = await plantWith(['a1', 'a2', 'a3', 'a4', 'a5'], paced);
  const locked = spend(grove.minted('a1'), 1, { lockTime: 5, sequence: 0xffff_fffe });
  await payAll(grove, [locked, follow(locked)]);
  const { time } = grove.block('a1').header;
  for (const [i, on] of ['a1', 'b2', 'b3'].entries()) {
    const block = grove.draw(`b${i + 2}`, { on, time: time + i + 1 });
    await grove.node.chain.accept(block, noon);
  }
  await grove.reopen();
  expect(grove.tip).toBe('b4');
  expect(grove.waiting).toEqual([]);
});

test('a payer sees the coins that wait, that are spent, and that are immature', async () => {
  const grove = await plantWith(['a1', 'a2'], { ...grass, coinbaseMaturity: 2 });
  const payment = spend(grove.minted('a1'));
  await payAll(grove, [payment]);
  const flags = async (to: number) => {
    const coins = await grove.node.coinsOf(outputTo(to, 0n).script);
    return new Map(coins.map(({ outPoint, coin, ...rest }) => [outPoint.txid, rest]));
  };
  const none = { isWaiting: false, isSpent: false, isImmature: false };
  expect(await flags(0)).toEqual(
    new Map([
      [grove.minted('a1').outPoint.txid, { ...none, isSpent: true }],
      [grove.minted('a2').outPoint.txid, { ...none, isImmature: true }],
    ]),
  );
  expect(await flags(1)).toEqual(new Map([[txid(payment), { ...none, isWaiting: true }]]));
});
