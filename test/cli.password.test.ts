/** Passwords at a real terminal: asked for, never shown, and broken off without harm. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { hasTerminal, type Sitting, sitDown } from './sitting.ts';
import { copyOf, lines, newFolder, walletFiles } from './terminal.ts';

const password = 'höchst geheim';
const create = ['createwallet', '--label', 'alice', '--password'];
const wordsShown = /\r\n((?:[a-z]+ ){11}[a-z]+)\r\n/;

/** Makes a wallet under the password at a terminal. */
async function createAtTerminal(datadir: string): Promise<Awaited<ReturnType<Sitting['leave']>>> {
  const sitting = sitDown(create, { datadir });
  await sitting.see('New password: ');
  sitting.type(`${password}\r`);
  await sitting.see('The same again: ');
  sitting.type(`${password}\r`);
  return await sitting.leave();
}

let protectedFolder: string;
let words: string;
let shownAtCreation: string;
beforeAll(async () => {
  if (!hasTerminal) return;
  protectedFolder = newFolder();
  const { shown, code } = await createAtTerminal(protectedFolder);
  expect(code, shown).toBe(0);
  shownAtCreation = shown;
  words = wordsShown.exec(shown)?.[1] ?? '';
});

/** Types a command that wants alice's password, and then these keys. */
async function answered(datadir: string, command: readonly string[], keys: string) {
  const sitting = sitDown(command, { datadir });
  await sitting.see("Password of 'alice': ");
  sitting.type(keys);
  return await sitting.leave();
}

describe.skipIf(!hasTerminal)('at a terminal', () => {
  test('a password is asked for twice, is not shown, and seals the words', () => {
    expect(shownAtCreation).not.toContain('geheim');
    expect(shownAtCreation).toContain('takes a moment');
    const file = walletFiles(protectedFolder).get('alice.json') ?? '';
    expect(words.split(' ')).toHaveLength(12);
    expect(file).toContain('"sealed"');
    for (const word of words.split(' ')) expect(file).not.toContain(`${word} `);
  });

  test('the words are shown again for the password, which is not shown', async () => {
    const datadir = copyOf(protectedFolder);
    const { shown, code } = await answered(datadir, ['exportwallet', 'alice'], `${password}\r`);
    expect(code, shown).toBe(0);
    expect(shown).toContain(words);
    expect(shown).not.toContain('geheim');
  });

  test('a slip of the finger can be taken back', async () => {
    const datadir = copyOf(protectedFolder);
    const keys = `x\u007f${password}yz\u007f\u007f\r`;
    const { shown, code } = await answered(datadir, ['exportwallet', 'alice'], keys);
    expect(code, shown).toBe(0);
    expect(shown).toContain(words);
  });

  test('a wrong password shows nothing', async () => {
    const datadir = copyOf(protectedFolder);
    const { shown, code } = await answered(datadir, ['exportwallet', 'alice'], 'wrong\r');
    expect(code).toBe(1);
    expect(shown).toContain('error: wrong-password: ');
    expect(shown).not.toContain(words.slice(0, 20));
    expect(shown.match(/wrong/g)).toHaveLength(1);
  });

  test('a payment is signed once the password is given, and balances need none', async () => {
    const datadir = copyOf(protectedFolder);
    await lines(['createwallet', '--label', 'bob'], { datadir });
    await lines(['mine', '--blocks', '101', '--to', 'alice'], { datadir });
    const pay = ['send', '--from', 'alice', '--to', 'bob', '--amount', '1', '--quiet'];
    const { shown, code } = await answered(datadir, pay, `${password}\r`);
    expect(code, shown).toBe(0);
    expect(shown).toMatch(/\r\n[0-9a-f]{64}\r\n$/);
    expect(await lines(['getbalance', 'bob'], { datadir })).toContain('pending   1.00000000');
  });
});

describe.skipIf(!hasTerminal)('at a terminal, before anything is made,', () => {
  test('two passwords that differ make no wallet', async () => {
    const datadir = newFolder();
    const sitting = sitDown(create, { datadir });
    await sitting.see('New password: ');
    // Typed ahead of the second question.
    sitting.type('one\rtwo\r');
    const { shown, code } = await sitting.leave();
    expect(code).toBe(1);
    expect(shown).toContain('The same again: ');
    expect(shown).toContain('\r\nerror: bad-password: the two passwords are not the same');
    expect(shown).not.toMatch(/one\b.*\r|two\r/);
    expect(existsSync(join(datadir, 'regtest'))).toBe(false);
  });

  test('no password at all makes no wallet', async () => {
    const datadir = newFolder();
    const sitting = sitDown(create, { datadir });
    await sitting.see('New password: ');
    sitting.type('\r\r');
    expect(await sitting.leave()).toMatchObject({
      code: 1,
      shown: expect.stringContaining('error: bad-password: a password has one character at least'),
    });
    expect(existsSync(join(datadir, 'regtest'))).toBe(false);
  });

  test.each([
    ['ctrl-C', '\u0003'],
    ['ctrl-C half way', 'half\u0003'],
    ['ctrl-D', '\u0004'],
  ])('%s makes no wallet, and gives the terminal back', async (_, keys) => {
    const datadir = newFolder();
    const sitting = sitDown(create, { datadir }, '; code=$?; stty -a; exit $code');
    await sitting.see('New password: ');
    sitting.type(keys);
    const { shown, code } = await sitting.leave();
    expect(code).toBe(1);
    expect(shown).toContain('error: interrupted: ');
    expect(shown).not.toContain('half');
    // The terminal echoes again, and reads lines and ctrl-C itself.
    expect(shown).toMatch(/ icanon /);
    expect(shown).toMatch(/[\s;]isig /);
    expect(shown).toMatch(/ echo /);
    expect(existsSync(join(datadir, 'regtest'))).toBe(false);
  });

  test('words to import are typed at a prompt, and shown as one types', async () => {
    const datadir = newFolder();
    const sitting = sitDown(['importwallet', '--label', 'again', '--password'], { datadir });
    await sitting.see('The words: ');
    sitting.type(`${words.toUpperCase()}\r`);
    await sitting.see(words.toUpperCase().slice(-10));
    await sitting.see('New password: ');
    sitting.type(`${password}\r`);
    await sitting.see('The same again: ');
    sitting.type(`${password}\r`);
    const { shown, code } = await sitting.leave();
    expect(code, shown).toBe(0);
    expect(shown).not.toContain('geheim');
    expect(walletFiles(datadir).get('again.json')).toContain('"sealed"');
  });
});
