/** The disk of the lab, held against a plain map, and against what may be lost in a crash. */
import { bytesToHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Database, Operation } from '../src/chain/database.ts';
import { Chance } from '../src/lab/chance.ts';
import { Disk } from '../src/lab/disk.ts';
import { settle } from './settle.ts';

const keys = fc
  .uint8Array({ minLength: 1, maxLength: 2 })
  .map((key) => key.map((byte) => byte & 15));
const operations: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    type: fc.constant('put' as const),
    key: keys,
    value: fc.uint8Array({ maxLength: 3 }),
  }),
  fc.record({ type: fc.constant('del' as const), key: keys }),
);
const batches = fc.array(
  fc.record({ operations: fc.array(operations, { maxLength: 5 }), sync: fc.boolean() }),
  { maxLength: 20 },
);

/** All that is there, as text. */
async function contentOf(database: Database, walk = {}): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const record of database.iterator(walk)) found.push(record.map(bytesToHex).join(' '));
  return found;
}

/** What a plain map holds after these batches. */
function plain(done: readonly { readonly operations: readonly Operation[] }[]) {
  const map = new Map<string, string>();
  for (const each of done.flatMap((batch) => batch.operations)) {
    if (each.type === 'put') map.set(bytesToHex(each.key), bytesToHex(each.value));
    else map.delete(bytesToHex(each.key));
  }
  // Hex sorts as the bytes do, but a key before those that it begins: a blank is below all digits.
  return [...map].map((record) => record.join(' ')).sort();
}

test('it holds what a plain map holds, in the order of the bytes', async () => {
  await fc.assert(
    fc.asyncProperty(batches, keys, keys, fc.nat(5), async (written, gte, lt, limit) => {
      const database = new Disk().boot();
      for (const { operations, sync } of written) await database.batch(operations, { sync });
      const expected = plain(written);
      expect(await contentOf(database)).toEqual(expected);
      const [low, high] = [bytesToHex(gte), bytesToHex(lt)];
      const keyOf = (record: string) => record.split(' ')[0] ?? '';
      const within = expected.filter((each) => keyOf(each) >= low && keyOf(each) < high);
      expect(await contentOf(database, { gte, lt })).toEqual(within);
      const last = within.toReversed().slice(0, limit);
      expect(await contentOf(database, { gte, lt, reverse: true, limit })).toEqual(last);
      const found = await database.getMany([gte, lt], {});
      const single = [await database.get(gte, {}), await database.get(lt, {})];
      expect(found).toEqual(single);
      expect(found[0] && bytesToHex(found[0])).toBe(
        expected.find((each) => keyOf(each) === low)?.split(' ')[1],
      );
    }),
    { numRuns: 200 },
  );
});

test('a snapshot stands still, and the walk over it too', async () => {
  const database = new Disk().boot();
  const [key, value] = [Uint8Array.of(1), Uint8Array.of(2)];
  await database.batch([{ type: 'put', key, value }], { sync: true });
  const snapshot = database.snapshot();
  await database.batch([{ type: 'del', key }], { sync: true });
  expect(await database.get(key, { snapshot })).toEqual(value);
  expect(await contentOf(database, { snapshot })).toEqual(['01 02']);
  expect(await contentOf(database)).toEqual([]);
});

test('a loss of power takes whole batches from the end, and nothing synced', async () => {
  await fc.assert(
    fc.asyncProperty(batches, fc.string(), async (written, seed) => {
      const disk = new Disk();
      const database = disk.boot();
      for (const { operations, sync } of written) await database.batch(operations, { sync });
      disk.crash('power', new Chance(seed));
      const left = await contentOf(disk.boot());
      const synced = written.findLastIndex(({ sync }) => sync) + 1;
      const possible = written.map((_, i) => i + 1).filter((count) => count >= synced);
      const states = [synced, ...possible].map((count) => plain(written.slice(0, count)));
      expect(states).toContainEqual(left);
    }),
    { numRuns: 200 },
  );
});

test('every moment between the last sync and the end can be the one that is kept', async () => {
  const kept = new Set<number>();
  for (let seed = 0; seed < 60; seed++) {
    const disk = new Disk();
    const database = disk.boot();
    for (let i = 0; i < 4; i++) {
      const put = { type: 'put' as const, key: Uint8Array.of(i), value: Uint8Array.of(i) };
      await database.batch([put], { sync: i === 1 });
    }
    disk.crash('power', new Chance(`${seed}`));
    kept.add((await contentOf(disk.boot())).length);
  }
  expect(kept).toEqual(new Set([2, 3, 4]));
});

test('a program that is killed leaves all that it was told is written', async () => {
  const disk = new Disk();
  await disk.boot().batch([{ type: 'put', key: Uint8Array.of(1), value: Uint8Array.of(1) }], {
    sync: false,
  });
  disk.crash('kill', new Chance('any'));
  expect(await contentOf(disk.boot())).toEqual(['01 01']);
});

test('a write in which the machine dies is there whole or not, and never answered', async () => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const disk = new Disk();
    const database = disk.boot();
    const told: string[] = [];
    disk.crashAtWrite(1, () => told.push('dead'));
    const put = (byte: number): Operation[] =>
      [byte, byte + 1].map((each) => ({
        type: 'put',
        key: Uint8Array.of(each),
        value: Uint8Array.of(each),
      }));
    const writing = async () => {
      await database.batch(put(1), { sync: true });
      told.push('first');
      await database.batch(put(3), { sync: true });
      told.push('second');
    };
    void writing();
    await settle();
    expect(told).toEqual(['first', 'dead']);
    expect(disk.isUp).toBe(false);
    disk.crash('power', new Chance(`${seed}`));
    outcomes.add((await contentOf(disk.boot())).join(', '));
  }
  expect(outcomes).toEqual(new Set(['01 01, 02 02', '01 01, 02 02, 03 03, 04 04']));
});

test('a machine that was started again leaves the one before without an answer', async () => {
  const disk = new Disk();
  const old = disk.boot();
  const young = disk.boot();
  let isAnswered = false;
  const answered = () => {
    isAnswered = true;
  };
  for (const each of [
    old.get(Uint8Array.of(1), {}),
    old.getMany([], {}),
    old.batch([], { sync: true }),
    contentOf(old),
  ]) {
    each.then(answered, answered);
  }
  await settle();
  expect(isAnswered).toBe(false);
  expect(await contentOf(young)).toEqual([]);
});

test('a copy goes its own way', async () => {
  const disk = new Disk();
  const database = disk.boot();
  const put = { type: 'put' as const, key: Uint8Array.of(1), value: Uint8Array.of(1) };
  await database.batch([put], { sync: true });
  disk.last.write(7);
  const copy = disk.copy();
  await database.batch([{ type: 'del', key: put.key }], { sync: true });
  disk.last.write(8);
  expect(await contentOf(copy.boot())).toEqual(['01 01']);
  expect([copy.last.read(), disk.last.read()]).toEqual([7, 8]);
});
