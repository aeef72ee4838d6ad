/**
 * Exchanging the database: a new one takes the place of an old one, of which all that can still be
 * read is handed out meanwhile.
 *
 * A table of which a part is broken must never get into LevelDB's hands: it may end the process. So
 * its sound parts are read here, the file is put aside, and LevelDB repairs what is left.
 */
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../chain/database.ts';
import {
  demandUnused,
  finishExchange,
  type OpenDatabase,
  openAt,
  openDatabase,
  removeFolder,
  repair,
} from './leveldb.ts';
import { aside } from './tablecheck.ts';
import { isTableWhole, readTable } from './tablefile.ts';

/** Records in the order of their keys. */
type Records = Pick<Database, 'iterator'>;
type Pair = [Uint8Array, Uint8Array];

/** A database that takes the place of another. Until then the other stays as it is. */
export interface Exchange {
  /** What there was, however damaged, to be read. */
  readonly old: Records;
  readonly fresh: OpenDatabase;
  /** Puts the new one in the place of the old. */
  readonly finish: () => Promise<void>;
  /** Leaves the old one where it is. */
  readonly abandon: () => Promise<void>;
}

/** Begins a new database beside the old one, which nobody else can open meanwhile. */
export async function exchangeDatabase(folder: string): Promise<Exchange> {
  const place = join(folder, 'chain');
  const { old, strays } = await openDamaged(folder, place);
  removeFolder(join(folder, 'chain.new'));
  const fresh = await openAt(folder, 'chain.new');
  return {
    old: { iterator: (walk) => merge(old.database.iterator(walk), strays, walk) },
    fresh,
    finish: async () => {
      await fresh.close();
      renameSync(place, join(folder, 'chain.old'));
      finishExchange(folder);
      await old.close();
    },
    abandon: async () => {
      await fresh.close();
      removeFolder(join(folder, 'chain.new'));
      await old.close();
    },
  };
}

/** Opens a database of which LevelDB may have to mend what it can; with what it must not see. */
async function openDamaged(folder: string, place: string) {
  const opened = await openDatabase(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'damaged') return undefined;
    throw error;
  });
  if (opened) return { old: opened, strays: readStrays(place) };
  await demandUnused(folder);
  // What is repaired is for this one reading, even if the program dies amid it.
  writeFileSync(join(place, `reindex${aside}`), '');
  for (const name of readdirSync(place).filter((each) => each.endsWith('.ldb'))) {
    const path = join(place, name);
    if (!isTableWhole(readFileSync(path))) renameSync(path, path + aside);
  }
  await repair(place);
  // Its own repair leaves tables as sound as they were.
  return { old: await openAt(folder, 'chain', () => {}), strays: readStrays(place) };
}

/** All records in the sound parts of the tables that were put aside, by their keys. */
function readStrays(place: string): readonly Pair[] {
  return readdirSync(place)
    .filter((name) => name.endsWith(aside))
    .flatMap((name) => readTable(readFileSync(join(place, name))))
    .toSorted(([a], [b]) => Buffer.compare(a, b));
}

/** What LevelDB has, and what it could not have, in one order. */
async function* merge(
  records: AsyncIterable<Pair>,
  strays: readonly Pair[],
  { gte = new Uint8Array(0), lt }: { readonly gte?: Uint8Array; readonly lt?: Uint8Array },
): AsyncIterable<Pair> {
  const own = strays.filter(
    ([key]) => Buffer.compare(key, gte) >= 0 && (!lt || Buffer.compare(key, lt) < 0),
  );
  for await (const record of records) {
    while (own[0] && Buffer.compare(own[0][0], record[0]) <= 0) yield* own.splice(0, 1);
    yield record;
  }
  yield* own;
}

/** Removes the database of this network's folder, which nobody else may have open. */
export async function removeDatabase(folder: string): Promise<void> {
  const [place, old] = [join(folder, 'chain'), join(folder, 'chain.old')];
  if (!existsSync(place)) return;
  await demandUnused(folder);
  renameSync(place, old);
  removeFolder(old);
}
