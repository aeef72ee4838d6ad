/** Two whole nodes over libp2p: blocks and payments travel, and both end cleanly. */
import { randomBytes } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { hashOf } from '../src/chain/entry.ts';
import { isReject } from '../src/consensus/reject.ts';
import { searchNonce } from '../src/miner/kernel.ts';
import { Node } from '../src/node/node.ts';
import { goOnline } from '../src/node/online.ts';
import { hashHeader } from '../src/primitives/block.ts';
import { txid } from '../src/primitives/transaction.ts';
import { keyOf, outputTo, ownOutput, pay } from './forge.ts';
import { grass, machine, memory, noon, verifyInline } from './grove.ts';
import { openHere, realTimers, within } from './libp2p.world.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A node that listens here, with what it told and whom it banned. */
async function settle(peers: readonly string[] = []) {
  const node = await Node.open({
    ...machine,
    database: memory(),
    params: grass,
    verifyAll: verifyInline,
    now: () => noon,
    search: async (search) => searchNonce(search),
  });
  const genesis = hashHeader(grass.genesis.header);
  const transport = await openHere({ genesis });
  const banned: string[] = [];
  const online = await goOnline({
    ...{ node, transport, peers, timers: realTimers, agent: 'test', tell: () => {} },
    bans: { ban: (peer) => banned.push(peer), isBanned: (peer) => banned.includes(peer) },
    random: (length) => Uint8Array.from(randomBytes(length)),
    now: () => noon,
  });
  stops.push(online.stop);
  return { node, transport, online, banned };
}

/** Settled at the first event of this node after which this holds. */
function sees({ node }: { readonly node: Node }, holds: () => boolean): Promise<void> {
  return within(
    new Promise((resolve) => {
      const look = () => {
        if (!holds()) return;
        unhear();
        resolve();
      };
      const unhear = node.events.listen(look);
      look();
    }),
  );
}

test('a fresh node takes a chain, a payment comes to it, and both stop', async () => {
  const old = await settle();
  for (let i = 0; i < 50; i++) await old.node.mine(outputTo(7, 0n).script);
  const fresh = await settle(old.transport.addresses());
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
