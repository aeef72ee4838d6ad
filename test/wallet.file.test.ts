/** The wallet's file: read again as it was written, and refused where anything is wrong with it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecodeError } from '../src/primitives/codec.ts';
import { readWallet, type Wallet, writeWallet } from '../src/wallet/wallet.ts';
import { newWords } from '../src/wallet/words.ts';
import { alice, decodeErrorOf, words } from './wallet.purse.ts';

/** The file as a person sees it. */
const file = `{
  "format": 1,
  "label": "alice",
  "genesis": "${alice.genesis}",
  "words": "${words}",
  "created": 1767225600,
  "next": {
    "p2wpkh": {
      "receive": 1,
      "change": 0
    },
    "p2tr": {
      "receive": 0,
      "change": 0
    }
  }
}
`;

const anyCount = fc.integer({ min: 0, max: 1_000_000 });
const anyNext = fc.record({ receive: anyCount, change: anyCount });
const anyWallet: fc.Arbitrary<Wallet> = fc.record({
  label: fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/),
  genesis: fc.constant(alice.genesis),
  words: fc.uint8Array({ minLength: 16, maxLength: 16 }).map(newWords),
  created: fc.maxSafeNat(),
  next: fc.record({ p2wpkh: anyNext, p2tr: anyNext }),
});

test("a wallet's file is indented JSON with its format first", () => {
  expect(writeWallet(alice)).toBe(file);
});

test('any wallet is read again as it was written', () => {
  fc.assert(
    fc.property(anyWallet, (wallet) => {
      expect(readWallet(writeWallet(wallet))).toEqual(wallet);
    }),
  );
});

describe('a file is refused, by the name of its field,', () => {
  test.each([
    ['when it is empty', '', 'the whole: not JSON'],
    ['when its end is missing', file.slice(0, 90), 'the whole: not JSON'],
    ['when it is not an object', '[1]', 'the whole: expected an object'],
    ['when it has no format', file.replace('"format": 1,', ''), 'format: expected 1'],
    ['when it has a later format', file.replace('": 1,', '": 2,'), 'format: expected 1'],
    ['when the label is no label', file.replace('alice', 'a b'), 'label: write 1 to 32'],
    ['when the label is no text', file.replace('"alice"', '7'), 'label: expected text'],
    ['when the genesis is short', file.replace(`${alice.genesis}`, 'ab'), 'genesis: damaged'],
    ['when a word is missing', file.replace('sausage ', ''), 'words: damaged'],
    ['when a word is another', file.replace('sausage', 'year'), 'words: damaged'],
    ['when created is negative', file.replace('176722', '-17'), 'created: expected a whole'],
    ['when created is no number', file.replace('1767225600', 'null'), 'created: expected a whole'],
    ['when next is a list', file.replace(/"next": .*/s, '"next": []}'), 'next: expected an object'],
    ['when a count is no whole number', file.replace('e": 1', 'e": 1.5'), 'next.p2wpkh.receive:'],
    ['when a count is too large', file.replace('e": 0', 'e": 1000001'), 'next.p2wpkh.change:'],
    ['when a count is missing', file.replace(/,\s+"change": 0/, ''), 'next.p2wpkh.change: is m'],
    ['when a kind is missing', file.replace(/,\s+"p2tr": [^}]*}/, ''), 'next.p2tr: is missing'],
    [
      'when a field is not known',
      file.replace('"label"', '"x": 1, "label"'),
      'x: there is no such',
    ],
    ['when it has two', file.replace('"p2tr"', '"p2sh": 1, "p2tr"'), 'next.p2sh: there is no such'],
  ])('%s', (_, text, problem) => {
    expect(decodeErrorOf(() => readWallet(text))).toContain(`wallet file: ${problem}`);
  });
});

/** A change to the text: a piece is cut out, and something else may stand in its place. */
const anyCut = fc
  .record({
    from: fc.nat(file.length),
    length: fc.nat(12),
    instead: fc.oneof(fc.constant(''), fc.string({ maxLength: 3 }), fc.json({ maxDepth: 1 })),
  })
  .map(({ from, length, instead }) => file.slice(0, from) + instead + file.slice(from + length));

/** Another value in the place of one, or of all: right JSON, wrong wallet. */
const anySwap = fc
  .record({
    place: fc.constantFrom('format', 'label', 'genesis', 'words', 'created', 'next', 'x', ''),
    value: fc.jsonValue({ maxDepth: 2 }),
  })
  .map(({ place, value }) => {
    return JSON.stringify(place === '' ? value : { ...JSON.parse(file), [place]: value });
  });

test('20,000 malformed files give only a DecodeError, which never quotes the words', () => {
  let refused = 0;
  fc.assert(
    fc.property(fc.oneof(anyCut, anySwap, fc.string()), (text) => {
      try {
        // A change may leave a right wallet, as one in the label or in the space between.
        readWallet(writeWallet(readWallet(text)));
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        expect(error.message).not.toMatch(/legal|winner|thank|wave|sausage|worth|useful|yellow/);
        expect(error.cause).toBeUndefined();
        refused++;
      }
    }),
    { numRuns: 25_000 },
  );
  expect(refused).toBeGreaterThan(20_000);
});
