/** The help of every method: what it says of its parameters, and whether its example would run. */
import { beforeAll, expect, test } from 'vitest';
import { type Asked, plantAsked } from './rpc.ts';

let asked: Asked;
let names: readonly string[];
beforeAll(async () => {
  asked = await plantAsked();
  const index = String(await asked.call('help'));
  names = [...index.matchAll(/^([a-z]+)/gm)].map(([, name = '']) => name);
});

const helpOf = async (name: string) => String(await asked.call('help', name));

test('help lists more than forty methods, each of which it tells of', async () => {
  expect(names.length).toBeGreaterThan(40);
  for (const name of names) expect(await helpOf(name)).toMatch(new RegExp(`^${name}\\b`));
  expect(await helpOf('nosuch')).toBe('help: unknown command: nosuch');
});

test('help says of every parameter what it is', async () => {
  for (const name of names) {
    const text = await helpOf(name);
    const [usage = ''] = text.split('\n');
    const wanted = usage.split(' ').slice(1);
    const parameters = wanted.filter((word) => word !== '(' && word !== ')');
    for (const [i, parameter] of parameters.entries()) {
      const told = `${i + 1}. ${parameter.replaceAll('"', '')} `;
      const line = text.split('\n').find((each) => each.startsWith(told));
      expect(line, `${name}: ${told}`).toMatch(/\(.*(optional|required)\) \S.{5,}/);
    }
    expect(text.includes('Arguments:'), name).toBe(parameters.length > 0);
    expect(text, name).toMatch(/\n\nResult:\n.{3,}/);
  }
});

test('help has lines that fit on a screen', async () => {
  const texts = await Promise.all(names.map(helpOf));
  const lines = texts.flatMap((text) => text.split('\n'));
  expect(lines.filter((line) => line.length > 120 && !line.startsWith('> '))).toEqual([]);
});

test('help has an example of every method, which is called as it wants to be', async () => {
  for (const name of names) {
    const [, words] = /\n> chain rpc ([^\n]+)\n$/.exec(await helpOf(name)) ?? [];
    expect(words, name).toBeDefined();
    const [method = '', ...params] = wordsOf(words ?? '');
    expect(method).toBe(name);
    // Those wait by a clock that stands here.
    if (name.startsWith('waitfor')) continue;
    const answer = await asked.call(String(method), ...params);
    // Its block or payment need not be there; but its parameters are as many, and of such types.
    const misuse = /^-(1: [a-z]+[ \n]|3:|8:(?!.* (height|count))|32)/;
    if (typeof answer === 'string') expect(answer).not.toMatch(misuse);
  }
});

/** As a shell takes a line apart, and `chain rpc` its words. */
function wordsOf(line: string): readonly unknown[] {
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word);
  return words.map((word = ''): unknown => {
    if (/^[0-9a-f]{64}$/.test(word)) return word;
    try {
      return JSON.parse(word);
    } catch {
      return word;
    }
  });
}

test('who calls a method wrongly reads its help', async () => {
  expect(await asked.call('getblockhash')).toBe(`-1: ${await helpOf('getblockhash')}`);
  expect(await helpOf('getblockhash')).toBe(
    [
      'getblockhash height',
      '',
      'Returns hash of block in best-block-chain at height provided.',
      '',
      'Arguments:',
      '1. height    (numeric, required) Of the block in the active chain; genesis has 0.',
      '',
      'Result:',
      '"hex"    (string) The hash of the block.',
      '',
      'Examples:',
      '> chain rpc getblockhash 1000',
      '',
    ].join('\n'),
  );
});
