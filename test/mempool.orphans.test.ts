/** Orphans: what a peer sent too early is kept within bounds, and waits once its parents do. */
import { describe, expect, test } from 'vitest';
import { Orphanage } from '../src/mempool/orphanage.ts';
import { type Transaction, totalBytes, txid } from '../src/primitives/transaction.ts';
import {
  carriersOf,
  keyOf,
  type Owned,
  outputTo,
  own,
  ownOutput,
  pay,
  withWitness,
} from './forge.ts';
import { type Grove, noon, plant } from './grove.ts';

/** A payment of the coin of this number, with so many bytes of carriers. */
function orphan(seed: number, filling = 70): Transaction {
  return pay([own(seed, { kind: 'p2tr' })], { outputs: carriersOf(filling) });
}

/** A payment of exactly so many bytes; without a signature, for nobody asks it here. */
function orphanOfBytes(seed: number, bytes: number): Transaction {
  const empty = totalBytes(orphan(seed, 1000)) - 1000;
  const filling = bytes - empty;
  for (const each of [filling, filling - 2, filling - 4]) {
    const built = orphan(seed, each);
    if (totalBytes(built) === bytes) return built;
  }
  throw new Error('no such orphan was found');
}

function take(orphanage: Orphanage, transaction: Transaction, peer = 'ann', time = noon): void {
  orphanage.add({ transaction, peer, time });
}

describe('the orphanage', () => {
  test('keeps ten of a peer, and lets its oldest go for another', () => {
    const orphanage = new Orphanage();
    const all = Array.from({ length: 11 }, (_, i) => orphan(i + 1));
    for (const each of all.slice(0, 10)) take(orphanage, each);
    take(orphanage, orphan(99), 'bob');
    expect(orphanage.size).toBe(11);
    for (const each of all.slice(10)) take(orphanage, each);
    expect(orphanage.size).toBe(11);
    expect(all.map((each) => orphanage.has(each))).toEqual([false, ...Array(10).fill(true)]);
    expect(orphanage.has(orphan(99))).toBe(true);
  });

  test('keeps a hundred in all, and the peer with most of them loses first', () => {
    const orphanage = new Orphanage();
    const of = (peer: number) =>
      Array.from({ length: peer === 10 ? 9 : 10 }, (_, i) => orphan(10 * peer + i + 1));
    for (let peer = 0; peer <= 10; peer++) {
      for (const each of of(peer).slice(0, peer < 9 ? 10 : 5)) {
        take(orphanage, each, `peer ${peer}`);
      }
    }
    expect(orphanage.size).toBe(100);
    take(orphanage, orphan(1000), 'late');
    expect(orphanage.size).toBe(100);
    expect(orphanage.has(orphan(1000))).toBe(true);
    expect(orphanage.has(orphan(1))).toBe(false);
  });

  test('counts a place as four thousand bytes when it looks who takes most', () => {
    const orphanage = new Orphanage();
    take(orphanage, orphanOfBytes(1, 30_000), 'large');
    for (let i = 0; i < 100; i++) take(orphanage, orphan(100 + i), `peer ${Math.floor(i / 10)}`);
    expect(orphanage.size).toBe(100);
    expect(orphanage.has(orphanOfBytes(1, 30_000))).toBe(true);
    expect(orphanage.has(orphan(100))).toBe(false);
  });

  test('keeps 400 kB in all, and not a byte more', () => {
    const orphanage = new Orphanage();
    for (let i = 1; i <= 4; i++) take(orphanage, orphanOfBytes(i, 99_000), `peer ${i}`);
    take(orphanage, orphanOfBytes(5, 2_000), 'peer 2');
    take(orphanage, orphanOfBytes(6, 2_000), 'peer 3');
    expect([orphanage.size, orphanage.bytes]).toEqual([6, 400_000]);
    take(orphanage, orphanOfBytes(7, 2_001), 'peer 5');
    // Peers 2 and 3 take equally much; the one that came first among them loses its oldest.
    expect(orphanage.has(orphanOfBytes(2, 99_000))).toBe(false);
    expect([orphanage.size, orphanage.bytes]).toEqual([6, 400_000 - 99_000 + 2_001]);
  });

  test('lets go after five minutes, and not a second before', () => {
    const orphanage = new Orphanage();
    take(orphanage, orphan(1));
    take(orphanage, orphan(2), 'ann', noon + 1);
    orphanage.expire(noon + 299);
    expect(orphanage.size).toBe(2);
    orphanage.expire(noon + 300);
    expect(orphanage.has(orphan(1))).toBe(false);
    expect(orphanage.size).toBe(1);
    take(orphanage, orphan(3), 'bob', noon + 301);
    expect(orphanage.size).toBe(1);
    expect(orphanage.bytes).toBe(totalBytes(orphan(3)));
  });
});

