/** Every order in which the blocks of one tree can arrive leads to the same chain. */
import { expect, test } from 'vitest';
import type { Accepted, BlockReject } from '../src/chain/chain.ts';
import { hashOf } from '../src/chain/entry.ts';
import { isReject } from '../src/consensus/reject.ts';
import { hashHeader } from '../src/primitives/block.ts';
import { keyOf, outputTo, ownOutput, pay } from './forge.ts';
import {
  deliver,
  type Grove,
  grass,
  memory,
  openChain,
  plant,
  stateOf,
  verifyOnce,
} from './grove.ts';

const names = ['a1', 'a2', 'a3', 'a4', 'b2', 'b3', 'b4'];

//   genesis ── a1 ── a2 (coin) ── a3 (claims too much) ── a4
//               └─── b2 (coin) ── b3 (spends that) ────── b4 (spends what b2 minted)
async function drawTree(): Promise<Grove> {
  const grove = await plant();
  grove.draw('a1');
  const coin = grove.minted('a1');
  const half = coin.coin.amount / 2n;
  const left = pay([coin], { outputs: [outputTo(1, half), outputTo(2, half)] });
  const right = pay([coin], { outputs: [outputTo(1, half, 'p2tr'), outputTo(3, half)] });
  grove.draw('a2', { on: 'a1', with: [left] });
  grove.draw('a3', {
    on: 'a2',
    with: [pay([ownOutput(left, 0, keyOf(1), 2)])],
    claim: 50_0000_0001n,
  });
  grove.draw('a4', { on: 'a3', with: [pay([ownOutput(left, 1, keyOf(2), 2)])] });
  grove.draw('b2', { on: 'a1', with: [right] });
  grove.draw('b3', { on: 'b2', with: [pay([ownOutput(right, 0, keyOf(1), 2)])] });
  grove.draw('b4', { on: 'b3', with: [pay([grove.minted('b2')])] });
  return grove;
}

/** All orders of these, the first one as they are. */
function* ordersOf<T>(items: readonly T[]): Iterable<readonly T[]> {
  if (items.length === 0) yield [];
  for (const [i, first] of items.entries()) {
    for (const rest of ordersOf(items.toSpliced(i, 1))) yield [first, ...rest];
  }
}

/** What became of a block, and how far back the chain went for it. */
function tell(answer: Accepted | BlockReject): string {
  if (!isReject(answer)) return `${answer.status} over ${answer.disconnected.length}`;
  return answer.facts['because'] ? `${answer.reason} after a retreat` : answer.reason;
}

// It may take long where many tests share few cores.
test('all 5,040 orders of seven blocks end on one tip with the same coins', async () => {
  const grove = await drawTree();
  const verifyAll = verifyOnce();
  const run = async (order: readonly string[]) => {
    const database = memory();
    const chain = await openChain(database, grass, verifyAll);
    const heard = new Set<string>();
    const blocks = order.map((name) => grove.block(name));
    await deliver(chain, blocks, (answer) => void heard.add(tell(answer)));
    return { tip: hashOf(chain.tip), state: await stateOf(database), heard };
  };

  const expected = await run(['a1', 'b2', 'b3', 'b4']);
  expect(expected.tip).toBe(hashHeader(grove.block('b4').header));
  const counts = new Map<string, number>();
  let orders = 0;
  for (const order of ordersOf(names)) {
    const { tip, state, heard } = await run(order);
    expect(tip, order.join()).toBe(expected.tip);
    expect(state === expected.state, order.join()).toBe(true);
    for (const each of heard) counts.set(each, (counts.get(each) ?? 0) + 1);
    orders++;
  }
  // The orders differ on the way, or there would be nothing to see: by symmetry a2 comes before b2
  // and a3 before b3 in half of them.
  expect(orders).toBe(5040);
  expect(Object.fromEntries(counts)).toMatchObject({
    'connected over 0': 5040,
    'connected over 1': 2520,
    'bad-cb-amount': 2520,
  });
  for (const each of ['bad-prevblk', 'bad-prevblk after a retreat', 'prev-blk-not-found']) {
    expect(counts.get(each), each).toBeGreaterThan(100);
  }
}, 300_000);
