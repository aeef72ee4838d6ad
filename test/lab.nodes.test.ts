/** The simulated node: a whole node that mines, dies, and goes on from what its disk kept. */
import { expect, test } from 'vitest';
import { hashOf } from '../src/chain/entry.ts';
import { epoch, type SimNode } from '../src/lab/simnode.ts';
import { heath } from '../src/lab/story.ts';
import { txid } from '../src/primitives/transaction.ts';
import { Stage } from './lab.stage.ts';

const heightOf = ({ host }: SimNode) => host?.chain.tip.height ?? -1;

test('a node mines at the pace of its hashes', async () => {
  const stage = new Stage();
  const node = await stage.node('a');
  await stage.minutes(100);
  // Two hashes a block, one hash in five seconds: 600 blocks, give or take.
  expect(heightOf(node)).toBeGreaterThan(500);
  expect(heightOf(node)).toBeLessThan(700);
});

test('where the difficulty follows the miners their pace is that of the network', async () => {
  const stage = new Stage({ params: { ...heath, limitBits: 0x207f_ffff } });
  const node = await stage.node('a');
  await stage.minutes(120);
  const before = heightOf(node);
  await stage.minutes(240);
  // 0.2 hashes a second, a block a minute: the easiest difficulty would give six.
  expect(heightOf(node) - before).toBeGreaterThan(180);
  expect(heightOf(node) - before).toBeLessThan(320);
});

test('a node that was ended starts again where it was', async () => {
  const stage = new Stage();
  const node = await stage.node('a');
  await stage.minutes(5);
  const tip = node.host && hashOf(node.host.chain.tip);
  await stage.clock.finish(node.stop());
  expect([node.host, node.isUp]).toEqual([undefined, false]);
  await stage.minutes(5);
  await stage.clock.finish(node.boot());
  expect(node.host && hashOf(node.host.chain.tip)).toBe(tip);
});

test('a node that was killed stands still, and comes back with all it had', async () => {
  for (const death of ['kill', 'power'] as const) {
    const stage = new Stage();
    const node = await stage.node('a');
    await stage.minutes(5);
    const { host } = node;
    const tip = host && hashOf(host.chain.tip);
    node.crash(death);
    let isAnswered = false;
    host?.coinsOf(node.purse.script).then(() => {
      isAnswered = true;
    });
    await stage.minutes(5);
    expect(isAnswered).toBe(false);
    await stage.clock.finish(node.boot());
    expect(node.host && hashOf(node.host.chain.tip)).toBe(tip);
    await stage.minutes(2);
    expect(heightOf(node)).toBeGreaterThan(host?.chain.tip.height ?? 0);
  }
});

test('a node that dies in any of its writes, its first ones too, goes on after', async () => {
  for (let write = 0; write < 6; write++) {
    const stage = new Stage();
    let deaths = 0;
    const onDeath = () => {
      deaths++;
    };
    const node = await stage.node('a', { watcher: { onDeath } });
    await stage.minutes(2);
    node.crashAtWrite({ write, death: 'power' });
    await stage.minutes(2);
    expect([deaths, node.isUp]).toEqual([1, false]);
    stage.clock.watch(node.boot({ write: 0, death: 'power' }));
    await stage.minutes(2);
    if (!node.isUp) await stage.clock.finish(node.boot());
    const before = heightOf(node);
    node.spare();
    await stage.minutes(2);
    expect(heightOf(node)).toBeGreaterThan(before);
  }
});

test('a payment waits in the node, and the next block holds it', async () => {
  const stage = new Stage();
  const [one, two] = [await stage.node('a'), await stage.node('b', { isIdle: true })];
  await stage.minutes(5);
  const payment = await stage.clock.finish(one.pay(two));
  const id = payment && txid(payment);
  expect(one.host?.mempool.list().map((each) => each.id)).toEqual([id]);
  await stage.minutes(5);
  expect(one.host?.mempool.list()).toEqual([]);
  const owned = await one.host?.coinsOf(two.purse.script);
  expect(owned?.map(({ outPoint }) => outPoint.txid)).toEqual([id]);
});

test('a node without coins pays nobody, and neither does one that is down', async () => {
  const stage = new Stage();
  const node = await stage.node('a', { isIdle: true });
  expect(await stage.clock.finish(node.pay(node))).toBeUndefined();
  node.crash('kill');
  expect(await stage.clock.finish(node.pay(node))).toBeUndefined();
});

test('a clock that is set off is off, and the blocks of its node with it', async () => {
  const stage = new Stage();
  const node = await stage.node('a');
  await stage.minutes(10);
  node.skewSeconds = 5_000;
  await stage.minutes(2);
  expect(node.now()).toBe(epoch + 720 + 5_000);
  expect(node.host?.chain.tip.header.time).toBeGreaterThan(epoch + 5_000);
});
