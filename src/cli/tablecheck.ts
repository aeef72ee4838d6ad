/**
 * Checking LevelDB's tables before it opens them, at a cost that does not grow with the chain.
 *
 * A table is written once and never changed, and to check one takes 5 ms a megabyte. So those that
 * are new are checked, and those that anything has touched since; what was checked is kept in the
 * file `checked`. A disk can rot without a trace, so some of the others are checked each time too,
 * in turn, and all of them by `chain verify`.
 */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { damaged } from '../chain/database.ts';
import { isTableWhole } from './tablefile.ts';

/** Of tables that nothing has touched, so much is checked each time; at least one. */
const turnBytes = 2 ** 20;

/** For each table what the system would change with it; what was checked longest ago is first. */
type Checked = ReadonlyMap<string, string>;

/**
 * What the name of a file ends with that was put aside to repair the rest. While there is one,
 * records may be missing that nothing else would miss.
 */
export const aside = '.broken';

/** Throws if a table in this folder, which no process uses, is not as it was written. */
export function checkTables(folder: string): void {
  const before = readChecked(folder);
  const names = readdirSync(folder);
  if (names.some((name) => name.endsWith(aside))) throw damaged('a reindex was cut short');
  const tables = names.filter((name) => name.endsWith('.ldb'));
  const stamps = new Map(tables.map((name) => [name, stampOf(join(folder, name))]));
  const isKnown = (name: string) => before.get(name) === stamps.get(name)?.stamp;
  const known = [...before.keys()].filter((name) => stamps.has(name) && isKnown(name));
  let left = turnBytes;
  const turn = known.filter((name) => {
    const isIts = left > 0;
    left -= stamps.get(name)?.size ?? 0;
    return isIts;
  });
  const due = [...turn, ...tables.filter((name) => !isKnown(name))];
  demandWhole(folder, due);
  const order = [...known.filter((name) => !due.includes(name)), ...due];
  if (due.length === 0) return;
  writeChecked(folder, new Map(order.map((name) => [name, stamps.get(name)?.stamp ?? ''])));
}

/** Throws if any table in this folder is not as it was written, whoever may be using it. */
export async function checkAllTables(folder: string): Promise<void> {
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.ldb'))) {
    demandWhole(folder, [name]);
    // A node that does this answers others in between.
    await setImmediate();
  }
}

function demandWhole(folder: string, names: readonly string[]): void {
  for (const name of names) {
    const bytes = readIfThere(join(folder, name));
    if (!bytes || isTableWhole(bytes)) continue;
    throw damaged(`${name} does not match its checksums`);
  }
}

/** A table that LevelDB has merged into others meanwhile is no more. */
function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The time of its last change is the system's own, and no program can set it back. */
function stampOf(path: string) {
  const { size, ino, ctimeNs } = statSync(path, { bigint: true });
  return { size: Number(size), stamp: `${size} ${ino} ${ctimeNs}` };
}

/** One line a table, and their CRC-32; where that does not fit, nothing was checked. */
function readChecked(folder: string): Checked {
  const path = join(folder, 'checked');
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const [sum, ...lines] = text.trimEnd().split('\n');
  if (sum !== String(crc32(lines.join('\n')))) return new Map();
  return new Map(
    lines.map((line) => {
      const [name = '', ...stamp] = line.split(' ');
      return [name, stamp.join(' ')];
    }),
  );
}

function writeChecked(folder: string, checked: Checked): void {
  const lines = [...checked].map(([name, stamp]) => `${name} ${stamp}`).join('\n');
  writeFileSync(join(folder, 'checked'), `${crc32(lines)}\n${lines}\n`, { mode: 0o600 });
}
