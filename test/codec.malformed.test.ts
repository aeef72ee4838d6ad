/**
 * What strangers send: bytes and texts that are nearly right, and noise. Every decoder answers each
 * of them with a `DecodeError`, or with a value that has these very bytes; nothing else, ever.
 */
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { readNetwork, writeNetwork } from '../src/consensus/network.ts';
import { addressOf, scriptOf } from '../src/primitives/address.ts';
import { formatAmount, parseAmount } from '../src/primitives/amount.ts';
import { Block, Header } from '../src/primitives/block.ts';
import { type Codec, DecodeError, decode, parseHash, parseHex } from '../src/primitives/codec.ts';
import { Coin, Undo } from '../src/primitives/coin.ts';
import { readPushes } from '../src/primitives/script.ts';
import { compactFromDer } from '../src/primitives/signature.ts';
import { Transaction } from '../src/primitives/transaction.ts';
import { altered, asHex, type Case, campaign, codecCase, enough, seed } from './altered.ts';
import {
  anyAmount,
  anyBlock,
  anyBytes,
  anyCoin,
  anyCompact,
  anyHash,
  anyHeader,
  anyNamedCoin,
  anyParams,
  anyScript,
  anyTransaction,
} from './arbitrary.ts';
import { derFromCompact } from './der.ts';

/** Characters that come near to those of numbers, hex and addresses. */
const lookalikes = fc.constantFrom(...'0129aAfFgGlLoO+-.,eE_ \n\0\u0660\u212a\u017f\ud800"{}[]:');

/** The same for texts. */
function alteredText(valid: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const sample = fc.constantFrom(...fc.sample(valid, { seed, numRuns: 300 }));
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const at = (text: string, where: number) => Math.floor(text.length * where);
  return fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.tuple(sample, share).map(([text, where]) => text.slice(0, at(text, where))),
    fc.tuple(sample, share, lookalikes).map(([text, where, character]) => {
      const i = at(text, where);
      return text.slice(0, i) + character + text.slice(i + 1);
    }),
    fc.tuple(sample, share, lookalikes).map(([text, where, character]) => {
      const i = at(text, where);
      return text.slice(0, i) + character + text.slice(i);
    }),
    fc
      .tuple(sample, sample, share, share)
      .map(
        ([left, right, end, start]) => left.slice(0, at(left, end)) + right.slice(at(right, start)),
      ),
  );
}

/** Pushes have many forms, so all that is asked is that they fit into the script. */
function pushesFit(script: Uint8Array): string {
  const pushes = readPushes(script);
  if (!pushes) throw new DecodeError('not pushes alone');
  const least = pushes.reduce((sum, { length }) => sum + Math.max(length, 1), 0);
  if (least > script.length) throw new RangeError(`${least} bytes out of ${script.length}`);
  return asHex(script);
}

/** Lower case, but only of A to Z: no other letter may pass for one of these. */
const lower = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
const places = (text: string) => Number(text).toFixed(8);

const addresses = fc
  .tuple(anyScript, fc.constantFrom('tc', 'bc'), fc.boolean())
  .map(([script, prefix, isUpper]) => {
    const address = addressOf(script, prefix) ?? '';
    return isUpper ? address.toUpperCase() : address;
  })
  .filter((address) => address !== '');

/** As a file says the same that was written in another case, or with fewer zeros. */
function normalNetwork(text: string): unknown {
  const { genesis, subsidy, ...rest } = JSON.parse(text);
  return { ...rest, genesis: lower(genesis), subsidy: places(subsidy) };
}

const byteCases: readonly Case<Uint8Array>[] = [
  codecCase('Transaction', Transaction, anyTransaction),
  codecCase('Block', Block, anyBlock),
  codecCase('Header', Header, anyHeader),
  codecCase('Coin', Coin, anyCoin),
  codecCase('Undo', Undo, fc.array(anyNamedCoin, { maxLength: 3 })),
  {
    name: 'compactFromDer',
    inputs: altered(anyCompact.map(derFromCompact)),
    same: asHex,
    again: (der) => asHex(derFromCompact(compactFromDer(der))),
  },
  { name: 'readPushes', inputs: altered(anyScript), same: asHex, again: pushesFit },
];

