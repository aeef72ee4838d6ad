/** The guard when it reads, each of its rules by the smallest step. */
import { expect, test } from 'vitest';
import type { Database } from '../src/chain/database.ts';
import { Guard } from '../src/chain/guard.ts';
import { turnBit } from './forge.ts';
import { copyOf, machine, memory } from './grove.ts';
import { bytes, filled, isDamaged, keysOf, lastIn, open, put, sync, text } from './guarded.ts';

/** Takes a record out, and puts it back under another key or with another value. */
async function move(
  database: ReturnType<typeof memory>,
  key: Uint8Array,
  to: Uint8Array,
  bit?: number,
) {
  const record = (await database.get(key)) ?? new Uint8Array();
  await database.del(key);
  await database.put(to, bit === undefined ? record : turnBit(record, bit));
}

/** The key of the marker of this batch. */
const marker = (number: number) => Uint8Array.of(1, 0, 0, 0, number);

test('what was written is read, and what was not is missed', async () => {
  const { guard } = await filled();
  expect(text(await guard.get(bytes('kb')))).toBe('y');
  expect(await guard.get(bytes('kbb'))).toBeUndefined();
  const many = await guard.getMany([bytes('kc'), bytes('kd'), bytes('ka')]);
  expect(many.map(text)).toEqual(['z', undefined, 'x']);
  expect(await keysOf(guard)).toEqual(['ka', 'kb', 'kc']);
});

test('a record with any one bit turned is damaged, however it is asked for', async () => {
  const { database } = await filled();
  for (let bit = 0; bit < 8 * (1 + 4); bit++) {
    const copy = await copyOf(database);
    await move(copy, bytes('kb'), bytes('kb'), bit);
    const guard = await open(copy, lastIn(3));
    await expect(guard.get(bytes('kb')), `bit ${bit}`).rejects.toMatchObject(isDamaged);
    await expect(guard.getMany([bytes('kb')])).rejects.toMatchObject(isDamaged);
    await expect(keysOf(guard)).rejects.toMatchObject(isDamaged);
  }
});

test('a record too short for its checksum is damaged', async () => {
  const { database, guard } = await filled();
  await database.put(bytes('kb'), Uint8Array.of(1, 2, 3));
  await expect(guard.get(bytes('kb'))).rejects.toMatchObject(isDamaged);
});

test('a record whose key has a bit turned is damaged where it lies', async () => {
  const { database } = await filled();
  for (let bit = 0; bit < 16; bit++) {
    const copy = await copyOf(database);
    const wrong = turnBit(bytes('kb'), bit);
    // Those that fall on a or c would take their place, which LevelDB's files do not do.
    if (['ka', 'kc'].includes(text(wrong) ?? '')) continue;
    await move(copy, bytes('kb'), wrong);
    // Among the markers it is met already when the database is opened.
    const found = open(copy, lastIn(3)).then((guard) => guard.get(wrong));
    await expect(found, `bit ${bit}`).rejects.toMatchObject(isDamaged);
  }
});

test('a record under the key of another is damaged', async () => {
  const { database, guard } = await filled();
  await database.put(bytes('kb'), (await database.get(bytes('ka'))) ?? new Uint8Array());
  await expect(guard.get(bytes('kb'))).rejects.toMatchObject(isDamaged);
});

test('a record is not missed where its neighbour is damaged', async () => {
  const { database, guard } = await filled();
  await move(database, bytes('ka'), bytes('ka'), 0);
  await expect(guard.get(bytes('kaa'))).rejects.toMatchObject(isDamaged);
  await expect(guard.get(bytes('k'))).rejects.toMatchObject(isDamaged);
});

test('a record of another database is damaged', async () => {
  const { database, guard } = await filled();
  const other = memory();
  const random = (length: number) => new Uint8Array(length).fill(8);
  const stranger = await Guard.open({ database: other, ...machine, random });
  await stranger.batch([put('kb', 'y')], sync);
  await database.put(bytes('kb'), (await other.get(bytes('kb'))) ?? new Uint8Array());
  await expect(guard.get(bytes('kb'))).rejects.toMatchObject(isDamaged);
});

