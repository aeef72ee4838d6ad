/** Nodes that find out what others have, and end on the branch with most work. */
import { describe, expect, test } from 'vitest';
import { isReject } from '../src/consensus/reject.ts';
import { keyOf, outputTo, ownOutput, pay } from './forge.ts';
import { tipOf, Village, type Villager } from './village.ts';

describe('a fresh node', () => {
  test('takes the chain of another', async () => {
    const village = new Village('fresh');
    const old = await village.settle('old');
    await village.mine(old, 100);
    const fresh = await village.settle('fresh', ['old']);
    expect(await village.agree([old, fresh])).toBe(true);
    expect(fresh.node.chain.tip.height).toBe(100);
    expect([...fresh.banned, ...old.banned]).toEqual([]);
  });

  test('takes a chain of several answers from two peers at once', async () => {
    const village = new Village('several');
    const one = await village.settle('one');
    const other = await village.settle('other', ['one']);
    await village.mine(one, 300);
    expect(await village.agree([one, other])).toBe(true);
    const fresh = await village.settle('fresh', ['one', 'other']);
    expect(await village.agree([one, fresh])).toBe(true);
    const given = [one, other].map(({ online }) => {
      const peer = [...online.network.wire.parts.transport.peers()].find(
        ({ id }) => id === 'fresh',
      );
      return (peer?.bytesOut ?? 0) > 20_000;
    });
    expect(given).toEqual([true, true]);
  });
});

/** A row of villagers, each of whom knows the one before. */
async function street(village: Village, names: readonly string[]): Promise<readonly Villager[]> {
  const all: Villager[] = [];
  for (const [i, name] of names.entries()) {
    all.push(await village.settle(name, names.slice(Math.max(i - 1, 0), i)));
  }
  return all;
}

describe('news', () => {
  test('of a block goes down a street, and so does a payment', async () => {
    const village = new Village('street');
    const [a, b, c] = await street(village, ['a', 'b', 'c']);
    if (!a || !b || !c) throw new Error('nobody lives here');
    await village.clock.run(5_000);
    await village.mine(a, 2);
    expect(await village.agree([a, b, c])).toBe(true);
    const [coinbase] = (await a.node.chain.store.block(await a.node.chain.store.activeEntry(1)))
      .transactions;
    if (!coinbase) throw new Error('no coinbase');
    const coin = ownOutput(coinbase, 0, keyOf(7));
    const payment = pay([coin], { outputs: [outputTo(1, 1_0000_0000n)] });
    expect(isReject(await a.node.submitPayment(payment))).toBe(false);
    expect(await village.clock.run(60_000, () => c.node.mempool.size === 1)).toBe(true);
    await village.mine(c, 1);
    expect(await village.agree([a, b, c])).toBe(true);
    expect([a, b, c].map(({ node }) => node.mempool.size)).toEqual([0, 0, 0]);
    expect(a.node.chain.tip.height).toBe(3);
    expect([a, b, c].flatMap(({ banned }) => banned)).toEqual([]);
  });
});

describe('two groups that were cut off', () => {
  test('end on the branch with most work, and what the other lost is mined again', async () => {
    const village = new Village('wall');
    const [a, b, c, d] = await street(village, ['a', 'b', 'c', 'd']);
    if (!a || !b || !c || !d) throw new Error('nobody lives here');
    await village.mine(a, 5);
    expect(await village.agree([a, b, c, d])).toBe(true);
    village.net.split([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    await village.mine(a, 3, 8);
    await village.mine(d, 4, 9);
    expect(await village.agree([a, b])).toBe(true);
    expect(await village.agree([c, d])).toBe(true);
    expect(tipOf(a)).not.toBe(tipOf(d));
    await village.clock.run(300_000);
    village.net.heal();
    const winner = tipOf(d);
    expect(await village.agree([a, b, c, d])).toBe(true);
    expect(tipOf(a)).toBe(winner);
    expect([a, b, c, d].flatMap(({ banned }) => banned)).toEqual([]);
  });
});
