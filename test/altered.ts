/**
 * What strangers send in place of something valid: the same, but cut off, with bits turned, with
 * more behind it, with a length that grew, or spliced with another; and noise.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { type Codec, DecodeError, decode, encode } from '../src/primitives/codec.ts';
import { anyBytes } from './arbitrary.ts';

/** Whatever fails once fails again. */
export const seed = 2009;
/** So many inputs are refused in one campaign. */
export const enough = 20_000;

/** In the place of a byte, for it may be a length: one above, in all its forms. */
const lengths = [
  [0xfc],
  [0xfd, 0xff, 0xff],
  [0xfe, 0, 0, 0, 2],
  [0xfe, 0xff, 0xff, 0xff, 1],
  [0xff],
];

/** Valid encodings altered in one place or two. */
export function altered(valid: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const samples = fc.sample(valid, { seed, numRuns: 300 });
  const sample = fc.constantFrom(...samples);
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const at = (bytes: Uint8Array, where: number) => Math.floor(bytes.length * where);
  return fc.oneof(
    anyBytes(120),
    fc.tuple(sample, share).map(([bytes, where]) => bytes.slice(0, at(bytes, where))),
    fc.tuple(sample, anyBytes(4, 1)).map(([bytes, tail]) => Uint8Array.of(...bytes, ...tail)),
    fc
      .tuple(sample, fc.array(fc.tuple(share, fc.nat(7)), { minLength: 1, maxLength: 4 }))
      .map(([bytes, turns]) => {
        const turned = bytes.slice();
        for (const [where, bit] of turns) {
          const i = at(bytes, where);
          turned[i] = (turned[i] ?? 0) ^ (1 << bit);
        }
        return turned;
      }),
    fc.tuple(sample, share, fc.constantFrom(...lengths)).map(([bytes, where, length]) => {
      const i = at(bytes, where);
      return Uint8Array.of(...bytes.slice(0, i), ...length, ...bytes.slice(i + 1));
    }),
    fc
      .tuple(sample, sample, share, share)
      .map(([left, right, end, start]) =>
        Uint8Array.of(...left.slice(0, at(left, end)), ...right.slice(at(right, start))),
      ),
  );
}

/** A decoder among its inputs: `again` reads one and writes what it read. */
export interface Case<T> {
  readonly name: string;
  readonly inputs: fc.Arbitrary<T>;
  /** The input as it would be written, read or not. */
  readonly same: (input: T) => unknown;
  readonly again: (input: T) => unknown;
}

export function codecCase<T>(
  name: string,
  codec: Codec<T>,
  values: fc.Arbitrary<T>,
): Case<Uint8Array> {
  const inputs = altered(values.map((value) => encode(codec, value)));
  const again = (input: Uint8Array) => asHex(encode(codec, decode(codec, input)));
  return { name, inputs, same: asHex, again };
}

export const asHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Goes on until enough inputs were refused; how many were read on the way. */
export function campaign<T>({ inputs, same, again }: Case<T>): { refused: number; read: number } {
  const counted = { refused: 0, read: 0 };
  const property = fc.property(inputs, (input) => {
    let written: unknown;
    try {
      written = again(input);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      counted.refused++;
      return true;
    }
    counted.read++;
    return isDeepStrictEqual(written, same(input));
  });
  for (let round = 0; counted.refused < enough && round < 20; round++) {
    fc.assert(property, { seed: seed + round, numRuns: enough / 4 });
  }
  return counted;
}
