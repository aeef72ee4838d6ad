/** The hash of a set, and the stream of bytes beneath it, held against other programs. */
import { createCipheriv } from 'node:crypto';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MuHash } from '../src/chain/muhash.ts';
import { chacha20 } from '../src/primitives/chacha.ts';

/** The member that Core's tests call by a number: its byte, then 31 zeros. */
const member = (number: number) => Uint8Array.of(number, ...new Uint8Array(31));

/** The set of these, less those, put together one by one. */
function hashOf(added: readonly Uint8Array[], removed: readonly Uint8Array[] = []): string {
  const hash = new MuHash();
  for (const each of added) hash.add(each);
  for (const each of removed) hash.remove(each);
  return hash.digest();
}

test('the stream is that of RFC 8439, as in Core’s first vector', () => {
  const expected =
    '76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7' +
    'da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586';
  expect(bytesToHex(chacha20(new Uint8Array(32), 64))).toBe(expected);
});

test('the stream is that of OpenSSL for any key and length', () => {
  const property = fc.property(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.nat({ max: 400 }),
    (key, length) => {
      const other = createCipheriv('chacha20', key, new Uint8Array(16));
      const expected = other.update(new Uint8Array(length)).toString('hex');
      expect(bytesToHex(chacha20(key, length))).toBe(expected);
    },
  );
  fc.assert(property, { numRuns: 100 });
});

test('a set hashes as in Core’s vector: two members, and one taken away', () => {
  const hash = hashOf([member(0), member(1)], [member(2)]);
  expect(hash).toBe('10d312b100cbd32ada024a6646e40d3482fcff103668d2625f10002a607d5863');
});

test('a set hashes the same in any order, and as if what was taken away had never come', () => {
  const [a, b, c] = ['a', 'b', 'c'].map(utf8ToBytes);
  if (!a || !b || !c) throw new Error('there are three members');
  const expected = hashOf([a, b]);
  expect(hashOf([b, a])).toBe(expected);
  expect(hashOf([a, c, b], [c])).toBe(expected);
  expect(hashOf([a, b, b])).not.toBe(expected);
  expect(hashOf([a], [a])).toBe(hashOf([]));
});
