/** What a command loads: a question pays for nothing that it does not use. */
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { startNode } from './started.ts';
import { copyOf, grownFolder, newFolder, type Place, run, signalGroup } from './terminal.ts';

const root = join(import.meta.dirname, '..');

/** Writes the address of every module that is loaded to stderr, from each thread. */
const spy = `
import { registerHooks } from 'node:module';
import { writeSync } from 'node:fs';
registerHooks({
  load(url, context, next) {
    writeSync(2, 'loaded ' + url + '\\n');
    return next(url, context);
  },
});
`;

let place: Place;
beforeAll(async () => {
  const hook = join(newFolder(), 'spy.mjs');
  writeFileSync(hook, spy);
  const NODE_OPTIONS = `--import=${pathToFileURL(hook)}`;
  place = { datadir: await grownFolder(), env: { NODE_OPTIONS } };
});

/** Every module that this command loads: our files, and the packages by their names. */
async function loadedBy(
  words: readonly string[],
  where: Place = place,
): Promise<readonly string[]> {
  const { stderr, code } = await run(words, where);
  expect(code, stderr).toBe(0);
  return [...stderr.matchAll(/^loaded (\S+)$/gm)].map(([, url = '']) => {
    if (!url.startsWith('file:')) return url;
    const [, inPackage] = url.split('/node_modules/');
    return inPackage ?? relative(root, fileURLToPath(url));
  });
}

const curves = [/^@noble\/curves/, /primitives\/reference/];
const words = [/^@scure\/bip39/, /^@scure\/bip32/, /^src\/wallet/, /cli\/(keyring|walletfiles)/];
const engines = [/^secp256k1/, /^tiny-secp256k1/, /cli\/engine/];
const threads = [/mining/, /worker_threads/, /cli\/mine\.ts/, /interruption/];
const database = [/^level/, /^classic-level/, /^src\/chain/, /^src\/node/, /^src\/mempool/];
/** What takes and judges blocks and payments: the node alone beside which a command is typed. */
const chain = [
  /chain\/(chain|guard|store|verify)\.ts/,
  /node\/(node|localdoor)\.ts/,
  /mempool\/mempool/,
];

describe.concurrent('nothing is loaded in vain by', () => {
  test.each([
    ['--version', [...curves, ...words, ...engines, ...threads, ...database]],
    ['mine --help', [...curves, ...words, ...engines, ...threads, ...database]],
    ['printchain', [...curves, ...words, ...engines, ...threads]],
    ['printchain --json', [...curves, ...words, ...engines, ...threads]],
    // It tells which engine was chosen, and so looks at all of them.
    ['status', [...words, ...threads]],
    // Addresses grow from curves, and a wallet's words are checked.
    ['getbalance', [...engines, ...threads]],
    ['listaddresses', [...engines, ...threads]],
  ] as const)('%s', async (line, unused) => {
    const loaded = await loadedBy(line.split(' '));
    expect(loaded).toContain('src/cli/main.ts');
    expect(loaded.filter((each) => unused.some((pattern) => pattern.test(each)))).toEqual([]);
  });
});

test('beside a node nothing is loaded that the node has', async () => {
  const datadir = copyOf(place.datadir);
  const { child } = await startNode(datadir, '--threads', '1');
  const where = { ...place, datadir };
  const level = database.filter((each) => String(each).includes('level'));
  for (const line of ['status', 'printchain', 'getblock 7', 'getbalance', 'mempool', 'verify']) {
    const loaded = await loadedBy(line.split(' '), where);
    expect(loaded).toContain('src/cli/httpdoor.ts');
    const unused = [...engines, ...threads, ...level, ...chain];
    const vain = loaded.filter((each) => unused.some((pattern) => pattern.test(each)));
    expect({ line, vain }).toEqual({ line, vain: [] });
  }
  const mining = await loadedBy(['mine', '--to', 'alice'], where);
  expect(mining.filter((each) => /worker_threads|miningpool|level/.test(each))).toEqual([]);
  await signalGroup(child, 'SIGINT');
});

test('what is said here to be loaded in vain is loaded where it is used', async () => {
  const loaded = [
    ...(await loadedBy(['mine', '--to', 'alice'])),
    ...(await loadedBy(['send', '--from', 'alice', '--to', 'bob', '--amount', '1'])),
    ...(await loadedBy(['mine', '--to', 'alice'])),
  ];
  const all = [...curves, ...words, ...engines, ...threads, ...database, ...chain];
  expect(all.filter((pattern) => !loaded.some((each) => pattern.test(each)))).toEqual([]);
});
