/** Planted faults: the simulator sees each of them, and nothing where there is none. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { runStory } from '../src/lab/story.ts';
import { type Fault, faults, plant } from './faults.ts';
import { attachTo } from './lab.attach.ts';
import { settle } from './settle.ts';

const run = promisify(execFile);
const attach = attachTo();
/** Within so many stories a fault must show. */
const mostStories = 24;

/** Tells stories in a process with this fault: which ended badly, and why. */
async function tellFaulty(name: string, seeds: readonly string[], wishes: Fault['in']) {
  const words = ['--import', './test/faulty.ts', 'test/lab.child.ts'];
  const { stdout } = await run(process.execPath, [...words, JSON.stringify([seeds, wishes])], {
    cwd: join(import.meta.dirname, '..'),
    env: { ...process.env, CHAIN_FAULT: name },
  });
  const [seed = '', why = ''] = stdout.split('\n');
  return { seed, why };
}

describe.each(Object.entries<Fault>(faults))('the fault %s', (name, fault) => {
  test('shows, and the same stories end well without it', async () => {
    const seeds = Array.from({ length: mostStories }, (_, i) => `${name} ${i}`);
    const { seed, why } = await tellFaulty(name, seeds, fault.in);
    expect(why).toMatch(fault.shows);
    for (const told of seeds.slice(0, seeds.indexOf(seed) + 1)) {
      await runStory(told, { settle, attach, ...fault.in });
    }
  });
});

test('a fault for which there is no place, or more than one, is none', () => {
  const { 'trust-signatures': fault } = faults;
  const source = readFileSync(join(import.meta.dirname, '../src', fault.file), 'utf8');
  expect(plant(fault, source)).not.toBe(source);
  expect(() => plant(fault, '')).toThrow('0 places in src/mempool/door.ts');
  expect(() => plant(fault, source + source)).toThrow('2 places in src/mempool/door.ts');
});

test('a fault that nobody knows ends the process', async () => {
  await expect(tellFaulty('no-such-fault', [], {})).rejects.toThrow(/no fault is called/);
});