const textCases: readonly Case<string>[] = [
  {
    name: 'scriptOf',
    inputs: alteredText(addresses),
    same: lower,
    again: (text) => addressOf(scriptOf(text, 'tc'), 'tc'),
  },
  {
    name: 'parseAmount',
    inputs: alteredText(anyAmount.map(formatAmount)),
    same: places,
    again: (text) => formatAmount(parseAmount(text)),
  },
  { name: 'parseHash', inputs: alteredText(anyHash), same: lower, again: parseHash },
  {
    name: 'parseHex',
    inputs: alteredText(anyBytes(40).map(asHex)),
    same: lower,
    again: (text) => asHex(parseHex(text)),
  },
  {
    name: 'readNetwork',
    inputs: alteredText(anyParams.map((params) => JSON.stringify(writeNetwork(params)))),
    same: normalNetwork,
    again: (text) => normalNetwork(JSON.stringify(writeNetwork(readNetwork(text)))),
  },
];

const counts: string[] = [];
afterAll(() => {
  process.stdout.write(`malformed inputs refused: ${counts.join(', ')}\n`);
});

test.each(byteCases)('$name reads 20,000 malformed inputs as such', (each) => {
  const { refused, read } = campaign(each);
  counts.push(`${each.name} ${refused} (and ${read} read)`);
  expect(refused).toBeGreaterThanOrEqual(enough);
  expect(read).toBeGreaterThan(0);
});

test.each(textCases)('$name reads 20,000 malformed texts as such', (each) => {
  const { refused, read } = campaign(each);
  counts.push(`${each.name} ${refused} (and ${read} read)`);
  expect(refused).toBeGreaterThanOrEqual(enough);
  expect(read).toBeGreaterThan(0);
});

/** 2^25, the greatest count that is read at all, and nothing like as many items behind it. */
const claim = 'fe00000002';
const few = '01'.repeat(40);
const prevout = `${'11'.repeat(32)}00000000`;
const falseClaims: readonly [what: string, codec: Codec<unknown>, bytes: string][] = [
  ['inputs', Transaction, `02000000${claim}${few}`],
  ['inputs with witnesses', Transaction, `020000000001${claim}${few}`],
  ['bytes of scriptSig', Transaction, `0200000001${prevout}${claim}${few}`],
  ['outputs', Transaction, `0200000001${prevout}00ffffffff${claim}${few}`],
  [
    'bytes of script',
    Transaction,
    `0200000001${prevout}00ffffffff01${'00'.repeat(8)}${claim}${few}`,
  ],
  ['witness items', Transaction, `02000000000101${prevout}00ffffffff00${claim}${few}`],
  ['bytes of a witness item', Transaction, `02000000000101${prevout}00ffffffff0001${claim}${few}`],
  ['transactions', Block, `${'00'.repeat(80)}${claim}${few}`],
  ['coins', Undo, `${claim}${few}`],
  ['bytes of a coin', Coin, `${'00'.repeat(12)}${claim}${few}`],
];

test.each(falseClaims)(
  'a false claim of 2^25 %s fails before there is room for them',
  (_, codec, bytes) => {
    const input = parseHex(bytes);
    const before = process.memoryUsage();
    for (let i = 0; i < 100; i++) expect(() => decode(codec, input)).toThrow(DecodeError);
    const after = process.memoryUsage();
    // Made once, even of single bytes, the room would be 32 MiB; a hundred times it would be 3 GiB.
    const grown = after.heapTotal + after.external - before.heapTotal - before.external;
    expect(grown).toBeLessThan(2 ** 25);
  },
);
