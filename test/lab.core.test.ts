/** The network room among liars, walls, crashes and wrong clocks: stories of many seeds. */
import { describe, expect, test } from 'vitest';
import { grass, heath, runStory } from '../src/lab/story.ts';
import { attachTo } from './lab.attach.ts';
import { settle } from './settle.ts';

const attach = attachTo();
/** On the heath there is more to happen in less time. */
const hoursIn = new Map([
  [grass, 0.2],
  [heath, 0.1],
]);

const tell = (seed: string, params = grass) =>
  runStory(seed, { settle, attach, hours: hoursIn.get(params) ?? 1, params });

describe('a network of honest nodes comes through', () => {
  const seeds = Array.from({ length: 200 }, (_, i) => i);

  test.each(seeds)('the story of seed %i', async (i) => {
    const { height } = await tell(`story ${i}`, i % 3 === 2 ? heath : grass);
    expect(height).toBeGreaterThan(0);
  });
});

test('a story is the same whenever it is told, and of another seed another', async () => {
  const [one, again, other] = [await tell('one'), await tell('one'), await tell('other')];
  expect(again).toEqual(one);
  expect(other.trace).not.toBe(one.trace);
});
