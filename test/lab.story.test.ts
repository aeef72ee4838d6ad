/** Stories: every seed replays to the byte, and one that goes wrong says how to see it again. */
import { expect, test } from 'vitest';
import { heath, type Report, runStory, type StoryOptions } from '../src/lab/story.ts';
import { hermit } from './lab.stage.ts';
import { standIn } from './lab.standin.ts';
import { settle } from './settle.ts';

const tell = (seed: string, options: Partial<StoryOptions> = {}) =>
  runStory(seed, { settle, attach: standIn, hours: 0.3, ...options });

test('a seed tells the same story whenever it is told', async () => {
  const first = await tell('same');
  expect(first.events).toBeGreaterThan(1_000);
  expect(await tell('same')).toEqual(first);
});

test('a seed tells the same story while others are told', async () => {
  const [one, two] = await Promise.all([tell('one'), tell('two')]);
  expect(await tell('two')).toEqual(two);
  expect(await tell('one')).toEqual(one);
});

test('another seed tells another story, and so does another world', async () => {
  const calm: Partial<StoryOptions> = { liars: [], nodes: 4 };
  const traces = await Promise.all([
    tell('one', calm),
    tell('two', calm),
    tell('one', { ...calm, params: heath }),
    tell('one', { ...calm, liars: ['isStale'] }),
    tell('one', { ...calm, nodes: 3 }),
    tell('one', { ...calm, hours: 0.4 }),
  ]);
  expect(new Set(traces.map(({ trace }) => trace)).size).toBe(traces.length);
});

test('much happens in a story: crashes, walls and payments, and all ends well', async () => {
  const reports: Report[] = [];
  for (const seed of ['a', 'b', 'c']) reports.push(await tell(seed, { hours: 1 }));
  const sum = (of: (report: Report) => number) =>
    reports.reduce((total, report) => total + of(report), 0);
  expect(sum(({ crashes }) => crashes)).toBeGreaterThan(4);
  expect(sum(({ payments }) => payments)).toBeGreaterThan(20);
  expect(sum(({ mined }) => mined)).toBeGreaterThan(15);
  expect(sum(({ reorgs }) => reorgs)).toBeGreaterThan(4);
});

test('where the difficulty follows the miners all ends well too', async () => {
  const { height } = await tell('heath', { params: heath });
  expect(height).toBeGreaterThan(10);
});

test('a story that ends badly says its seed, what is wrong and what happened last', async () => {
  const failing = tell('alone', { attach: hermit, minutesToHeal: 1, nodes: 2, liars: [] });
  await expect(failing).rejects.toThrow(
    /not healed: node0 at \d+ [0-9a-f]{64}, node1 at .*\nin runStory\('alone', .*"nodes":2/,
  );
  await expect(failing).rejects.toThrow(/\n\d+\.\d{3} node[01] connects \d+ 80/);
});
