/** Every bound of the network has a test that knows it by its name. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as limits from '../src/network/limits.ts';

/** The names that the files of tests import from there. */
function importedIn(folder: string): ReadonlySet<string> {
  const pattern = /import \{([^}]*)\} from '\.\.\/src\/network\/limits\.ts'/g;
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  const lists = files.flatMap((name) => [
    ...readFileSync(join(folder, name), 'utf8').matchAll(pattern),
  ]);
  return new Set(lists.flatMap(([, names = '']) => names.split(',').map((name) => name.trim())));
}

test('each is named by the test that reaches it', () => {
  const imported = importedIn(import.meta.dirname);
  expect(Object.keys(limits).filter((name) => !imported.has(name))).toEqual([]);
});

test('no other file of the room makes up a bound of its own', () => {
  const room = join(import.meta.dirname, '../src/network');
  const own = readdirSync(room)
    .filter((name) => name !== 'limits.ts')
    .flatMap((name) => {
      const text = readFileSync(join(room, name), 'utf8');
      return [...text.matchAll(/^(?:export )?const (max\w+) =/gm)].map(([, bound]) => bound);
    });
  expect(own).toEqual([]);
});
