/** Restarts: what the chain finds again, whichever write was the last before a crash. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { Level } from 'level';
import { afterAll, expect, test } from 'vitest';
import { Chain } from '../src/chain/chain.ts';
import type { Database } from '../src/chain/database.ts';
import { hashOf } from '../src/chain/entry.ts';
import { Guard } from '../src/chain/guard.ts';
import { main } from '../src/consensus/params.ts';
import { hashHeader } from '../src/primitives/block.ts';
import { hashToBytes, isSameBytes } from '../src/primitives/codec.ts';
import { outputTo, pay } from './forge.ts';
import {
  coinsIn,
  type Grove,
  grass,
  machine,
  memory,
  noon,
  openChain,
  plant,
  recordsIn,
  verifyInline,
  wordOf,
} from './grove.ts';
import { Mortal } from './mortal.ts';

const folder = mkdtempSync(join(tmpdir(), 'chain-restart-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A real LevelDB on the disk. */
async function onDisk(name: string): Promise<Level<Uint8Array, Uint8Array>> {
  const options = { keyEncoding: 'view', valueEncoding: 'view' };
  const level = new Level<Uint8Array, Uint8Array>(join(folder, name), options);
  await level.open();
  return level;
}

//   genesis ── a1 ── a2
//               └─── b2 ── b3
/** The tree above; a2 and b2 spend the same coin. Everything is drawn, and nothing handed in. */
async function plantForked(database: Database): Promise<Grove> {
  const grove = await plant({ database });
  grove.draw('a1', { on: 'genesis' });
  const coin = grove.minted('a1');
  const spends = [1, 2].map((to) => pay([coin], { outputs: [outputTo(to, 1_0000_0000n)] }));
  grove.draw('a2', { on: 'a1', with: spends.slice(0, 1) });
  grove.draw('b2', { on: 'a1', with: spends.slice(1) });
  grove.draw('b3', { on: 'b2' });
  return grove;
}

const order = ['a1', 'a2', 'b2', 'b3'];

test('a chain on LevelDB has the same tip and coins when it is opened again', async () => {
  const first = await onDisk('again');
  const grove = await plantForked(first);
  for (const name of order) await grove.submit(name);
  const coins = await coinsIn(first);
  expect([grove.tip, coins.size]).toEqual(['b3', 3]);
  await first.close();

  const second = await onDisk('again');
  const chain = await openChain(second);
  expect(hashOf(chain.tip)).toBe(hashHeader(grove.block('b3').header));
  expect(await coinsIn(second)).toEqual(coins);
  expect(await chain.store.block(chain.tip)).toEqual(grove.block('b3'));
  expect((await chain.store.leaves()).length).toBe(2);
  await second.close();
});

test('a block that was kept before a crash is made the tip after it', async () => {
  const grove = await plantForked(memory());
  for (const name of ['a1', 'a2', 'b2']) await grove.submit(name);
  const { store, branch, writer } = grove.node.chain;
  const b2 = await store.entry(hashHeader(grove.block('b2').header));
  if (!b2) throw new Error('b2 was not kept');
  const b3 = grove.block('b3');
  await writer.add(await branch.extend(b2, b3), b3, false);
  expect(grove.tip).toBe('a2');

  await grove.reopen();
  expect(grove.tip).toBe('b3');
  const straight = await plantForked(memory());
  for (const name of ['a1', 'b2', 'b3']) await straight.submit(name);
  expect(await coinsIn(grove.database)).toEqual(await coinsIn(straight.database));
});

test('a bad block that was kept before a crash is condemned after it', async () => {
  const grove = await plantForked(memory());
  await grove.submit('a1');
  const bad = grove.draw('bad', { on: 'a1', claim: 99_0000_0000n });
  const { chain } = grove.node;
  await chain.writer.add(await chain.branch.extend(chain.tip, bad), bad, false);
  await grove.reopen();
  expect(grove.tip).toBe('a1');
  expect(wordOf(await grove.submit('bad'))).toBe('duplicate-invalid');
});

/** Hands in the whole tree to a node that dies before this write. Did it live on to the end? */
async function liveFor(writes: number, under: Database): Promise<boolean> {
  try {
    const grove = await plantForked(new Mortal(under, writes));
    for (const name of order) await grove.submit(name);
    return true;
  } catch (error) {
    expect(String(error)).toContain('the machine is dead');
    return false;
  }
}

