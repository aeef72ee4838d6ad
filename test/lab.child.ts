/**
 * Tells stories in a process of its own, for one with a fault planted in it: see `faulty.ts`.
 *
 * It goes on until one ends badly, and says which and why, each in a line.
 */
import { runStory } from '../src/lab/story.ts';
import type { Wishes } from './faults.ts';
import { attachTo } from './lab.attach.ts';
import { settle } from './settle.ts';

const [seeds, wishes] = JSON.parse(process.argv[2] ?? '') as readonly [readonly string[], Wishes];

for (const seed of seeds) {
  const wrong = await runStory(seed, { settle, attach: attachTo(), ...wishes }).then(
    () => undefined,
    String,
  );
  if (wrong === undefined) continue;
  const [why = ''] = wrong.replace(/^Error: /, '').split('\n');
  process.stdout.write(`${seed}\n${why}\n`);
  break;
}
