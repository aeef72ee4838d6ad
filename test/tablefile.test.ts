/** LevelDB's table files: whatever bit of one is turned, it is noticed before it is opened. */
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../src/cli/leveldb.ts';
import { checkAllTables, checkTables } from '../src/cli/tablecheck.ts';
import { readTable } from '../src/cli/tablefile.ts';
import { diceOf } from './forest.ts';
import { copyOf, newFolder } from './terminal.ts';

const magicBytes = 8;
let folder: string;
let name: string;
beforeAll(async () => {
  folder = newFolder();
  const first = await openDatabase(folder);
  const roll = diceOf(1);
  const operations = Array.from({ length: 120 }, (_, i) => ({
    type: 'put' as const,
    key: Uint8Array.of(7, i),
    // Random, for a block that cannot be packed is kept as it is.
    value: Uint8Array.from({ length: 50 }, () => roll(256)),
  }));
  await first.database.batch(operations, { sync: true });
  await first.close();
  // Opened again, LevelDB makes a table of its log.
  await (await openDatabase(folder)).close();
  name = readdirSync(join(folder, 'chain')).find((each) => each.endsWith('.ldb')) ?? '';
});

test('a table as it was written is whole', () => {
  expect(name).not.toBe('');
  expect(() => checkTables(join(folder, 'chain'))).not.toThrow();
});

test('a bit turned in any place that holds something is noticed', () => {
  const place = join(copyOf(folder), 'chain');
  const path = join(place, name);
  const bytes = readFileSync(path);
  // More than one block of 4 KiB, or the walk from one to the next were not tried.
  expect(bytes.length).toBeGreaterThan(6000);
  const missed: number[] = [];
  // Every byte of the lists at the end, and some of all blocks.
  const step = (at: number) => (at < bytes.length - 400 ? 7 : 1);
  for (let at = 0; at < bytes.length - magicBytes; at += step(at)) {
    const turned = Uint8Array.from(bytes);
    turned[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
    writeFileSync(path, turned);
    try {
      checkTables(place);
      missed.push(at);
    } catch (error) {
      expect(error).toMatchObject({ code: 'damaged' });
    }
  }
  // Between the places in the footer and the magic number there is nothing but zeros.
  const zeros = bytes.length - magicBytes - missed.length;
  expect(missed).toEqual(missed.map((_, i) => zeros + i));
  expect(missed.length).toBeLessThan(40);
});

test('a damaged table keeps the database from being opened, and stays as it is', async () => {
  const copy = copyOf(folder);
  const path = join(copy, 'chain', name);
  const bytes = readFileSync(path);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  for (let i = 0; i < 2; i++) {
    await expect(openDatabase(copy)).rejects.toMatchObject({ code: 'damaged' });
    expect(readFileSync(path)).toEqual(bytes);
  }
});

test('a table that nothing seems to have touched is checked in its turn', async () => {
  const copy = copyOf(folder);
  const place = join(copy, 'chain');
  checkTables(place);
  const path = join(place, name);
  const bytes = readFileSync(path);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  // As if the disk itself had turned it: what is known of the file is what it was.
  const { size, ino, ctimeNs } = statSync(path, { bigint: true });
  const line = `${name} ${size} ${ino} ${ctimeNs}`;
  writeFileSync(join(place, 'checked'), `${crc32(line)}\n${line}\n`);
  expect(() => checkTables(place)).toThrow('does not match its checksums');
  await expect(checkAllTables(place)).rejects.toThrow('does not match its checksums');
});

test('of many tables that nothing has touched a few are checked each time, all in turn', () => {
  const place = newFolder();
  for (let i = 0; i < 5; i++) {
    // Not whole, but of a size that fills a turn: they are found one after the other.
    writeFileSync(join(place, `00000${i}.ldb`), new Uint8Array(2 ** 20));
  }
  checkTables(place);
  const order = () => readFileSync(join(place, 'checked'), 'utf8').match(/\d+(?=\.ldb)/g);
  const first = order() ?? [];
  expect(first).toHaveLength(5);
  for (let i = 1; i < 5; i++) {
    checkTables(place);
    expect(order()).toEqual([...first.slice(i), ...first.slice(0, i)]);
  }
});

test('what can be read of a broken table is all that lies in its sound blocks', () => {
  const bytes = readFileSync(join(folder, 'chain', name));
  const whole = readTable(bytes);
  const named = (records: readonly [Uint8Array, Uint8Array][]) =>
    records.map((record) => record.map((each) => each.toString()).join());
  expect(whole).toHaveLength(120);
  expect(whole.map(([key]) => key[1])).toEqual(Array.from({ length: 120 }, (_, i) => i));
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  const sound = readTable(bytes);
  // Its first block of 4 KiB is given up, and nothing else.
  expect(sound.length).toBeGreaterThan(30);
  expect(named(sound)).toEqual(named(whole).slice(-sound.length));
});

test('a table that was never finished is no damage, for nothing uses it', async () => {
  const copy = copyOf(folder);
  const unfinished = join(copy, 'chain', '999999.ldb');
  copyFileSync(join(copy, 'chain', name), unfinished);
  truncateSync(unfinished, 5000);
  const { database, close } = await openDatabase(copy);
  expect(await database.get(Uint8Array.of(7, 3), {})).toHaveLength(50);
  await close();
});
