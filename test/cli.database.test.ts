/** `verify`, `reindex` and `clear`, typed, on a database that is whole and on damaged ones. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../src/chain/database.ts';
import { blocks } from '../src/chain/tables.ts';
import { openDatabase } from '../src/cli/leveldb.ts';
import { regtest } from '../src/consensus/params.ts';
import { hashHeader } from '../src/primitives/block.ts';
import { recordsIn } from './grove.ts';
import { ask, copyOf, grownFolder, lines, newFolder, refused, run } from './terminal.ts';

/** What these commands answer with `--json`. */
interface Answer {
  readonly height: number;
  readonly hash: string;
  readonly checked: number;
  readonly digest?: string;
}

interface Block {
  readonly hash: string;
}

let grown: string;
let whole: Answer;
/** The hashes from the tip down. */
let hashes: readonly string[];
/** The file that it was exported into. */
let exported: string;

beforeAll(async () => {
  grown = await grownFolder();
  await lines(['send', '--from', 'alice', '--to', 'bob', '--amount', '3', '--mine'], {
    datadir: grown,
  });
  await lines(['send', '--from', 'alice', '--to', 'bob', '--amount', '4'], { datadir: grown });
  whole = await ask<Answer>(['verify'], { datadir: grown });
  hashes = (await blocksOf(grown)).map(({ hash }) => hash);
  exported = join(newFolder(), 'all.dat');
  await lines(['export', exported], { datadir: grown });
});

function blocksOf(datadir: string): Promise<readonly Block[]> {
  return ask(['printchain', '--limit', '200'], { datadir });
}

/** The folder of LevelDB in a data folder. */
const placeIn = (datadir: string) => join(datadir, 'regtest', 'chain');

/** Changes records behind the program's back. */
async function tamper(
  datadir: string,
  change: (database: Database) => Promise<void>,
): Promise<void> {
  const { database, close } = await openDatabase(join(datadir, 'regtest'));
  await change(database);
  await close();
}

const genesis = hashHeader(regtest.genesis.header);

describe.concurrent('verify', () => {
  test('says what it checked, and the digest of all coins', async () => {
    const hash = hashes[0] ?? '';
    expect(whole).toEqual({ height: 102, hash, checked: 103, digest: expect.any(String) });
    expect(await lines(['verify'], { datadir: copyOf(grown) })).toEqual([
      'all is well: 103 blocks checked, with all coins, undo records and both indexes',
      `tip    102 ${hash}`,
      `coins  ${whole.digest}`,
    ]);
  });

  test('names what is damaged, and the remedy', async () => {
    const datadir = copyOf(grown);
    await tamper(datadir, async (database) => {
      const [[key, value] = [new Uint8Array(), new Uint8Array()]] = await recordsIn(database, 'u');
      const changed = value.map((byte, i) => (i === 3 ? byte ^ 1 : byte));
      await database.batch([{ type: 'put', key, value: changed }], { sync: true });
    });
    await refused(['verify'], { datadir }, 'damaged', 'an undo record (');
    await refused(['verify'], { datadir }, 'damaged', 'run chain reindex');
  });

  test('finds the same digest in a copy that was taken by export', async () => {
    const file = join(newFolder(), 'copy.dat');
    await lines(['export', file], { datadir: copyOf(grown) });
    const datadir = newFolder();
    await lines(['import', file], { datadir });
    expect(await ask(['verify'], { datadir })).toEqual(whole);
  });

  test('takes no words', async () => {
    await refused(['verify', 'all'], { datadir: newFolder() }, 'usage');
  });
});

