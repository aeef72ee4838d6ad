/** Wallets: their words, their keys, the addresses they give out, and their files. */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressOf } from '../src/primitives/address.ts';
import { Fault } from '../src/primitives/fault.ts';
import { type KeyPath, Keys, pathText } from '../src/wallet/keys.ts';
import { outputKey, tweakPrivateKey } from '../src/wallet/taproot.ts';
import { checkLabel, newWallet, pathsOf, takeAddress, type Wallet } from '../src/wallet/wallet.ts';
import { newWords, readWords } from '../src/wallet/words.ts';
import { alice, decodeErrorOf, keys, words } from './wallet.purse.ts';

describe('words', () => {
  test('are read whatever their case and the space between them', () => {
    const typed = ` ${words.toUpperCase().replaceAll(' ', '\n\t ')}\r\n`;
    expect(readWords(typed)).toBe(words);
  });

  test('of any entropy are read again as they were made', () => {
    const anyEntropy = fc.constantFrom(16, 20, 24, 28, 32).chain((length) => {
      return fc.uint8Array({ minLength: length, maxLength: length });
    });
    fc.assert(
      fc.property(anyEntropy, (entropy) => {
        expect(readWords(newWords(entropy))).toBe(newWords(entropy));
      }),
    );
  });

  test.each([
    ['', 'expected 12, 15, 18, 21 or 24 words, got 0'],
    [words.replace('legal ', ''), 'expected 12, 15, 18, 21 or 24 words, got 11'],
    [`${words} legal`, 'expected 12, 15, 18, 21 or 24 words, got 13'],
    [
      words.replace('wave', 'wawe'),
      "word 5, 'wawe', is not one of BIP39's; did you mean 'wage' or 'wave'?",
    ],
    [
      words.replace('legal', 'leagl'),
      "word 1, 'leagl', is not one of BIP39's; did you mean 'legal'?",
    ],
    [
      words.replace('yellow', 'yelow'),
      "word 12, 'yelow', is not one of BIP39's; did you mean 'yellow' or 'below'?",
    ],
    [
      words.replace('thank', 'thankful'),
      "word 3, 'thankful', is not one of BIP39's; did you mean 't",
    ],
    [words.replace('thank', 'x'.repeat(99)), /^word 3, 'x{16}…', is not one of BIP39's; did you/],
    [words.replace('yellow', 'year'), /^the checksum of these words is wrong/],
    [words.replace('winner thank', 'thank winner'), /^the checksum of these words is wrong/],
  ])('that are not right are refused: %s', (text, problem) => {
    expect(decodeErrorOf(() => readWords(text))).toMatch(problem);
  });
});

describe('keys', () => {
  test('lie on the paths of BIP84 and BIP86', () => {
    const path: KeyPath = { kind: 'p2wpkh', isChange: false, index: 3 };
    expect(pathText(path, 1)).toBe("m/84'/1'/0'/0/3");
    expect(pathText({ ...path, kind: 'p2tr', isChange: true }, 0)).toBe("m/86'/0'/0'/1/3");
  });

  test('of each path, kind of coin and passphrase are different', () => {
    const wallet = [false, true].reduce<Wallet>((given, isChange) => {
      return takeAddress(takeAddress(given, 'p2wpkh', isChange).wallet, 'p2tr', isChange).wallet;
    }, alice);
    const rings = [keys, new Keys(words, 0), new Keys(words, 1, 'open sesame')];
    const addresses = rings.flatMap((ring) => {
      return pathsOf(wallet).map((path) => addressOf(ring.key(path).script, 'tc'));
    });
    expect(addresses).toHaveLength(15);
    expect(new Set(addresses).size).toBe(15);
  });

  test('of P2TR outputs, private and public, belong together after the tweak', () => {
    const anyPrivateKey = fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .filter((bytes) => secp256k1.utils.isValidSecretKey(bytes));
    fc.assert(
      fc.property(anyPrivateKey, (privateKey) => {
        const internalKey = secp256k1.getPublicKey(privateKey).slice(1);
        const tweaked = secp256k1.getPublicKey(tweakPrivateKey(privateKey)).slice(1);
        expect(outputKey(internalKey)).toEqual(tweaked);
      }),
      { numRuns: 50 },
    );
  });

  test('are derived once', () => {
    const path: KeyPath = { kind: 'p2tr', isChange: true, index: 9 };
    expect(keys.key({ ...path })).toBe(keys.key(path));
  });
});

describe('a wallet', () => {
  test('has given out one P2WPKH address when it is new', () => {
    expect(pathsOf(alice)).toEqual([{ kind: 'p2wpkh', isChange: false, index: 0 }]);
  });

  test('gives out each address once, and lists them all in one order', () => {
    const takes = [
      ['p2tr', true],
      ['p2wpkh', true],
      ['p2tr', false],
      ['p2wpkh', false],
      ['p2tr', false],
    ] as const;
    let wallet = alice;
    const taken = takes.map(([kind, isChange]) => {
      const next = takeAddress(wallet, kind, isChange);
      wallet = next.wallet;
      return next.path;
    });
    const texts = (paths: readonly KeyPath[]) => paths.map((path) => pathText(path, 1));
    expect(texts(taken)).toEqual([
      "m/86'/1'/0'/1/0",
      "m/84'/1'/0'/1/0",
      "m/86'/1'/0'/0/0",
      "m/84'/1'/0'/0/1",
      "m/86'/1'/0'/0/1",
    ]);
    expect(texts(pathsOf(wallet))).toEqual([
      "m/84'/1'/0'/0/0",
      "m/84'/1'/0'/0/1",
      "m/84'/1'/0'/1/0",
      "m/86'/1'/0'/0/0",
      "m/86'/1'/0'/0/1",
      "m/86'/1'/0'/1/0",
    ]);
    expect(pathsOf(alice)).toHaveLength(1);
  });

  test('gives out a million addresses of a kind and no more', () => {
    const at = (receive: number): Wallet => {
      return { ...alice, next: { ...alice.next, p2tr: { receive, change: 0 } } };
    };
    expect(takeAddress(at(999_999), 'p2tr', false).path.index).toBe(999_999);
    expect(() => takeAddress(at(1_000_000), 'p2tr', false)).toThrow(Fault);
  });

  test.each(['a', '7', 'Alice', 'my.savings_2026-a', 'x'.repeat(32)])('may be %s', (label) => {
    checkLabel(label);
  });

  test.each([
    '',
    '.a',
    '-a',
    '_a',
    'a b',
    'a/b',
    '../a',
    'a\n',
    'Zoë',
    'x'.repeat(33),
    // Words with a good checksum of BIP173 and of BIP350.
    'tc1qpzry92jl3gm',
    'abc1pzrym2n0',
  ])("may not be '%s'", (label) => {
    expect(() => checkLabel(label)).toThrow(expect.objectContaining({ code: 'bad-label' }));
    expect(() => newWallet({ ...alice, label })).toThrow(Fault);
  });
});
