/** Tagged JSON: whatever is plain comes back as it was, and nothing else is read. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DecodeError } from '../src/primitives/codec.ts';
import { decodeTagged, encodeTagged } from '../src/rpc/tagged.ts';

/** JSON has no minus zero, and we have no use for one. */
const anyNumber = fc
  .oneof(fc.integer(), fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }))
  .map((number) => number + 0);

const anyName = fc.oneof(fc.string(), fc.constantFrom('$bytes', '$', '$$', '__proto__', '0'));

const anyPlain = fc.letrec((tie) => ({
  leaf: fc.oneof(
    anyNumber,
    fc.boolean(),
    fc.string({ unit: 'binary' }),
    fc.constant(undefined),
    fc.bigInt({ min: -(2n ** 256n), max: 2n ** 256n }),
    fc.uint8Array(),
  ),
  value: fc.oneof(
    { depthSize: 'small' },
    tie('leaf'),
    fc.array(tie('value')),
    fc.dictionary(anyName, tie('value'), { noNullPrototype: true }),
    fc.array(fc.tuple(anyName, tie('value'))).map((pairs) => new Map(pairs)),
    fc.array(anyName).map((names) => new Set(names)),
  ),
})).value;

test('whatever is plain comes back as it was', () => {
  fc.assert(
    fc.property(anyPlain, (value) => {
      expect(decodeTagged(encodeTagged(value))).toStrictEqual(value);
    }),
    { numRuns: 500 },
  );
});

test('a field that is undefined is still a field', () => {
  expect(Object.keys(Object(decodeTagged(encodeTagged({ height: undefined }))))).toEqual([
    'height',
  ]);
});

test.each([
  '',
  '{',
  '[1',
  '1e999',
  '[1]]',
  '{"$bigint":"0x1"}',
  '{"$bigint":""}',
  '{"$bigint":"01"}',
  '{"$bigint":"-0"}',
  '{"$bigint":"F"}',
  '{"$bigint":1}',
  '{"$bigint":null}',
  '{"$bytes":"0"}',
  '{"$bytes":"0G"}',
  '{"$bytes":"AB"}',
  '{"$bytes":1}',
  '{"$map":{}}',
  '{"$map":[1]}',
  '{"$map":[["a"]]}',
  '{"$map":[["a",1,2]]}',
  '{"$map":[["a",1],["a",2]]}',
  '{"$set":{}}',
  '{"$set":["a","a"]}',
  '{"$set":"a"}',
  '{"$date":"1"}',
  '{"$":1}',
  '{"$bytes":"","other":1}',
  '{"other":1,"$bytes":""}',
  `${'['.repeat(100)}${']'.repeat(100)}`,
  `${'['.repeat(200_000)}${']'.repeat(200_000)}`,
])('%.30s is refused', (text) => {
  expect(() => decodeTagged(text)).toThrow(DecodeError);
});

test('bytes that were not written by us are read or refused, and nothing else happens', () => {
  const anyText = fc.oneof(fc.json(), fc.string(), anyPlain.map(encodeTagged));
  const cut = fc.tuple(anyText, fc.nat(), fc.string({ maxLength: 2 }));
  fc.assert(
    fc.property(cut, ([text, place, other]) => {
      const at = place % (text.length + 1);
      const changed = text.slice(0, at) + other + text.slice(at + 1);
      try {
        const value = decodeTagged(changed);
        expect(decodeTagged(encodeTagged(value))).toEqual(value);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['a function', () => 1],
  ['a symbol', Symbol('one')],
  ['null', null],
  ['no number', Number.NaN],
  ['the infinite', Infinity],
  ['a date', new Date(0)],
  ['an object of a class', new DecodeError('one')],
])('%s is not plain, and to write it is a bug', (_name, value) => {
  expect(() => encodeTagged([value])).toThrow('assertion failed');
});
