/** The guard when it writes: in order, numbered, and never again after a failure. */
import { expect, test } from 'vitest';
import type { Database } from '../src/chain/database.ts';
import { Guard } from '../src/chain/guard.ts';
import { memory } from './grove.ts';
import { bytes, filled, keysOf, lastIn, open, put, sync, text } from './guarded.ts';

/** A database in memory whose batch of this number fails, counted from one. */
function failing(under: Database, number: number, why: string) {
  let batches = 0;
  const database: Database = {
    get: (...asked) => under.get(...asked),
    getMany: (...asked) => under.getMany(...asked),
    iterator: (...asked) => under.iterator(...asked),
    snapshot: () => under.snapshot(),
    batch: async (...asked) => {
      if (++batches === number) throw new Error(why);
      await under.batch(...asked);
    },
  };
  return { database, written: () => batches };
}

test('the first write that fails is the last, and each after it throws the same', async () => {
  const under = memory();
  const last = lastIn();
  const { database, written } = failing(under, 3, 'No space left on device');
  const guard = await open(database, last);
  const batches = ['ka', 'kb', 'kc', 'kd'].map((key) => guard.batch([put(key, 'x')], sync));
  const [first, ...rest] = await Promise.allSettled(batches);
  expect(first?.status).toBe('fulfilled');
  const reasons = rest.map((each) => each.status === 'rejected' && each.reason);
  expect(reasons[0]).toMatchObject({ code: 'disk-full' });
  expect(new Set(reasons).size).toBe(1);
  expect({ written: written(), last: last.number }).toEqual({ written: 3, last: 1 });
  expect(await keysOf(await open(under, last))).toEqual(['ka']);
});

test('a write that fails has its reason in its code', async () => {
  const codes: Readonly<Record<string, string>> = {
    'IO error: 000003.log: File too large': 'disk-full',
    'IO error: Disk quota exceeded': 'disk-full',
    'IO error: 000003.log: Input/output error': 'write-failed',
    'Corruption: block checksum mismatch': 'damaged',
  };
  for (const [why, code] of Object.entries(codes)) {
    const { database } = failing(memory(), 2, why);
    const guard = await open(database);
    await expect(guard.batch([put('ka', 'x')], sync), why).rejects.toMatchObject({ code });
  }
});

test('a number that cannot be kept outside is a write that failed', async () => {
  const { database, last, guard } = await filled();
  last.write = () => {
    throw new Error('ENOSPC: no space left on device, write');
  };
  const fault = { code: 'disk-full' };
  await expect(guard.batch([put('kd', 'x')], sync)).rejects.toMatchObject(fault);
  await expect(guard.batch([put('ke', 'x')], sync)).rejects.toMatchObject(fault);
  expect(await keysOf(await open(database, lastIn(3)))).toEqual(['ka', 'kb', 'kc', 'kd']);
});

test('batches that are handed in at once are written in their order', async () => {
  const { database, last, guard } = await filled();
  const values = Array.from({ length: 20 }, (_, i) => `${i}`);
  await Promise.all(values.map((value) => guard.batch([put('kb', value)], sync)));
  expect(text(await guard.get(bytes('kb')))).toBe('19');
  expect(last.number).toBe(3 + 20);
  expect(await open(database, last)).toBeInstanceOf(Guard);
});

/** The numbers of the markers that are there. */
async function markersIn(database: Database): Promise<readonly number[]> {
  const found: number[] = [];
  const range = { gte: Uint8Array.of(1), lt: Uint8Array.of(2) };
  for await (const [key] of database.iterator(range)) {
    found.push(key[4] ?? -1);
  }
  return found;
}

test('markers are kept for the last 16 MiB and dropped before', async () => {
  const database = memory();
  const last = lastIn();
  const guard = await open(database, last);
  const mebi = new Uint8Array(2 ** 20);
  const dropped: number[] = [];
  for (let number = 1; number <= 40; number++) {
    await guard.batch([{ type: 'put', key: bytes('ka'), value: mebi }], sync);
    const markers = await markersIn(database);
    expect(markers.at(-1)).toBe(number);
    // Each batch is a little more than a mebibyte, so these are 16 MiB.
    expect(markers.length).toBeGreaterThanOrEqual(Math.min(number + 1, 16));
    dropped.push(markers[0] ?? -1);
  }
  expect(dropped.slice(0, 15)).toEqual(new Array(15).fill(0));
  expect(dropped.at(-1)).toBeGreaterThanOrEqual(23);
  expect(await open(database, last)).toBeInstanceOf(Guard);
});

test('what was in the log when a database was opened has left it with that', async () => {
  const { database, last } = await filled();
  const guard = await open(database, last);
  await guard.batch([put('kd', 'x')], sync);
  expect((await markersIn(database)).at(-1)).toBe(4);
  expect(await keysOf(await open(database, last))).toEqual(['ka', 'kb', 'kc', 'kd']);
});
