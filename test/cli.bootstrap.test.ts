/** `export` and `import`, typed: a chain goes from one data folder to another in a file. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { encodeRecord } from '../src/chain/bootstrap.ts';
import { openDatabase } from '../src/cli/leveldb.ts';
import { main, regtest } from '../src/consensus/params.ts';
import { type Block, hashHeader } from '../src/primitives/block.ts';
import { encode, U32 } from '../src/primitives/codec.ts';
import { fileOf, magic } from './blockfile.ts';
import { hex } from './forge.ts';
import { type Grove, plant, recordsIn } from './grove.ts';
import { ask, copyOf, grownFolder, lines, newFolder, refused, run } from './terminal.ts';

/** What both commands answer with `--json`. */
interface Answer {
  readonly height: number;
  readonly hash: string;
  readonly checked: number;
}

let grown: string;
/** The file that `grown` was exported into, and what was said of it. */
let exported: string;
let bytes: Uint8Array;
let tip: string;
beforeAll(async () => {
  grown = await grownFolder();
  exported = join(newFolder(), 'bootstrap.dat');
  const said = await lines(['export', exported], { datadir: grown });
  bytes = new Uint8Array(readFileSync(exported));
  [{ hash: tip } = { hash: '' }] = await blocksOf(grown, '1');
  expect(said).toEqual([`exported 102 blocks to ${exported}, the last at height 101: ${tip}`]);
});

function blocksOf(datadir: string, limit = '200'): Promise<readonly { readonly hash: string }[]> {
  return ask(['printchain', '--all', '--limit', limit], { datadir });
}

/** A file with these bytes in a folder of its own. */
function fileWith(content: Uint8Array): string {
  const path = join(newFolder(), 'blocks.dat');
  writeFileSync(path, content);
  return path;
}

describe.concurrent('a chain', () => {
  test('that is exported and imported is the same, to the last word of printchain', async () => {
    const datadir = newFolder();
    expect(await lines(['import', exported], { datadir })).toEqual([
      `imported 102 blocks from ${exported}, 101 new; the tip is at height 101: ${tip}`,
    ]);
    const blocks = await blocksOf(datadir);
    expect(blocks).toHaveLength(102);
    expect(blocks).toEqual(await blocksOf(copyOf(grown)));

    expect(await lines(['import', exported], { datadir })).toEqual([
      `imported 102 blocks from ${exported}, 0 new; the tip is at height 101: ${tip}`,
    ]);
    expect(await blocksOf(datadir)).toEqual(blocks);
    const again = join(datadir, 'again.dat');
    await lines(['export', again], { datadir });
    expect(new Uint8Array(readFileSync(again))).toEqual(bytes);
    expect(readdirSync(datadir).toSorted()).toEqual(['again.dat', 'regtest']);
  });

  test('is told of to programs by height, hash and how many blocks were looked at', async () => {
    const datadir = newFolder();
    const path = join(datadir, 'new.dat');
    const answer: Answer = { height: 101, hash: tip, checked: 102 };
    expect(await ask(['import', exported], { datadir })).toEqual(answer);
    expect(await ask(['export', path], { datadir })).toEqual(answer);
    expect(await ask(['import', path], { datadir })).toEqual(answer);
  });

  test('that has only begun is one block, on main too', async () => {
    const place = { datadir: newFolder(), env: { CHAIN_NETWORK: 'main' } };
    const path = join(place.datadir, 'main.dat');
    const hash = hashHeader(main.genesis.header);
    const said = await lines(['export', path], place);
    expect(said).toEqual([`exported 1 block to ${path}, the last at height 0: ${hash}`]);
    expect((await lines(['import', path], place))[0]).toMatch(/^imported 1 block from .+, 0 new; /);
    await refused(['import', exported], place, 'wrong-network', 'fabfb5da, the network regtest');
  });
});