test('a database opens again with all that was written', async () => {
  const { database, last } = await filled();
  expect(last.number).toBe(3);
  expect(await keysOf(await open(database, last))).toEqual(['ka', 'kb', 'kc']);
  expect((await open(database, last)).isNew).toBe(false);
});

test('a database whose founder died is as new', async () => {
  const database = memory();
  await open(database);
  // The number outside is written after the batch, so the crash may have come between.
  expect((await open(database, lastIn())).isNew).toBe(true);
});

test('a hole among the markers is damage, wherever it is', async () => {
  const { database, last } = await filled();
  for (const number of [0, 1, 2, 3]) {
    const copy = await copyOf(database);
    await copy.del(marker(number));
    await expect(open(copy, last), `marker ${number}`).rejects.toMatchObject(isDamaged);
  }
});

test('without any marker the database is damaged', async () => {
  const { database, last } = await filled();
  for (const number of [0, 1, 2, 3]) await database.del(marker(number));
  await expect(open(database, last)).rejects.toMatchObject(isDamaged);
});

test('the number outside may be behind, but neither ahead nor gone', async () => {
  const { database } = await filled();
  // A crash may have come after the batch and before its number.
  for (const known of [2, 3]) expect(await open(database, lastIn(known))).toBeInstanceOf(Guard);
  for (const known of [4, undefined]) {
    await expect(open(database, lastIn(known)), `${known}`).rejects.toMatchObject(isDamaged);
  }
});

test('an empty database is not founded where a number says that there was one', async () => {
  await expect(open(memory(), lastIn(3))).rejects.toMatchObject(isDamaged);
  await expect(open(memory(), lastIn(0))).rejects.toMatchObject(isDamaged);
});

test('a database without its first record, or with another, is damaged', async () => {
  const { database, last } = await filled();
  const first = Uint8Array.of(0);
  const lost = await copyOf(database);
  await lost.del(first);
  await expect(open(lost, last)).rejects.toMatchObject(isDamaged);
  await move(database, first, first, 5);
  await expect(open(database, last)).rejects.toMatchObject(isDamaged);
});

test('without its fence a database does not say that there is no more', async () => {
  const { database, guard } = await filled();
  await database.del(Uint8Array.of(255));
  await expect(guard.get(bytes('kd'))).rejects.toMatchObject(isDamaged);
  await expect(keysOf(guard)).rejects.toMatchObject(isDamaged);
  expect(text(await guard.get(bytes('kc')))).toBe('z');
});

test('a view does not see what is written after it', async () => {
  const { guard } = await filled();
  const view = guard.view();
  await guard.batch([put('kb', 'new'), put('kd', 'x'), { type: 'del', key: bytes('ka') }], sync);
  expect(text(await view.get(bytes('kb')))).toBe('y');
  expect(await view.get(bytes('kd'))).toBeUndefined();
  expect(await keysOf(view)).toEqual(['ka', 'kb', 'kc']);
  expect(await keysOf(guard)).toEqual(['kb', 'kc', 'kd']);
  await view.close();
});

test('a scan that is left early leaves no iterator open', async () => {
  const { database } = await filled();
  const under: Database = database;
  let isOpen = 0;
  const counted: Database = {
    get: (...asked) => under.get(...asked),
    getMany: (...asked) => under.getMany(...asked),
    snapshot: () => under.snapshot(),
    batch: (...asked) => under.batch(...asked),
    async *iterator(...asked) {
      isOpen++;
      try {
        yield* under.iterator(...asked);
      } finally {
        isOpen--;
      }
    },
  };
  const other = await open(counted, lastIn(3));
  for await (const [key] of other.iterator({ gte: bytes('k'), lt: bytes('l') })) {
    expect({ key: text(key), isOpen }).toEqual({ key: 'ka', isOpen: 1 });
    break;
  }
  expect(await other.get(bytes('kbb'))).toBeUndefined();
  await database.del(Uint8Array.of(255));
  await expect(keysOf(other)).rejects.toMatchObject(isDamaged);
  expect(isOpen).toBe(0);
});
