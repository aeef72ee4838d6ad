/** The wallet's file: read again as it was written, and refused where anything is wrong with it. */
import { createHash } from 'node:crypto';
import { HDKey } from '@scure/bip32';
import { mnemonicToSeedSync } from '@scure/bip39';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecodeError } from '../src/primitives/codec.ts';
import { readWallet, writeWallet } from '../src/wallet/file.ts';
import { Keys } from '../src/wallet/keys.ts';
import type { Wallet } from '../src/wallet/wallet.ts';
import { newWords } from '../src/wallet/words.ts';
import { alice, decodeErrorOf, sealedAlice, words } from './wallet.purse.ts';

const read = (text: string) => readWallet(text, 1);
const next = `"next": {
    "p2wpkh": {
      "receive": 1,
      "change": 0
    },
    "p2tr": {
      "receive": 0,
      "change": 0
    }
  }`;

/** The file as a person sees it, but for its checksum. */
const fields = `{
  "format": 2,
  "label": "alice",
  "genesis": "${alice.genesis}",
  "created": 1767225600,
  "accounts": {
    "p2wpkh": "${alice.accounts.p2wpkh}",
    "p2tr": "${alice.accounts.p2tr}"
  },
  "words": "${words}",
  ${next}
}
`;

/** The file before there were passwords. */
const firstFile = `{
  "format": 1,
  "label": "alice",
  "genesis": "${alice.genesis}",
  "words": "${words}",
  "created": 1767225600,
  ${next}
}
`;

/** The file of these fields, which notices no change that was made before. */
function withChecksum(text: string): string {
  const { checksum: _, ...rest } = JSON.parse(text);
  const checksum = createHash('sha256').update(JSON.stringify(rest)).digest('hex');
  return `${JSON.stringify({ ...rest, checksum }, undefined, 2)}\n`;
}

const file = withChecksum(fields);
const sealedFile = writeWallet(sealedAlice);

const anyCount = fc.integer({ min: 0, max: 1_000_000 });
const anyNext = fc.record({ receive: anyCount, change: anyCount });
const anyWords = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(newWords);
const anyWallet: fc.Arbitrary<Wallet> = fc.record({
  label: fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/),
  genesis: fc.constant(alice.genesis),
  created: fc.maxSafeNat(),
  accounts: fc.constant(alice.accounts),
  secret: fc.oneof(anyWords, fc.constant(sealedAlice.secret)),
  next: fc.record({ p2wpkh: anyNext, p2tr: anyNext }),
});

test("a wallet's file is indented JSON with its format first", () => {
  expect(writeWallet(alice)).toBe(file);
});

test('any wallet is read again as it was written', () => {
  fc.assert(
    fc.property(anyWallet, (wallet) => {
      expect(read(writeWallet(wallet))).toEqual(wallet);
    }),
  );
});

test('a file from before there were passwords is read as it always was', () => {
  expect(read(firstFile)).toEqual(alice);
  const elsewhere = readWallet(firstFile, 0);
  expect(elsewhere).toEqual({ ...alice, accounts: new Keys(words, 0).accounts() });
});

test.each([
  ['with words', file],
  ['under a password', sealedFile],
])('every flipped bit of a file %s is noticed', (_, text) => {
  const bytes = new TextEncoder().encode(text);
  const unnoticed = Array.from({ length: 8 * bytes.length }, (_, bit) => bit).filter((bit) => {
    const flipped = Uint8Array.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    try {
      read(new TextDecoder().decode(flipped));
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(DecodeError);
      return false;
    }
  });
  expect(unnoticed).toEqual([]);
});

type Refusal = readonly [when: string, text: string, problem: string];

