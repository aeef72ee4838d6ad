/** Stories: every seed replays to the byte, and one that goes wrong says how to see it again. */
import { compileFunction } from 'node:vm';
import { expect, test } from 'vitest';
import type { Attach, AttachParts } from '../src/lab/simnode.ts';
import { heath, type Report, runStory, type StoryOptions } from '../src/lab/story.ts';
import { attachTo } from './lab.attach.ts';
import { hermit } from './lab.stage.ts';
import { settle } from './settle.ts';

const attach = attachTo();

const tell = (seed: string, options: Partial<StoryOptions> = {}) =>
  runStory(seed, { settle, attach, hours: 0.3, ...options });

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
    /not on one tip: node0 at \d+ [0-9a-f]{64}, node1 at .*\nin runStory\("alone", .*nodes: 2/,
  );
  await expect(failing).rejects.toThrow(/\n\d+\.\d{3} node[01] connects \d+ 80/);
});

test('what a story says that ends badly can be pasted, and ends as badly again', async () => {
  const wishes = { nodes: 3, liars: ['floods'], past: 4, minutesToHeal: 1 } as const;
  const said = await tell("it's", { ...wishes, attach: hermit, params: heath }).catch(String);
  const [, call = ''] = /\nin (runStory.*)\n/.exec(String(said)) ?? [];
  const pasted = compileFunction(`return ${call}`, ['runStory', 'settle', 'attach', 'heath']);
  const again: unknown = pasted(runStory, settle, hermit, heath);
  await expect(again).rejects.toThrow(String(said).replace('Error: ', ''));
});

test('an honest peer that is banned ends the story, and so does a bug', async () => {
  const doing = (does: (parts: AttachParts) => void) =>
    tell('wrong', {
      nodes: 2,
      liars: [],
      attach: async (parts) => {
        does(parts);
        return attach(parts);
      },
    });
  await expect(doing(({ onBan }) => onBan('node0', 'its looks'))).rejects.toThrow(
    /node[01] bans honest node0: its looks/,
  );
  await expect(doing(({ onBug }) => onBug('this'))).rejects.toThrow(/node[01] failed: this/);
  await expect(doing(({ onBan }) => onBan('liar0.1', 'a lie'))).resolves.toBeDefined();
});

test('a node that asks one peer for ever more at once ends the story', async () => {
  const greedy: Attach = async (parts) => {
    const online = await attach(parts);
    const nothing = new Uint8Array(0);
    const greed = { timeoutMs: 60_000, maxBytes: 1_000 };
    parts.timers.after(30_000, () => {
      for (const { id } of parts.transport.peers()) {
        for (let i = 0; i < 9; i++)
          parts.transport.request(id, 'peers', nothing, greed).catch(() => {});
      }
    });
    return online;
  };
  await expect(tell('greed', { nodes: 2, liars: [], attach: greedy })).rejects.toThrow(
    /node[01] failed: it wants 8 answers of one peer at once/,
  );
});

test('what was mined before the story begins is fetched by all', async () => {
  const { height } = await tell('old', { nodes: 3, liars: [], past: 40, hours: 0.1 });
  expect(height).toBeGreaterThan(40);
});
