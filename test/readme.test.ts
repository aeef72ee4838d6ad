/**
 * The README's transcripts, typed again: every command in them, in order, in one folder.
 *
 * What is luck of the run, an address, a hash or an hour, may be another each time, but the same
 * one wherever it was the same. Everything else must be as it stands there.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { launcher, newFolder } from './terminal.ts';

interface Step {
  readonly command: string;
  readonly expected: readonly string[];
}

/** The commands of all transcripts with what they answer. */
function readSteps(): readonly Step[] {
  const text = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
  const lines = [...text.matchAll(/```console\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
    block.trimEnd().split('\n'),
  );
  const steps: { command: string; expected: string[] }[] = [];
  for (const line of lines) {
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), expected: [] });
    else steps.at(-1)?.expected.push(line);
  }
  return steps.map(({ command, expected }) => ({
    command,
    // A line without words only parts one command from the next.
    expected: expected.at(-1) === '' ? expected.slice(0, -1) : expected,
  }));
}

/** Addresses and hashes: each stands for one of this run. */
const names = /\b(?:[0-9a-f]{64}|tc1[a-z0-9]{39,59})\b/g;
/** Twelve words, an hour, and what depends on the length of a signature. */
const chances: readonly (readonly [RegExp, string])[] = [
  [/^(?:[a-z]+ ){11}[a-z]+$/, '<words>'],
  [/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '<time>'],
  [/\d+ (virtual )?bytes/g, '<size>'],
  [/\d\.\d{3} units/g, '<rate>'],
  [/^\d\.\d{3}(?= )/, '<rate>'],
];

/** What the README calls each thing, and what it is called in this run. */
class Dictionary {
  readonly #known = new Map<string, string>();

  /** A command of the README, as it is typed in this run. */
  translate(command: string): string {
    return command.replace(names, (name) => this.#known.get(name) ?? name);
  }

  /** The line as the README would have it. */
  compare(expected: string, actual: string): readonly [string, string] {
    const said = expected.match(names) ?? [];
    const found = actual.match(names) ?? [];
    for (const [i, name] of said.entries()) {
      const meant = found[i];
      if (meant && !this.#known.has(name)) this.#known.set(name, meant);
    }
    return [this.#plain(this.translate(expected)), this.#plain(actual)];
  }

  #plain(line: string): string {
    return chances.reduce((text, [pattern, word]) => text.replace(pattern, word), line);
  }
}

async function type(command: string, datadir: string): Promise<readonly string[]> {
  const script = `chain() { "$NODE" "$LAUNCHER" "$@"; }; { ${command}; } 2>&1`;
  const { PATH = '' } = process.env;
  const env = { PATH, NODE: process.execPath, LAUNCHER: launcher, CHAIN_DATADIR: datadir };
  const { stdout } = await promisify(execFile)('bash', ['-c', script], { env, cwd: datadir });
  return stdout.trimEnd().split('\n');
}

test('the README’s transcripts are what the program says', { timeout: 180_000 }, async () => {
  const steps = readSteps();
  expect(steps.length).toBeGreaterThan(8);
  const datadir = newFolder();
  const dictionary = new Dictionary();
  for (const { command, expected } of steps) {
    const said = await type(dictionary.translate(command), datadir);
    // Three dots stand for however many lines are left.
    const isCut = expected.at(-1) === '…';
    const lines = isCut ? expected.slice(0, -1) : expected;
    expect(isCut ? said.length > lines.length : said.length, command).toBe(isCut || lines.length);
    for (const [i, line] of lines.entries()) {
      const [left, right] = dictionary.compare(line, said[i] ?? '');
      expect(right, `$ ${command}`).toBe(left);
    }
  }
});
