/** The virtual clock: what happens happens in order, and waits for nothing but promises. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Chance } from '../src/lab/chance.ts';
import { VirtualClock } from '../src/lab/clock.ts';
import { settle } from './settle.ts';

test('what is due first happens first, and of the same time what was asked for first', async () => {
  const times = fc.array(fc.nat(20), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(times, async (asked) => {
      const clock = new VirtualClock(settle);
      const seen: number[][] = [];
      for (const [i, ms] of asked.entries()) {
        clock.after(ms, () => {
          expect(clock.nowMs()).toBe(ms);
          seen.push([ms, i]);
        });
      }
      await clock.run(20);
      const expected = asked.map((ms, i) => [ms, i]);
      expect(seen).toEqual(expected.sort(([a = 0], [b = 0]) => a - b));
    }),
    { numRuns: 50 },
  );
});

test('what was called off never happens, and the rest still does', async () => {
  const clock = new VirtualClock(settle);
  const seen: string[] = [];
  const callOff = clock.after(5, () => seen.push('called off'));
  clock.after(5, () => seen.push('late'));
  clock.after(1, callOff);
  await clock.run(10);
  expect(seen).toEqual(['late']);
});

test('promises come to rest before the next event, however long their chain', async () => {
  const clock = new VirtualClock(settle);
  const seen: string[] = [];
  clock.after(1, () => {
    const work = async () => {
      for (let i = 0; i < 10_000; i++) await undefined;
      seen.push('worked');
    };
    clock.watch(work());
  });
  clock.after(1, () => seen.push('next'));
  await clock.run(1);
  expect(seen).toEqual(['worked', 'next']);
});

test('a run ends at its time, and what is due later waits for the next run', async () => {
  const clock = new VirtualClock(settle);
  const seen: number[] = [];
  clock.after(11, () => seen.push(clock.nowMs()));
  expect(await clock.run(10)).toBe(false);
  expect([clock.nowMs(), ...seen]).toEqual([10]);
  await clock.run(10);
  expect([clock.nowMs(), ...seen]).toEqual([20, 11]);
});

test('a run that waits for something ends there, and says whether it came', async () => {
  const clock = new VirtualClock(settle);
  let isThere = false;
  clock.after(3, () => {
    isThere = true;
  });
  expect(await clock.run(10, () => isThere)).toBe(true);
  expect(clock.nowMs()).toBe(3);
  expect(await clock.finish(clock.sleep(4).then(() => clock.nowMs()))).toBe(7);
  await expect(clock.finish(new Promise(() => {}), 5)).rejects.toThrow('nothing came of it');
});

test('a task that is watched over ends the run by failing', async () => {
  const clock = new VirtualClock(settle);
  clock.after(2, () => clock.watch(Promise.reject(new Error('a bug'))));
  await expect(clock.run(10)).rejects.toThrow('a bug');
  expect(clock.nowMs()).toBe(2);
});

test('chance follows from its seed alone', () => {
  const draw = (name: string) => [...new Chance(name).bytes(16)].join(' ');
  expect(draw('1')).toBe(draw('1'));
  expect(draw('1')).not.toBe(draw('2'));
  const [one, other] = [new Chance('1'), new Chance('1')];
  other.fraction();
  expect(other.stream('net').fraction()).toBe(one.stream('net').fraction());
  expect(one.stream('net').fraction()).not.toBe(one.stream('disk').fraction());
});

test('chance gives what it gave when it was written', () => {
  const chance = new Chance('grass');
  const drawn = Array.from({ length: 4 }, () => chance.below(2 ** 32));
  expect(drawn).toMatchInlineSnapshot(`
    [
      1687593268,
      1541235304,
      3098370191,
      3853847652,
    ]
  `);
});

test('chance is even: of ten numbers each comes up about as often', () => {
  const chance = new Chance('even');
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) {
    const drawn = chance.between(0, 9);
    counts[drawn] = (counts[drawn] ?? 0) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
});

test('waits have the mean that was asked for, and are never below zero', () => {
  const chance = new Chance('waits');
  const waits = Array.from({ length: 10_000 }, () => chance.wait(600));
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
  const mean = waits.reduce((sum, each) => sum + each, 0) / waits.length;
  expect(Math.abs(mean - 600)).toBeLessThan(30);
});

test('a shuffle keeps every item', () => {
  const items = Array.from({ length: 30 }, (_, i) => i);
  const shuffled = new Chance('cards').shuffle(items);
  expect(shuffled).not.toEqual(items);
  expect(shuffled.toSorted((a, b) => a - b)).toEqual(items);
  expect(() => new Chance('none').pick([])).toThrow(RangeError);
});
