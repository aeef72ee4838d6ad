/** Wrong uses of `getblock`, `gettx`, `history` and `mempool`, and their help. */
import { beforeAll, expect, test } from 'vitest';
import { grownFolder, lines, refused } from './terminal.ts';

const nobody = '7'.repeat(64);

let grown: string;
beforeAll(async () => {
  grown = await grownFolder();
});

test.for([
  ['getblock', 'usage', "missing required argument 'hash|height'"],
  ['getblock tip', 'usage', "'tip' is no block: write its height"],
  ['getblock -1', 'usage', "'-1' is no block"],
  ['getblock 1.5', 'usage', "'1.5' is no block"],
  [`getblock ${nobody.slice(1)}`, 'usage', 'the 64 hex digits of its hash'],
  [`getblock ${'g'.repeat(64)}`, 'usage', 'is no block'],
  ['getblock 1 2', 'usage', 'too many arguments'],
  ['getblock 102', 'not-found', 'there is no block 102: the tip is at height 101'],
  ['getblock 999999999', 'not-found', 'the tip is at height 101'],
  [`getblock ${nobody}`, 'not-found', `there is no block ${nobody}`],
  ['gettx', 'usage', "missing required argument 'txid'"],
  ['gettx 102', 'usage', "'102' is not a txid: write its 64 hex digits"],
  [`gettx ${nobody}`, 'not-found', `no transaction ${nobody}; only the active chain and waiting`],
  ['history', 'usage', "missing required argument 'address|label'"],
  ['history carol', 'unknown-label', "there is no wallet 'carol'; there is: alice, bob"],
  ['history bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 'bad-address', 'of another network'],
  ['history alice --limit 0', 'usage', "'0' is not a whole number from 1 on"],
  ['mempool all', 'usage', 'too many arguments'],
  ['getblok 1', 'usage', 'Did you mean getblock?'],
] as const)('`chain %s` is refused as %s', async ([words, code, says]) => {
  await refused(words.split(' '), { datadir: grown }, code, says);
});

test.for(['getblock', 'gettx', 'history', 'mempool', 'createnetwork'])(
  'the help of %s has examples, within 80 columns',
  async (command) => {
    const help = await lines([command, '--help'], { datadir: grown });
    expect(help.filter((line) => line.length > 80)).toEqual([]);
    expect(help.join('\n')).toContain(`\n  $ chain ${command}`);
  },
);
