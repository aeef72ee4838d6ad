/**
 * How long does a block take through a network, and what does it cost each link? A hundred nodes,
 * simulated but whole, with links of 100 ms and 10 Mbit/s; virtual time, so a machine's mood does
 * not matter. Checking takes none of it: what is told is the relay alone.
 *
 *   npm run bench:relay -- --nodes 100 --payments 2700 --blocks 3
 */
import { parseArgs } from 'node:util';
import { totalBlockBytes } from '../../src/primitives/block.ts';
import { buildTrack, quantile, type Result, runRace, type Track } from '../../test/race.ts';
import { median } from './harness.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '100' },
    /** Of two inputs and two outputs each: 2,700 of them are a megabyte. */
    payments: { type: 'string', default: '2700' },
    blocks: { type: 'string', default: '3' },
  },
});
const nodes = Number(values.nodes);
const weather = { delayMs: 100, bytesPerSecond: 1_250_000 };

/** What part of a block's payments waits at every node, from all to none. */
const cases = [
  ['all of its payments wait', () => true],
  ['half of them wait', (i: number) => i % 2 === 0],
  ['none of them waits', () => false],
] as const;

async function race(track: Track, isWaiting: (i: number) => boolean): Promise<readonly Result[]> {
  const waiting = track.payments.filter((_, i) => isWaiting(i));
  const results: Result[] = [];
  for (let i = 0; i < Number(values.blocks); i++) {
    results.push(await runRace(track, { seed: `relay ${i}`, nodes, dials: 4, weather, waiting }));
  }
  return results;
}

function tell(name: string, results: readonly Result[]): void {
  const over = (of: (result: Result) => number) => median(results.map(of));
  const [half, most, all] = [0.5, 0.9, 1].map((part) => over(({ times }) => quantile(times, part)));
  const mean = over(({ links }) => links.reduce((sum, each) => sum + each, 0) / links.length);
  const highest = over(({ links }) => Math.max(...links));
  const kilobytes = (bytes: number) => `${(bytes / 1e3).toFixed(0)} kB`;
  const times = [half, most, all].map((ms = 0) => `${ms.toFixed(0)} ms`);
  const cells = [...times, kilobytes(mean), kilobytes(highest)];
  console.log(name.padEnd(26) + cells.map((cell) => cell.padStart(10)).join(''));
}

const track = await buildTrack(Number(values.payments));
const size = (totalBlockBytes(track.block) / 1e6).toFixed(2);
console.log(`a block of ${size} MB among ${nodes} nodes, links of 100 ms and 10 Mbit/s`);
console.log(
  'at so many nodes'.padEnd(26) + '50 %      90 %     100 %      link  longest'.padStart(46),
);
for (const [name, isWaiting] of cases) tell(name, await race(track, isWaiting));