test('whichever write a crash comes before, the same chain is reached afterwards', async () => {
  const whole = memory();
  expect(await liveFor(Number.POSITIVE_INFINITY, whole)).toBe(true);
  const expected = await recordsIn(whole);

  let writes = 0;
  for (; ; writes++) {
    const database = memory();
    if (await liveFor(writes, database)) break;
    const grove = await plantForked(database);
    for (const name of order) await grove.submit(name);
    expect(grove.tip, `after ${writes} writes`).toBe('b3');
    expect(await recordsIn(database), `after ${writes} writes`).toEqual(expected);
  }
  // Two to begin, one for each block kept, and one for each block that joins or leaves; and of the
  // mempool one when it is opened, and one for each time that it follows the chain.
  expect(writes).toBe(2 + 4 + 4 + 1 + 1 + 3);
});

test('blocks taken in haste are there again, and vouched for once one was not', async () => {
  const database = memory();
  let isSynced = true;
  let number: number | undefined;
  const last = {
    read: () => number,
    write: (written: number) => {
      number = written;
    },
  };
  const options = { database, ...machine, last, params: grass, verifyAll: verifyInline };
  const chain = await Chain.open({ ...options, isSynced: () => isSynced });
  const founded = number;
  const grove = await plantForked(memory());
  isSynced = false;
  for (const name of ['a1', 'a2', 'b2']) await chain.accept(grove.block(name), noon);
  expect(number).toBe(founded);
  expect((await Chain.open(options)).tip).toEqual(chain.tip);
  isSynced = true;
  await chain.accept(grove.block('b3'), noon);
  expect(number).toBeGreaterThan(founded ?? 0);
  expect((await Chain.open(options)).tip).toEqual(chain.tip);
});

test('however many writes came before, opening leaves few of their markers', async () => {
  const database = memory();
  const guard = await Guard.open({ database, ...machine });
  const key = utf8ToBytes('x');
  for (let i = 0; i < 1_500; i++) {
    await guard.batch([{ type: 'put', key, value: Uint8Array.of(i & 0xff) }], { sync: false });
  }
  const markers = () => recordsIn(database, '\u0001', '\u0002');
  expect((await markers()).length).toBe(1_501);
  await Guard.open({ database, ...machine });
  expect((await markers()).length).toBe(2);
  const again = await Guard.open({ database, ...machine });
  expect((await markers()).length).toBe(2);
  expect((await again.get(key))?.[0]).toBe(1_499 & 0xff);
  // A hole is noticed behind them as it was before.
  for (const value of [1, 2, 3]) {
    await again.batch([{ type: 'put', key, value: Uint8Array.of(value) }], { sync: true });
  }
  const [gone] = (await markers()).slice(-2, -1);
  if (gone) await database.del(gone[0]);
  await expect(Guard.open({ database, ...machine })).rejects.toMatchObject({ code: 'damaged' });
});

test('a chain of one network is not opened as that of another', async () => {
  const database = memory();
  await openChain(database);
  await expect(openChain(database, main)).rejects.toMatchObject({ code: 'wrong-network' });
});

test('a database whose tables are of another version is not touched', async () => {
  const database = memory();
  const { guard } = await openChain(database);
  const key = utf8ToBytes('mschema');
  await guard.batch([{ type: 'put', key, value: Uint8Array.of(1, 0, 0, 0) }], { sync: true });
  const before = await recordsIn(database);
  await expect(openChain(database)).rejects.toMatchObject({ code: 'schema' });
  expect(await recordsIn(database)).toEqual(before);
});

test('a database that has lost a setting is damaged, and not of another kind', async () => {
  for (const name of ['mschema', 'mgenesis', 'mtip', 'mleaves']) {
    const database = memory();
    await openChain(database);
    await database.del(utf8ToBytes(name));
    await expect(openChain(database), name).rejects.toMatchObject({ code: 'damaged' });
  }
});

test('a database that has lost a block says so instead of going on', async () => {
  const grove = await plantForked(memory());
  for (const name of ['a1', 'a2', 'b2']) await grove.submit(name);
  const { chain } = grove.node;
  const gone = await recordsIn(grove.database, 'b', 'c');
  await grove.database.batch(
    gone.map(([key]) => ({ type: 'del', key })),
    { sync: true },
  );
  await expect(chain.store.block(chain.tip)).rejects.toMatchObject({ code: 'damaged' });
  await expect(grove.submit('b3')).rejects.toMatchObject({ code: 'damaged' });
});

test('a database that has lost the entry of a side branch is not opened', async () => {
  const grove = await plantForked(memory());
  for (const name of ['a1', 'a2', 'b2']) await grove.submit(name);
  const own = hashToBytes(hashHeader(grove.block('b2').header));
  const gone = (await recordsIn(grove.database, 'i', 'j')).filter(([key]) => {
    return isSameBytes(key.subarray(1), own);
  });
  expect(gone.length).toBe(1);
  for (const [key] of gone) await grove.database.batch([{ type: 'del', key }], { sync: true });
  await expect(grove.reopen()).rejects.toMatchObject({ code: 'damaged' });
});
