/** What a command loads: a question pays for nothing that it does not use. */
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { grownFolder, newFolder, type Place, run } from './terminal.ts';

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
async function loadedBy(...words: readonly string[]): Promise<readonly string[]> {
  const { stderr, code } = await run(words, place);
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
    const loaded = await loadedBy(...line.split(' '));
    expect(loaded).toContain('src/cli/main.ts');
    expect(loaded.filter((each) => unused.some((pattern) => pattern.test(each)))).toEqual([]);
  });
});

test('what is said here to be loaded in vain is loaded where it is used', async () => {
  const loaded = [
    ...(await loadedBy('mine', '--to', 'alice')),
    ...(await loadedBy('send', '--from', 'alice', '--to', 'bob', '--amount', '1')),
    ...(await loadedBy('mine', '--to', 'alice')),
  ];
  const all = [...curves, ...words, ...engines, ...threads, ...database];
  expect(all.filter((pattern) => !loaded.some((each) => pattern.test(each)))).toEqual([]);
});