describe('the orphanage, asked,', () => {
  test('drops what a peer sent when the peer is gone', () => {
    const orphanage = new Orphanage();
    take(orphanage, orphan(1));
    take(orphanage, orphan(2), 'bob');
    take(orphanage, orphan(3));
    // Bob sends it too: it stays the first one’s.
    take(orphanage, orphan(3), 'bob');
    orphanage.drop('ann');
    expect([1, 2, 3].map((seed) => orphanage.has(orphan(seed)))).toEqual([false, true, false]);
    orphanage.drop('bob');
    expect([orphanage.size, orphanage.bytes]).toEqual([0, 0]);
  });

  test('takes a payment beside its twin with another witness', () => {
    const orphanage = new Orphanage();
    take(orphanage, withWitness(orphan(1), [new Uint8Array(64)]));
    take(orphanage, orphan(1), 'bob');
    expect(orphanage.size).toBe(2);
  });

  test('offers those that were woken, once, in their order', () => {
    const orphanage = new Orphanage();
    const parent = orphan(1);
    const coins = [0, 1].map((index) => ({ ...own(9), outPoint: { txid: txid(parent), index } }));
    const children = coins.map((coin) => pay([coin]));
    for (const each of [...children, orphan(3)]) take(orphanage, each);
    expect(orphanage.next(noon)).toBeUndefined();
    orphanage.wake(txid(parent));
    expect(orphanage.next(noon)?.transaction).toEqual(children[0]);
    expect(orphanage.next(noon)).toEqual({ transaction: children[1], peer: 'ann', time: noon });
    expect(orphanage.next(noon)).toBeUndefined();
    expect(orphanage.size).toBe(3);
    orphanage.wake(txid(parent));
    expect(orphanage.next(noon + 300)).toBeUndefined();
  });
});

function spend(coins: readonly Owned[], fee = 1000n): Transaction {
  const total = coins.reduce((sum, { coin }) => sum + coin.amount, 0n);
  return pay(coins, { outputs: [outputTo(1, total - fee)] });
}

const follow = (...payments: readonly Transaction[]) =>
  spend(payments.map((payment) => ownOutput(payment, 0, keyOf(1))));

const missing = 'bad-txns-inputs-missingorspent';

async function plantTwo(): Promise<Grove> {
  const grove = await plant();
  for (const name of ['a1', 'a2']) await grove.mine(name);
  return grove;
}

describe('a payment that comes before its parents', () => {
  test('from a peer waits as soon as they do, with all behind it', async () => {
    const grove = await plantTwo();
    const first = spend([grove.minted('a1')]);
    const other = spend([grove.minted('a2')]);
    const both = follow(first, other);
    const last = follow(both);
    for (const each of [last, both]) expect(await grove.pay(each, 'ann')).toBe(missing);
    expect(await grove.pay(first, 'bob')).toBe('waits');
    expect(grove.waiting).toEqual([first]);
    expect(grove.node.mempool.orphanage.size).toBe(2);
    expect(await grove.pay(other)).toBe('waits');
    expect(grove.waiting).toEqual([first, other, both, last]);
    expect(grove.node.mempool.orphanage.size).toBe(0);
  });

  test('from here is refused and not kept', async () => {
    const grove = await plantTwo();
    const first = spend([grove.minted('a1')]);
    expect(await grove.pay(follow(first))).toBe(missing);
    expect(await grove.pay(follow(first), 'local')).toBe(missing);
    expect(grove.node.mempool.orphanage.size).toBe(0);
    expect(await grove.pay(first)).toBe('waits');
    expect(grove.waiting).toEqual([first]);
  });

  test('is tried when a block holds its parent', async () => {
    const grove = await plantTwo();
    const first = spend([grove.minted('a1')]);
    await grove.pay(follow(first), 'ann');
    await grove.mine('a3', { with: [first] });
    expect(grove.waiting).toEqual([follow(first)]);
  });
});

describe('an orphan', () => {
  test('is forgotten when a block holds it, or spends its coins', async () => {
    const grove = await plantTwo();
    const first = spend([grove.minted('a1')]);
    const rival = spend([ownOutput(first, 0, keyOf(1))], 5000n);
    const apart = spend([own(77), grove.minted('a2')]);
    for (const each of [follow(first), rival, apart]) await grove.pay(each, 'ann');
    expect(grove.node.mempool.orphanage.size).toBe(3);
    await grove.mine('a3', { with: [first, rival] });
    expect(grove.waiting).toEqual([]);
    expect(grove.node.mempool.orphanage.has(apart)).toBe(true);
    expect(grove.node.mempool.orphanage.size).toBe(1);
  });

  test('is forgotten when it turns out bad', async () => {
    const grove = await plantTwo();
    const first = spend([grove.minted('a1')]);
    const forged = withWitness(follow(first), spend([grove.minted('a2')]).inputs[0]?.witness ?? []);
    const poor = spend([ownOutput(first, 0, keyOf(1))], 1n);
    for (const each of [forged, poor]) expect(await grove.pay(each, 'ann')).toBe(missing);
    await grove.pay(first);
    expect(grove.waiting).toEqual([first]);
    expect(grove.node.mempool.orphanage.size).toBe(0);
  });

  test('keeps the time at which it came, however often it is tried', async () => {
    const grove = await plantTwo();
    const first = spend([grove.minted('a1')]);
    const both = follow(first, spend([grove.minted('a2')]));
    await grove.pay(both, 'ann');
    grove.clock = noon + 200;
    await grove.pay(first, 'ann');
    expect(grove.node.mempool.orphanage.has(both)).toBe(true);
    grove.clock = noon + 300;
    await grove.pay(spend([grove.minted('a2')]), 'ann');
    expect(grove.waiting.length).toBe(2);
    expect(grove.node.mempool.orphanage.size).toBe(0);
  });

  test('that waits by another way is no orphan any more', async () => {
    const grove = await plantTwo();
    const first = spend([grove.minted('a1')]);
    await grove.pay(follow(first), 'ann');
    const answers = await Promise.all([grove.pay(first), grove.pay(follow(first))]);
    expect(answers).toEqual(['waits', 'waits']);
    expect(grove.waiting).toEqual([first, follow(first)]);
    expect(grove.node.mempool.orphanage.size).toBe(0);
  });
});