describe.concurrent('reindex', () => {
  test('builds the same database anew, waiting payments and all', async () => {
    const datadir = copyOf(grown);
    const hash = hashes[0] ?? '';
    expect(await lines(['reindex'], { datadir })).toEqual([
      `built anew from 103 blocks; the tip is 102 ${hash}`,
    ]);
    expect(await ask(['verify'], { datadir })).toEqual(whole);
    expect(await ask(['getbalance', 'bob'], { datadir })).toMatchObject({
      confirmed: '3.00000000',
      pending: '4.00000000',
    });
    expect(readdirSync(join(datadir, 'regtest')).toSorted()).toEqual([
      'chain',
      'holder',
      'walletlock',
      'wallets',
    ]);
  });

  test('mends every table but that of the blocks, whichever is gone', async () => {
    for (const letter of ['a', 'c', 'i', 'l', 'm', 'o', 'h', 's', 't', 'u', '\u0000', '\u0001']) {
      const datadir = copyOf(grown);
      await tamper(datadir, async (database) => {
        const end = String.fromCharCode(letter.charCodeAt(0) + 1);
        const gone = await recordsIn(database, letter, end);
        expect(gone.length, letter).toBeGreaterThan(0);
        await database.batch(
          gone.map(([key]) => ({ type: 'del', key })),
          { sync: true },
        );
      });
      expect(await run(['verify'], { datadir }), letter).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^error: damaged: .+ chain reindex.+\n$/),
      });
      await lines(['reindex'], { datadir });
      expect(await ask(['verify'], { datadir }), letter).toEqual(whole);
    }
  });

  test.each(['CURRENT', 'MANIFEST', '.log', 'last'])('goes on where %s is lost', async (name) => {
    const datadir = copyOf(grown);
    const place = placeIn(datadir);
    // So that there is something in the log.
    if (name === '.log') await lines(['mine'], { datadir });
    for (const file of readdirSync(place).filter((each) => each.includes(name))) {
      rmSync(join(place, file));
    }
    const before = await run(['status'], { datadir });
    expect(before).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: damaged: /) });
    const { height } = await ask<Answer>(['reindex'], { datadir });
    // With the log go the blocks that were nowhere else.
    const found = await ask<Answer>(['verify'], { datadir });
    expect(found.height).toBe(height);
    expect(hashes.toReversed()[height]).toBe(found.hash);
    if (name !== '.log') expect(found).toEqual(whole);
  });
});

describe.concurrent('a reindex', () => {
  test('ends below a damaged body, and keeps what was above it', async () => {
    const datadir = copyOf(grown);
    const bad = hashes[102 - 60] ?? '';
    await tamper(datadir, async (database) => {
      const key = blocks.put({ height: 60, hash: bad as never }, regtest.genesis).key;
      await database.batch([{ type: 'put', key, value: new Uint8Array(90) }], { sync: true });
    });
    const { stdout, stderr, code } = await run(['reindex'], { datadir });
    const tip = hashes[102 - 59];
    expect({ stdout, code }).toEqual({
      stdout: `built anew from 60 blocks; the tip is 59 ${tip}\n`,
      code: 0,
    });
    expect(stderr).toContain(`block ${bad} at height 60 is damaged`);
    const [, path = ''] = /42 blocks above what is lost are kept in (\S+):/.exec(stderr) ?? [];

    // The lost one comes back from another chain; with the kept ones all is there again.
    const magic = Buffer.from('fabfb5da', 'hex');
    const bytes = readFileSync(exported);
    let at = 0;
    for (let height = 0; height < 60; height++) at += 8 + bytes.readUInt32LE(at + 4);
    const lost = join(newFolder(), 'lost.dat');
    writeFileSync(lost, bytes.subarray(at, at + 8 + bytes.readUInt32LE(at + 4)));
    expect(bytes.subarray(at, at + 4)).toEqual(magic);
    await lines(['import', lost], { datadir });
    await lines(['import', path], { datadir });
    expect(await ask(['verify'], { datadir })).toEqual(whole);
  });

  test('that was cut short is finished by the next command, or has changed nothing', async () => {
    const datadir = copyOf(grown);
    const folder = join(datadir, 'regtest');
    mkdirSync(join(folder, 'chain.new'));
    writeFileSync(join(folder, 'chain.new', 'LOCK'), '');
    expect(await ask(['verify'], { datadir })).toEqual(whole);
    await lines(['reindex'], { datadir });
    renameSync(join(folder, 'chain'), join(folder, 'chain.new'));
    mkdirSync(join(folder, 'chain.old'));
    expect(await ask(['verify'], { datadir })).toEqual(whole);
    expect(existsSync(join(folder, 'chain.old'))).toBe(false);
  });
});

