/** Commands typed with a node that runs and without one: they say and do the same. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileIn, type Started, startNode } from './started.ts';
import { ask, copyOf, grownFolder, lines, run, type Said, signalGroup } from './terminal.ts';

const unknown = '1'.repeat(64);
const words =
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about';

/** Two folders that are the same; in one of them a node runs. */
let alone: string;
let beside: string;
let node: Started;
/** A payment of alice's that waits in both. */
let waiting: string;

beforeAll(async () => {
  alone = await grownFolder();
  writeFileSync(join(alone, 'empty'), '');
  const pay = ['send', '--from', 'alice', '--to', 'bob', '--amount', '7'];
  [waiting = ''] = await lines(pay, { datadir: alone });
  beside = copyOf(alone);
  node = await startNode(beside, '--threads', '1');
});

afterAll(async () => {
  await signalGroup(node.child, 'SIGINT');
});

/** What a command says, without what must differ: the folder, and what tells of the node. */
async function type(line: string, datadir: string, input: string): Promise<Said> {
  const typed = line.split(' ').map((word) => word.replace('FOLDER', datadir));
  const { stdout, stderr, code } = await run(typed, { datadir, input });
  const clean = (text: string) =>
    text
      .replaceAll(datadir, 'FOLDER')
      .replace(/^node .*$/m, 'node')
      .replace(/"node": (null|\{[^}]*\})/, '"node": null');
  return { stdout: clean(stdout), stderr: clean(stderr), code };
}

/** Types a command both ways, and expects the same of both; what was said. */
async function both(line: string, input = ''): Promise<Said> {
  const [first, second] = await Promise.all([type(line, alone, input), type(line, beside, input)]);
  expect(second).toEqual(first);
  return first;
}

test.each([
  'status',
  'getbalance alice',
  'listaddresses',
  'history alice',
  'mempool',
  'printchain --limit 3',
  'printchain --all --from 2',
  'getblock 101',
  'verify',
])('%s says the same', async (line) => {
  expect(await both(line)).toMatchObject({ code: 0, stdout: expect.stringContaining('\n') });
  const { code, stdout } = await both(`${line} --json`);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toBeTypeOf('object');
});

test.each([
  ['getblock 999', 'not-found'],
  [`getblock ${unknown}`, 'not-found'],
  [`gettx ${unknown}`, 'not-found'],
  [`bump ${unknown}`, 'not-waiting'],
  ['send --from alice --to bob --amount 99999', 'insufficient-funds'],
  ['import FOLDER/empty', 'file-empty'],
  ['export FOLDER/empty', 'file-exists'],
])('%s is refused the same', async (line, reason) => {
  const { code, stderr } = await both(line);
  expect(code).toBe(1);
  expect(stderr).toMatch(`error: ${reason}: `);
});

test('a refusal is the same for programs', async () => {
  const { code, stdout } = await both('getblock 999 --json');
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'not-found' } });
});

test('files of blocks are the same, and are taken the same', async () => {
  await both('export FOLDER/blocks');
  const [one, other] = [alone, beside].map((datadir) => readFileSync(join(datadir, 'blocks')));
  expect(other).toEqual(one);
  expect((await both('import FOLDER/blocks')).stdout).toContain('imported 102 blocks');
  expect((await both('import FOLDER/blocks --json')).code).toBe(0);
});

test('wallets are made and grow the same', async () => {
  expect((await both('importwallet --label found', `${words}\n`)).code).toBe(0);
  expect((await both('newaddress bob --json')).code).toBe(0);
});

test('a payment is the same, its replacement too, and both are mined', async () => {
  expect((await both(`gettx ${waiting}`)).stdout).toContain('waits   since');
  // The very same coins and change; only where it waits is told otherwise.
  const pay = ['send', '--from', 'alice', '--to', 'bob', '--amount', '3'];
  const sent = [alone, beside].map((datadir) => run(pay, { datadir }));
  const [first, second] = await Promise.all(sent);
  expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining('run chain mine') });
  expect(second).toMatchObject({ code: 0, stdout: first?.stdout });
  expect(second?.stderr).toContain('It waits in the node that runs here for a block.');
  const id = first?.stdout.trim();
  expect(await node.hear('took a payment')).toMatchObject({ txid: id });
  const bumped = await both(`bump ${id} --json`);
  expect(JSON.parse(bumped.stdout)).toMatchObject({ replaced: id });

  const more = 'send --from alice --to bob --amount 1 --mine --json'.split(' ');
  const mine = 'mine --blocks 2 --to bob --threads 1'.split(' ');
  for (const datadir of [alone, beside]) {
    const { stdout } = await run(more, { datadir });
    expect(JSON.parse(stdout)).toMatchObject({ broadcast: false });
    const mined = await lines(mine, { datadir });
    expect(mined).toEqual(Array(2).fill(expect.stringMatching(/^[0-9a-f]{64}$/)));
    expect(await ask(['getblock', '104'], { datadir })).toMatchObject({ hash: mined[1] });
  }
  expect(await node.hear('mined a block')).toMatchObject({ height: 102, payments: 3 });
  await both('getbalance --json');
  expect((await both(`bump ${waiting}`)).stderr).toContain('already-mined');
});

test('status tells of the node', async () => {
  const written = JSON.parse(readFileSync(fileIn(beside, 'node.json'), 'utf8'));
  expect(await ask(['status'], { datadir: beside })).toMatchObject({ node: written, peers: 0 });
  expect(await ask(['status'], { datadir: alone })).toMatchObject({ node: null });
  const { stdout } = await run(['status'], { datadir: beside });
  expect(stdout).toContain(`process ${node.child.pid}, ${written.http}`);
});
