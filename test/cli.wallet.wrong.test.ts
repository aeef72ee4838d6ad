/** Wrong uses of the commands of wallets: each is refused in one line, and changes nothing. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { lines, newFolder, refused, run, walletFiles } from './terminal.ts';

let datadir: string;
let files: ReadonlyMap<string, string>;
/** Where `./name` in a command is found. */
let folder: string;
beforeAll(async () => {
  datadir = newFolder();
  folder = newFolder();
  const write = (name: string, text: string | Uint8Array) =>
    writeFileSync(join(folder, name), text);
  write('right', 'the pass word\n');
  write('wrong', 'the password\n');
  write('empty', '\nthe pass word\n');
  write('long', 'x'.repeat(4_097));
  write('bytes', Uint8Array.of(0xff, 0xfe, 0x0a));
  await lines(['createwallet', '--label', 'alice'], { datadir });
  const protect = ['--password-file', join(folder, 'right')];
  await lines(['createwallet', '--label', 'carol', ...protect], { datadir });
  files = walletFiles(datadir);
});

const legal = 'legal winner thank year wave sausage worth useful legal winner thank yellow';

/** Words of the command, the code of the error, a part of what it says, and what is piped in. */
type Wrong = readonly [words: string, code: string, says?: string, input?: string];

const wrong: readonly Wrong[] = [
  ['newadress', 'usage', "unknown command 'newadress' (Did you mean newaddress?)"],
  ['exprtwallet alice', 'usage', 'Did you mean exportwallet?'],
  ['newaddress alice --tapr', 'usage', "unknown option '--tapr'"],
  ['newaddress alice carol', 'usage', 'too many arguments'],
  ['newaddress', 'which-wallet', 'name one of alice, carol'],
  ['newaddress bob', 'unknown-label', 'there is: alice, carol'],
  ['listaddresses alice', 'usage', 'too many arguments'],
  ['exportwallet', 'usage', "missing required argument 'label'"],
  ['exportwallet bob', 'unknown-label', 'there is: alice, carol'],
  ['exportwallet carol', 'password-needed', "'carol' wants a password"],
  ['exportwallet carol --password-file', 'usage', 'argument missing'],
  ['exportwallet carol --password-file ./nothing', 'password-file', 'ENOENT'],
  ['exportwallet carol --password-file ./', 'password-file', 'EISDIR'],
  ['exportwallet carol --password-file ./bytes', 'password-file', 'name a text file'],
  ['exportwallet carol --password-file ./long', 'password-file', 'its first line is too long'],
  ['exportwallet carol --password-file /dev/zero', 'password-file', 'is too long'],
  ['exportwallet carol --password-file ./wrong', 'wrong-password', "password of 'carol'"],
  ['exportwallet carol --password-file ./empty', 'wrong-password'],
  ['send --from carol --to alice --amount 1', 'password-needed', "'carol' wants a password"],
  ['send --from carol --to alice --amount 1 --password-file ./wrong', 'wrong-password'],
  ['createwallet --password', 'password-needed', 'the new wallet wants a password'],
  ['createwallet --password-file ./empty', 'bad-password', 'one character at least'],
  ['createwallet --label alice --password', 'label-taken', "a wallet 'alice' already"],
  ['createwallet --label a/b --password', 'bad-label'],
  ['importwallet', 'bad-words', 'expected 12, 15, 18, 21 or 24 words, got 0', ''],
  ['importwallet', 'bad-words', 'got 11', legal.replace('legal ', '')],
  [
    'importwallet',
    'bad-words',
    "word 5, 'wavx', is not one of BIP39's; did you mean 'wave",
    'wavx',
  ],
  ['importwallet', 'bad-words', 'the checksum of these words is wrong', 'year'],
  ['importwallet', 'bad-words', 'this is more than 24 words', legal.repeat(60)],
  ['importwallet --label carol', 'label-taken', "a wallet 'carol' already", legal],
  ['importwallet --label a/b', 'bad-label', 'letters', legal],
  ['importwallet --password', 'password-needed', 'the new wallet', legal],
  ['importwallet legal winner', 'usage', 'too many arguments', legal],
];

/** A single word stands for all of them, with itself in the fifth place. */
const inputOf = (input: string) => (/^\w+$/.test(input) ? legal.replace('wave', input) : input);

describe('no wrong use changes anything:', () => {
  test.concurrent.for(wrong)('`chain %s` is refused as %s: %s', async (row) => {
    const [words, code, says, input = ''] = row;
    const typed = words.split(' ').map((word) => word.replace(/^\.\//, `${folder}/`));
    await refused(typed, { datadir, input: inputOf(input) }, code, says);
    expect(walletFiles(datadir)).toEqual(files);
  });
});

test('where there is no wallet, none can give out an address or its words', async () => {
  const empty = newFolder();
  for (const words of ['newaddress', 'newaddress alice', 'exportwallet alice']) {
    await refused(words.split(' '), { datadir: empty }, 'no-wallet', 'run chain createwallet');
  }
});

test('a password on the command line is refused, and not repeated', async () => {
  for (const words of [['--password', 'hunter2'], ['--password=hunter2']]) {
    const said = await run(['createwallet', ...words], { datadir });
    expect(said).toMatchObject({ code: 2, stdout: '' });
    expect(said.stderr).toMatch(/^error: usage: /);
    expect(said.stderr).not.toContain('hunter2');
  }
  // Nor is a variable taken for one.
  const place = { datadir: newFolder(), env: { CHAIN_PASSWORD: 'hunter2' } };
  await lines(['createwallet'], place);
  expect(walletFiles(place.datadir).get('wallet-1.json')).toContain('"words"');
});

test('a changed file is refused, with the password and without', async () => {
  const place = { datadir: newFolder() };
  const protect = ['--password-file', join(folder, 'right')];
  await lines(['createwallet', '--label', 'carol', ...protect], place);
  const path = join(place.datadir, 'regtest/wallets/carol.json');
  const text = walletFiles(place.datadir).get('carol.json') ?? '';
  writeFileSync(path, text.replace('"receive": 1', '"receive": 3'));
  const damaged = 'the file is damaged: put a copy back';
  await refused(['newaddress'], place, 'bad-wallet', damaged);
  await refused(['getbalance'], place, 'bad-wallet', damaged);
  await refused(['exportwallet', 'carol', ...protect], place, 'bad-wallet', damaged);
});

test('accounts that do not grow from the words are refused', async () => {
  const place = { datadir: newFolder() };
  await lines(['createwallet', '--label', 'alice'], place);
  const read = (text = '') => JSON.parse(text);
  const { checksum: _, ...fields } = read(walletFiles(place.datadir).get('alice.json'));
  // Whoever can write the file can write its checksum.
  const changed = { ...fields, accounts: read(files.get('alice.json')).accounts };
  const checksum = createHash('sha256').update(JSON.stringify(changed)).digest('hex');
  const path = join(place.datadir, 'regtest/wallets/alice.json');
  writeFileSync(path, JSON.stringify({ ...changed, checksum }));
  const problem = 'do not grow from its words';
  await refused(['exportwallet', 'alice'], place, 'bad-wallet', problem);
  const send = ['send', '--from', 'alice', '--to', 'alice', '--amount', '1'];
  await refused(send, place, 'bad-wallet', problem);
});