/** Both forms have these fields. */
const refusals = (file: string): readonly Refusal[] => [
  ['when the label is no label', file.replace('alice', 'a b'), 'label: write 1 to 32'],
  ['when the label is no text', file.replace('"alice"', '7'), 'label: expected text'],
  ['when the genesis is short', file.replace(`${alice.genesis}`, 'ab'), 'genesis: damaged'],
  ['when a word is missing', file.replace('sausage ', ''), 'words: damaged'],
  ['when a word is another', file.replace('sausage', 'year'), 'words: damaged'],
  ['when created is negative', file.replace('176722', '-17'), 'created: expected a whole'],
  ['when created is no number', file.replace('1767225600', 'null'), 'created: expected a whole'],
  ['when next is a list', file.replace(next, '"next": []'), 'next: expected an object'],
  ['when a count is no whole number', file.replace('e": 1', 'e": 1.5'), 'next.p2wpkh.receive:'],
  ['when a count is too large', file.replace('e": 0', 'e": 1000001'), 'next.p2wpkh.change:'],
  ['when a count is missing', file.replace(/,\s+"change": 0/, ''), 'next.p2wpkh.change: is m'],
  [
    'when a kind is missing',
    file.replace(/(ge": 0\s+}),\s+"p2tr": [^}]*}/, '$1'),
    'next.p2tr: is m',
  ],
  ['when a field is not known', file.replace('"label"', '"x": 1, "label"'), 'x: there is no such'],
  ['when it has two', file.replace('"p2tr": {', '"p2sh": 1, "p2tr": {'), 'next.p2sh: there is no'],
];

const sealedRefusals: readonly Refusal[] = (
  [
    ['when scrypt would take gigabytes', '"N": 131072', '"N": 1073741824', 'sealed.N: expected a'],
    ['when scrypt would take too little', '"N": 131072', '"N": 65536', 'sealed.N: expected a'],
    ['when N is no power of two', '"N": 131072', '"N": 131073', 'sealed.N: expected a power'],
    ['when N is text', '"N": 131072', '"N": "131072"', 'sealed.N: expected a whole'],
    ['when r is another', '"r": 8', '"r": 1048576', 'sealed.r: expected r 8, p 1'],
    ['when p is another', '"p": 1', '"p": 1000000', 'sealed.r: expected r 8, p 1'],
    ['when the kdf is another', '"scrypt"', '"argon2id"', 'sealed.kdf: expected scrypt'],
    ['when the cipher is another', 'aes-256-gcm', 'aes-256-cbc', 'sealed.cipher: expected aes'],
    ['when the salt is short', /"salt": "../, '"salt": "', 'sealed.salt: expected 16 bytes'],
    ['when the nonce is short', /"nonce": "../, '"nonce": "', 'sealed.nonce: expected 12 bytes'],
    ['when the text is short', /"text": "../, '"text": "', 'sealed.text: expected 32 or'],
    ['when the text is not there', /,\s+"text": "\w+"/, '', 'sealed.text: is missing'],
    ['when it is open too', '"label"', '"words": "", "label"', 'words: there is no such field'],
  ] as const
).map(([when, from, to, problem]) => [when, withChecksum(sealedFile.replace(from, to)), problem]);

describe('a file is refused, by the name of its field,', () => {
  const account = HDKey.fromMasterSeed(mnemonicToSeedSync(words)).derive("m/84'/1'/0'");
  const withAccount = (key: string) => withChecksum(file.replace(account.publicExtendedKey, key));
  const damaged = 'accounts.p2wpkh: damaged';
  test.each<Refusal>([
    ['when it is empty', '', 'the whole: not JSON'],
    ['when its end is missing', file.slice(0, 90), 'the whole: not JSON'],
    ['when it is not an object', '[1]', 'the whole: expected an object'],
    ['when it has no format', file.replace('"format": 2,', ''), 'format: expected 2'],
    ['when it has a later format', file.replace('": 2,', '": 3,'), 'format: expected 2'],
    ['when its checksum is another', file.replace('receive": 1', 'receive": 2'), 'checksum: the'],
    ['when an account is no key', withChecksum(file.replace('xpub', 'xpux')), 'accounts.p2wpkh: d'],
    [
      'when an account is its child',
      withAccount(account.deriveChild(0).publicExtendedKey),
      damaged,
    ],
    ['when an account is private', withAccount(account.privateExtendedKey), damaged],
    ...refusals(firstFile),
    ...refusals(fields).map(
      ([when, text, problem]): Refusal => [when, withChecksum(text), problem],
    ),
    ...sealedRefusals,
  ])('%s', (_, text, problem) => {
    expect(decodeErrorOf(() => read(text))).toContain(`wallet file: ${problem}`);
  });
});

const anyFile = fc.constantFrom(file, sealedFile);

/** A change to the text: a piece is cut out, and something else may stand in its place. */
const anyCut = fc
  .record({
    text: anyFile,
    from: fc.nat(file.length),
    length: fc.nat(12),
    instead: fc.oneof(fc.constant(''), fc.string({ maxLength: 3 }), fc.json({ maxDepth: 1 })),
  })
  .map(
    ({ text, from, length, instead }) => text.slice(0, from) + instead + text.slice(from + length),
  );

const names = ['format', 'label', 'genesis', 'accounts', 'words', 'sealed', 'created', 'next', 'x'];

/** Another value in the place of one, or of all: right JSON, right checksum, wrong wallet. */
const anySwap = fc
  .record({
    text: fc.oneof(anyFile, fc.constant(firstFile)),
    place: fc.constantFrom(...names, ''),
    value: fc.jsonValue({ maxDepth: 2 }),
  })
  .map(({ text, place, value }) => {
    if (place === '') return JSON.stringify(value);
    const swapped = JSON.stringify({ ...JSON.parse(text), [place]: value });
    return text === firstFile ? swapped : withChecksum(swapped);
  });

test('20,000 malformed files give only a DecodeError, which never quotes the words', () => {
  let refused = 0;
  fc.assert(
    fc.property(fc.oneof(anyCut, anySwap, fc.string()), (text) => {
      try {
        // A change may leave a right wallet, as one in the label or in the space between.
        read(writeWallet(read(text)));
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