describe.concurrent('no export', () => {
  test('takes the place of what is there, be it a file, a folder or a draft', async () => {
    const datadir = copyOf(grown);
    const folder = newFolder();
    const path = join(folder, 'mine.dat');
    writeFileSync(path, 'mine');
    await refused(['export', path], { datadir }, 'file-exists', `there is a ${path} already`);
    await refused(['export', folder], { datadir }, 'file-exists', folder);
    writeFileSync(join(folder, 'b.dat.tmp'), 'mine');
    await refused(['export', join(folder, 'b.dat')], { datadir }, 'file-exists', 'b.dat.tmp');
    expect(readdirSync(folder).toSorted()).toEqual(['b.dat.tmp', 'mine.dat']);
    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect(readFileSync(join(folder, 'b.dat.tmp'), 'utf8')).toBe('mine');
  });

  test('that fails in its midst leaves a file behind', async () => {
    const datadir = copyOf(grown);
    const { database, close } = await openDatabase(join(datadir, 'regtest'));
    const [key] = (await recordsIn(database, 'b', 'c'))[50] ?? [];
    await database.batch(key ? [{ type: 'del', key }] : [], { sync: true });
    await close();
    const folder = newFolder();
    expect(await run(['export', join(folder, 'b.dat')], { datadir })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^error: damaged: .+\n$/),
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('goes where there is no folder, or none that may be written to', async (context) => {
    const datadir = newFolder();
    const place = join(datadir, 'not', 'there.dat');
    await refused(['export', place], { datadir }, 'cannot-write', 'ENOENT');
    // The superuser may write anywhere, so there nobody types.
    const uid = process.getuid?.() === 0 ? { uid: 65_534 } : {};
    const canRun = await run(['--version'], { datadir: '/', ...uid }).catch(() => undefined);
    if (canRun?.code !== 0) context.skip('another user cannot read the program here');
    const closed = join(datadir, 'closed');
    mkdirSync(closed);
    chmodSync(closed, 0o555);
    chmodSync(datadir, 0o755);
    const path = join(closed, 'b.dat');
    await refused(['export', path], { datadir, ...uid }, 'cannot-write', 'EACCES');
    expect(existsSync(join(datadir, 'regtest'))).toBe(false);
  });
});

describe.concurrent('an import', () => {
  test('of what is no file of blocks is refused, and changes nothing', async () => {
    const datadir = copyOf(grown);
    const before = await blocksOf(datadir);
    const bitcoin = concatBytes(hex('f9beb4d9'), bytes.slice(4));
    const words = "begins with f9beb4d9, Bitcoin's main network; blocks of this network begin with";
    const at = bytes.length;
    const table: readonly (readonly [Uint8Array, string, string])[] = [
      [new Uint8Array(0), 'file-empty', 'there is nothing in it'],
      [utf8ToBytes('#!/bin/sh\n'), 'not-blocks', 'it is no file of blocks'],
      [bitcoin, 'wrong-network', `${words} ${magic}`],
      [bytes.slice(0, -1), 'file-cut', '; of 101 read: 0 new and taken, 101 known'],
      [concatBytes(bytes, hex('ff')), 'file-garbled', `at offset ${at} is ff`],
      [concatBytes(bytes, hex(magic), encode(U32, 0)), 'bad-size', `at offset ${at} claims 0`],
      [concatBytes(bytes, hex(magic), encode(U32, 1), hex('07')), 'not-a-block', `offset ${at} `],
    ];
    for (const [content, code, says] of table) {
      const path = fileWith(content);
      await refused(['import', path], { datadir }, code, says);
    }
    const nothing = join(newFolder(), 'nothing');
    await refused(['import', nothing], { datadir }, 'cannot-read', 'ENOENT');
    await refused(['import', datadir], { datadir }, 'cannot-read', 'it is not a file');
    expect(await blocksOf(datadir)).toEqual(before);
  });

  test('of a file cut short keeps what stood before, and the rest comes later', async () => {
    const datadir = newFolder();
    const said = await run(['import', fileWith(bytes.slice(0, -1))], { datadir });
    expect(said).toMatchObject({ code: 1, stdout: '' });
    expect(said.stderr).toMatch(/^error: file-cut: .+ at offset \d+ has \d+ of its \d+ bytes; /);
    expect(said.stderr).toContain('; of 101 read: 100 new and taken, 1 known\n');
    expect(await ask(['status'], { datadir })).toMatchObject({ height: 100 });
    expect(await ask(['import', exported], { datadir })).toMatchObject({ height: 101 });
  });
});

/** Three blocks: a1, and x and a2 as they are drawn on it. */
async function drawn(draw: (grove: Grove) => void): Promise<readonly Block[]> {
  const grove = await plant({ params: regtest });
  await grove.mine('a1');
  draw(grove);
  return ['a1', 'x', 'a2'].map((name) => grove.block(name));
}

describe.concurrent('to import', () => {
  test('a block that breaks a rule is to go on behind it, and to name it at the end', async () => {
    const datadir = newFolder();
    const blocks = await drawn((grove) => {
      grove.draw('x', { claim: 50_0000_0001n });
      grove.draw('a2');
    });
    const [a1 = main.genesis, x = a1, a2 = a1] = blocks;
    const path = fileWith(fileOf(blocks));
    expect(await run(['import', path], { datadir })).toEqual({
      code: 1,
      stdout: '',
      stderr:
        `error: bad-cb-amount: ${path}: block ${hashHeader(x.header)} at offset ` +
        `${encodeRecord(magic, a1).length} is refused: bad-cb-amount (claimed 5000000001, ` +
        'allowed 5000000000); of 3 read: 2 new and taken, 0 known, 1 refused\n',
    });
    const hash = hashHeader(a2.header);
    expect(await ask(['status'], { datadir })).toMatchObject({ height: 2, hash });
    await refused(['import', path], { datadir }, 'duplicate-invalid', '2 known, 1 refused');
  });

  test('a block from the future is to say so, and to take the others', async () => {
    const datadir = newFolder();
    const blocks = await drawn((grove) => {
      grove.draw('x', { time: 0xffff_ffff });
      grove.draw('a2');
    });
    const said = await run(['import', fileWith(fileOf(blocks))], { datadir });
    expect(said).toMatchObject({ code: 1, stdout: '' });
    expect(said.stderr).toMatch(/^error: time-too-new: .+: 2 new and taken, 0 known, 1 refused\n$/);
  });

  test('blocks whose parents are nowhere is to name the first that is missing', async () => {
    const datadir = newFolder();
    const blocks = await drawn((grove) => {
      grove.draw('x');
      grove.draw('a2', { on: 'x' });
    });
    const [a1 = main.genesis, ...rest] = blocks;
    const missing = hashHeader(a1.header);
    const says = `there is no parent ${missing}, neither here nor in the file; of 2 read`;
    const file = fileWith(fileOf(rest.toReversed()));
    await refused(['import', file], { datadir }, 'prev-blk-not-found', says);
    await refused(['import', file], { datadir }, 'prev-blk-not-found', '2 without their parents');
    expect(await ask(['status'], { datadir })).toMatchObject({ height: 0 });
    await lines(['import', fileWith(fileOf([a1]))], { datadir });
    expect(await ask(['import', file], { datadir })).toMatchObject({ height: 3, checked: 2 });
  });
});

test.concurrent.for([
  ['export', "missing required argument 'file'"],
  ['import', "missing required argument 'file'"],
  ['export a b', 'too many arguments'],
  ['import a b', 'too many arguments'],
  ['export ', 'a file has a name'],
  ['exprt a', 'Did you mean export?'],
] as const)('`chain %s` is a wrong use', async ([words, says]) => {
  const datadir = newFolder();
  await refused(words.split(' '), { datadir }, 'usage', says);
  expect(readdirSync(datadir)).toEqual([]);
});