describe.concurrent('reindex, too,', () => {
  test('is asked for again where one was cut short once the database was repaired', async () => {
    const datadir = copyOf(grown);
    rmSync(join(placeIn(datadir), 'CURRENT'));
    await ClassicLevel.repair(placeIn(datadir));
    writeFileSync(join(placeIn(datadir), 'reindex.broken'), '');
    await refused(['status'], { datadir }, 'damaged', 'a reindex was cut short');
    await lines(['reindex'], { datadir });
    expect(await ask(['verify'], { datadir })).toEqual(whole);
  });

  test('does not touch a database of another network', async () => {
    const datadir = newFolder();
    renameSync(join(copyOf(grown), 'regtest'), join(datadir, 'main'));
    const env = { CHAIN_NETWORK: 'main' };
    await refused(['reindex'], { datadir, env }, 'wrong-network', 'begins with block');
    const back = newFolder();
    renameSync(join(datadir, 'main'), join(back, 'regtest'));
    expect(await ask(['verify'], { datadir: back })).toEqual(whole);
  });
  test('saves the sound parts of a broken table', async () => {
    const datadir = copyOf(grown);
    const place = placeIn(datadir);
    const [table = ''] = readdirSync(place).filter((name) => name.endsWith('.ldb'));
    const bytes = readFileSync(join(place, table));
    // Somewhere among the blocks, which are most of it.
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    writeFileSync(join(place, table), bytes);
    await refused(['status'], { datadir }, 'damaged', `${table} does not match its checksums`);
    const { stderr, code } = await run(['reindex'], { datadir });
    expect(code, stderr).toBe(0);
    const [, path] = / kept in (\S+):/.exec(stderr) ?? [];
    if (path) await run(['import', path], { datadir });
    await lines(['import', exported], { datadir });
    expect(await ask(['verify'], { datadir })).toEqual(whole);
  });
});

describe.concurrent('reindex of a sound database', () => {
  test('drops the indexes and builds them alone', async () => {
    const datadir = copyOf(grown);
    const balance = await ask(['getbalance', 'bob'], { datadir });
    await lines(['reindex', '--no-index'], { datadir });
    expect((await lines(['verify'], { datadir }))[0]).toContain('there are no indexes');
    // Slower, but the same.
    expect(await ask(['getbalance', 'bob'], { datadir })).toEqual(balance);
    await lines(['mine'], { datadir });
    const { hash } = await ask<Answer>(['reindex', '--only-index'], { datadir });
    expect(await ask(['verify'], { datadir })).toMatchObject({ height: 103, hash, checked: 104 });
    expect((await lines(['verify'], { datadir }))[0]).toContain('both indexes');
    await lines(['mine', '--no-index'], { datadir });
    expect((await lines(['verify'], { datadir }))[0]).toContain('there are no indexes');
  });

  test('of nothing is the first block', async () => {
    const datadir = newFolder();
    expect(await ask(['reindex'], { datadir })).toEqual({ height: 0, hash: genesis, checked: 1 });
    await refused(['reindex', '--only-index', '--no-index'], { datadir }, 'usage', 'cannot be');
  });
});

describe.concurrent('clear', () => {
  test('begins anew, and keeps wallets and other networks', async () => {
    const datadir = copyOf(grown);
    expect(await ask(['clear'], { datadir })).toEqual({ height: 0, hash: genesis, checked: 0 });
    expect(await ask(['verify'], { datadir })).toMatchObject({ height: 0, checked: 1 });
    expect(await ask(['getbalance', 'alice'], { datadir })).toMatchObject({ total: '0.00000000' });
    expect(await lines(['clear'], { datadir })).toEqual([
      'the chain of regtest begins anew at its first block; wallets are kept',
    ]);
  });

  test('clears what does not even open', async () => {
    const datadir = copyOf(grown);
    rmSync(join(placeIn(datadir), 'CURRENT'));
    await lines(['clear'], { datadir });
    expect(await ask(['status'], { datadir })).toMatchObject({ height: 0 });
  });
});
