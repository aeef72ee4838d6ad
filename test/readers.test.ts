/** Readers: each has one view of the chain, and none sees the middle of a reorganisation. */
import { expect, test } from 'vitest';
import type { ChainView } from '../src/chain/chain.ts';
import { hashOf } from '../src/chain/entry.ts';
import { hashHeader } from '../src/primitives/block.ts';
import { walkUp } from './blockfile.ts';
import { outputTo, pay } from './forge.ts';
import { type Grove, plant, verifyInline, wordOf } from './grove.ts';

/** The names of the active blocks, read one by one, and what key 1 and key 2 own. */
async function readAll(grove: Grove, view: ChainView): Promise<string> {
  const names: string[] = [];
  for await (const { header } of walkUp(view)) names.push(nameOf(grove, hashHeader(header)));
  expect(names.at(-1)).toBe(nameOf(grove, hashOf(view.tip)));
  const owned = await Promise.all(
    [1, 2].map(async (key) => (await view.store.coinsOf(outputTo(key, 0n).script)).length),
  );
  return `${names.join(' ')}: ${owned.join(', ')}`;
}

const drawn = ['a1', 'a2', 'a3', 'b2', 'b3', 'b4'];

function nameOf(grove: Grove, hash: string): string {
  return drawn.find((name) => hashHeader(grove.block(name).header) === hash) ?? 'genesis';
}

//   genesis ── a1 ── a2 (pays key 1) ── a3
//               └─── b2 (pays key 2) ── b3 ── b4
const before = 'genesis a1 a2 a3: 1, 0';
const after = 'genesis a1 b2 b3 b4: 0, 1';

/** The tree above up to b3; `during` is called while signatures of the b branch are checked. */
async function plantForked(during: () => Promise<void>): Promise<Grove> {
  const grove: Grove = await plant({
    verifyAll: async (checks) => {
      const [check] = checks;
      const isOnB = grove.block('b2').transactions.length > 0 && check !== undefined;
      if (isOnB && grove.node.chain.tip.height === 1 && isTurning) await during();
      return verifyInline(checks);
    },
  });
  let isTurning = false;
  grove.draw('a1', { on: 'genesis' });
  const coin = grove.minted('a1');
  const amount = coin.coin.amount;
  grove.draw('a2', { on: 'a1', with: [pay([coin], { outputs: [outputTo(1, amount)] })] });
  grove.draw('a3', { on: 'a2' });
  grove.draw('b2', { on: 'a1', with: [pay([coin], { outputs: [outputTo(2, amount)] })] });
  grove.draw('b3', { on: 'b2' });
  grove.draw('b4', { on: 'b3' });
  for (const name of ['a1', 'a2', 'a3', 'b2', 'b3']) await grove.submit(name);
  isTurning = true;
  return grove;
}

test('a reader in the middle of a reorganisation sees what was before it', async () => {
  const seen: string[] = [];
  const grove = await plantForked(async () => {
    expect(grove.node.chain.tip.height).toBe(1);
    seen.push(await grove.node.read((view) => readAll(grove, view)));
  });
  expect(wordOf(await grove.submit('b4'))).toBe('connected');
  expect(seen).toEqual([before]);
  expect(await grove.node.read((view) => readAll(grove, view))).toBe(after);
});

test('a reader who began before a reorganisation ends on the same view after it', async () => {
  const grove = await plantForked(async () => {});
  const seen = await grove.node.read(async (view) => {
    const first = await readAll(grove, view);
    expect(wordOf(await grove.submit('b4'))).toBe('connected');
    return [first, await readAll(grove, view)];
  });
  expect(seen).toEqual([before, before]);
  expect(await grove.node.read((view) => readAll(grove, view))).toBe(after);
});

test('however many read meanwhile, each sees all of a reorganisation or nothing', async () => {
  const seen: Promise<string>[] = [];
  const grove = await plantForked(async () => {});
  const turn = grove.submit('b4');
  let isOver = false;
  void turn.then(() => {
    isOver = true;
  });
  while (!isOver) {
    const reading = grove.node.read((view) => readAll(grove, view));
    seen.push(reading);
    await reading;
  }
  const views = await Promise.all(seen);
  expect(views.filter((view) => view !== before && view !== after)).toEqual([]);
  expect(views[0]).toBe(before);
});

test('after a failure in its middle readers see what was before, until it is done', async () => {
  let isBroken = true;
  const grove = await plantForked(async () => {
    if (isBroken) throw new Error('the engine broke');
  });
  await expect(grove.submit('b4')).rejects.toThrow('the engine broke');
  expect(grove.node.chain.tip.height).toBe(1);
  expect(await grove.node.read((view) => readAll(grove, view))).toBe(before);

  isBroken = false;
  await grove.submit('b4');
  expect(await grove.node.read((view) => readAll(grove, view))).toBe(after);
});
