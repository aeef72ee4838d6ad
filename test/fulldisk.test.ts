/** A full disk: the program stops with one line, and nothing is lost that it acknowledged. */
import { beforeAll, expect, test } from 'vitest';
import type { Hash } from '../src/primitives/codec.ts';
import { hashesIn, lossesOf, type, wrongWith } from './fulldisk.ts';
import { copyOf, newFolder } from './terminal.ts';

const timeoutMs = 240_000;
const mine = ['mine', '--blocks', '100', '--to', 'alice'];
const send = ['send', '--from', 'alice', '--to', 'bob', '--amount', '1'];

let grown: string;
let blocks: readonly Hash[] = [];
beforeAll(async () => {
  grown = newFolder();
  for (const label of ['alice', 'bob']) await type(['createwallet', '--label', label], grown);
  // Each time it is opened, LevelDB makes a table of its log.
  for (const count of ['60', '45']) {
    blocks = [
      ...blocks,
      ...hashesIn(await type(['mine', '--blocks', count, '--to', 'alice'], grown)),
    ];
  }
  expect(blocks.length).toBe(105);
}, timeoutMs);

test.each([0, 1, 2, 4, 9, 30])(
  'a database that cannot begin in %i KiB begins later',
  {
    timeout: timeoutMs,
  },
  async (limit) => {
    const datadir = newFolder();
    await type(['createwallet', '--label', 'alice'], datadir);
    const said = await type(mine, datadir, limit);
    expect(wrongWith(said)).toBeUndefined();
    const again = await type(['mine', '--to', 'alice'], datadir);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    const known = [...hashesIn(said), ...hashesIn(again)];
    expect(await lossesOf(datadir, { blocks: known, payments: [] })).toEqual([]);
  },
);

test.each([0, 1, 10, 40, 55, 60, 70, 80])(
  'a disk that is full after %i KiB loses nothing',
  {
    timeout: timeoutMs,
  },
  async (limit) => {
    const datadir = copyOf(grown);
    const sent = await type(send, datadir, limit);
    if (sent.code !== 0) expect(wrongWith(sent)).toBeUndefined();
    const mined = await type(mine, datadir, limit);
    expect(wrongWith(mined)).toBeUndefined();
    const payments = sent.code === 0 ? hashesIn(sent).slice(-1) : [];
    const known = [...blocks, ...hashesIn(mined)];
    expect(await lossesOf(datadir, { blocks: known, payments })).toEqual([]);
    const again = await type(['mine', '--to', 'alice'], datadir);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(await lossesOf(datadir, { blocks: [...known, ...hashesIn(again)], payments })).toEqual(
      [],
    );
  },
);

test('with room enough nothing is refused', { timeout: timeoutMs }, async () => {
  const datadir = copyOf(grown);
  const said = await type(['mine', '--blocks', '2', '--to', 'alice'], datadir, 2 ** 20);
  expect(said).toMatchObject({ code: 0, stderr: '' });
  expect(hashesIn(said).length).toBe(2);
});
