/** A flood: a node under all kinds of rudeness at once goes on serving who is honest. */
import { expect, test } from 'vitest';
import { rudeOnes } from './flood.rude.ts';
import { flood, wrongWith } from './flood.ts';

test('an honest node is served while others flood, and memory stays flat', async () => {
  const came = await flood(10);
  expect(wrongWith(came)).toEqual([]);
  expect(Object.keys(came.deeds)).toEqual(Object.keys(rudeOnes));
  expect([came.synced, came.heard, came.told].every((count) => count > 0)).toBe(true);
}, 120_000);
