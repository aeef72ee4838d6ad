/** Two whole nodes over libp2p: blocks and payments travel, and both end cleanly. */
import { afterEach, expect, test } from 'vitest';
import { hashOf } from '../src/chain/entry.ts';
import { isReject } from '../src/consensus/reject.ts';
import { txid } from '../src/primitives/transaction.ts';
import { keyOf, outputTo, ownOutput, pay } from './forge.ts';
import { Household, sees } from './household.ts';

const household = new Household();
afterEach(() => household.close());

test('a fresh node takes a chain, a payment comes to it, and both stop', async () => {
  const old = await household.settle();
  for (let i = 0; i < 50; i++) await old.node.mine(outputTo(7, 0n).script);
  const fresh = await household.settle(old.transport.addresses());
  await sees(fresh, () => fresh.node.chain.tip.height === 50);
  expect(hashOf(fresh.node.chain.tip)).toBe(hashOf(old.node.chain.tip));

  const { store } = old.node.chain;
  const [coinbase] = (await store.block(await store.activeEntry(1))).transactions;
  if (!coinbase) throw new Error('no coinbase');
  const payment = pay([ownOutput(coinbase, 0, keyOf(7))], { outputs: [outputTo(1, 1_0000_0000n)] });
  expect(isReject(await old.node.submitPayment(payment))).toBe(false);
  await sees(fresh, () => fresh.node.mempool.get(txid(payment)) !== undefined);

  await fresh.node.mine(outputTo(7, 0n).script);
  await sees(old, () => old.node.chain.tip.height === 51);
  await sees(old, () => old.node.mempool.size === 0);
  expect([...old.banned, ...fresh.banned]).toEqual([]);
});
