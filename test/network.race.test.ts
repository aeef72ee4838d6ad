/** A block through a network: how often a link carries its payments. */
import { expect, test } from 'vitest';
import { totalBlockBytes } from '../src/primitives/block.ts';
import { buildTrack, quantile, runRace } from './race.ts';

const options = { nodes: 12, dials: 3, weather: { delayMs: 100, bytesPerSecond: 1_250_000 } };

test('where nobody has its payments a block crosses a link whole, and once at most', async () => {
  const track = await buildTrack(60);
  const { times, links, bodies } = await runRace(track, { seed: 'whole', waiting: [], ...options });
  expect(times).toHaveLength(options.nodes);
  // Every node but the first had it from somebody.
  expect(bodies.length).toBeGreaterThanOrEqual(options.nodes - 1);
  expect(Math.max(...bodies)).toBe(1);
  expect(quantile(links, 1)).toBeGreaterThan(totalBlockBytes(track.block));
});

test('where they wait everywhere it crosses links in a tenth of its size at most', async () => {
  const track = await buildTrack(60);
  const waiting = track.payments;
  const { times, links, bodies } = await runRace(track, { seed: 'compact', waiting, ...options });
  expect(times).toHaveLength(options.nodes);
  expect(bodies).toEqual([]);
  expect(quantile(links, 1)).toBeLessThan(totalBlockBytes(track.block) / 10);
});
