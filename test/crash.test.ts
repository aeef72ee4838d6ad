/** Crashes: whenever a process is killed, the next one finds all that was acknowledged. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Graveyard } from './crash.ts';

// Where blocks are only connected, and where branches overtake one another.
const straight = new Graveyard({ seed: 1, rounds: 6, stretch: 20, depth: [0, 0] });
const forked = new Graveyard({ seed: 2, rounds: 6, stretch: 3, depth: [3, 10] });

// One trunk, a branch of three, and one of four that overtakes it with its last block.
const overtaking = new Graveyard({ seed: 3, rounds: 1, stretch: 1, depth: [3, 3] });
const last = 1 + 3 + 3;

let beforeLast: string;
beforeAll(async () => {
  beforeLast = await overtaking.grow(last);
});
afterAll(() => {
  for (const each of [straight, forked, overtaking]) each.remove();
});

/** Each process takes its time where others have the machine too. */
const timeoutMs = 240_000;

test('a node that is killed while it connects blocks has lost none of them', {
  timeout: timeoutMs,
}, async () => {
  await straight.killAtRandom(12, 1);
  expect(straight.kills).toBe(12);
});

test('a node that is killed while it reorganises has lost and torn nothing', {
  timeout: timeoutMs,
}, async () => {
  await forked.killAtRandom(14, 2);
  expect(forked.kills).toBe(14);
});

/** Kills before and after each batch of what it does with the last block. */
async function killAtEach(from: string): Promise<number> {
  for (let batch = 1; ; batch++) {
    for (const when of ['before', 'after'] as const) {
      if (!(await overtaking.dieAt(from, last, { batch, when }))) return batch - 1;
    }
  }
}

test('whichever batch of a reorganisation is the last, the next process ends it', {
  timeout: timeoutMs,
}, async () => {
  // One that keeps the block, three that take blocks back, four that connect, and the mempool's.
  expect(await killAtEach(beforeLast)).toBe(1 + 3 + 4 + 1);
});

test('a node that is killed again while it recovers still ends the reorganisation', {
  timeout: timeoutMs,
}, async () => {
  for (const batch of [1, 4]) {
    const crashed = await overtaking.dieAt(beforeLast, last, { batch, when: 'after' });
    if (!crashed) throw new Error('it did not crash');
    for (const again of [1, 2, 3]) {
      expect(await overtaking.dieAt(crashed, last, { batch: again, when: 'before' })).toBeDefined();
    }
  }
});
