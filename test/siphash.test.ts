/** SipHash-2-4 against its authors' vectors. */
import { expect, test } from 'vitest';
import { siphash } from '../src/primitives/siphash.ts';

const count = (length: number) => Uint8Array.from({ length }, (_, i) => i);

// From the paper's appendix A, and from the authors' vectors.h, of messages 00 01 02 …
test.each([
  [0, 0x726fdb47dd0e0e31n],
  [1, 0x74f839c593dc67fdn],
  [7, 0xab0200f58b01d137n],
  [8, 0x93f5f5799a932462n],
  [15, 0xa129ca6149be45e5n],
  [16, 0x3f2acc7f57c29bdbn],
  [63, 0x958a324ceb064572n],
])('of %i bytes', (length, expected) => {
  expect(siphash(count(16), count(length))).toBe(expected);
});

test('another key gives another hash', () => {
  const key = count(16).map((byte) => byte ^ 1);
  expect(siphash(key, count(15))).not.toBe(siphash(count(16), count(15)));
});
