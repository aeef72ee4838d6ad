/** Codecs: what is written is read again as the same, and everything has one encoding. */

import { script as bitcoinScript } from 'bitcoinjs-lib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { U32Sorted } from '../src/chain/database.ts';
import { addressOf, scriptOf } from '../src/primitives/address.ts';
import { formatAmount, parseAmount } from '../src/primitives/amount.ts';
import {
  Block,
  blockWeight,
  Header,
  strippedBlockBytes,
  totalBlockBytes,
} from '../src/primitives/block.ts';
import {
  Bytes,
  type Codec,
  CompactSize,
  compactSizeBytes,
  DecodeError,
  decode,
  encode,
  Hash,
  I32,
  I64,
  list,
  parseHash,
  parseHex,
  U32,
} from '../src/primitives/codec.ts';
import { Coin, NamedCoin, Undo } from '../src/primitives/coin.ts';
import { heightPush, outputKind, push, readPushes } from '../src/primitives/script.ts';
import { compactFromDer } from '../src/primitives/signature.ts';
import {
  hasWitness,
  OutPoint,
  Output,
  strippedBytes,
  Transaction,
  totalBytes,
  txid,
  virtualBytes,
  weight,
  wtxid,
} from '../src/primitives/transaction.ts';
import {
  anyAmount,
  anyBlock,
  anyBytes,
  anyCoin,
  anyCompact,
  anyHash,
  anyHeader,
  anyNamedCoin,
  anyOutPoint,
  anyOutput,
  anyTransaction,
  anyU32,
} from './arbitrary.ts';
import { derFromCompact } from './der.ts';
import { hex } from './forge.ts';

/** All lengths, with those where the encoding changes its form. */
const anySize = fc.oneof(
  fc.constantFrom(0, 0xfc, 0xfd, 0xffff, 0x1_0000, 0x0200_0000),
  fc.integer({ min: 0, max: 0x0200_0000 }),
);
const anyI64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });

function holds<T>(values: fc.Arbitrary<T>, claim: (value: T) => void): void {
  fc.assert(fc.property(values, claim), { seed: 2009, numRuns: 1000 });
}

/** A codec and the values it is for. */
function roundTrip<T>(name: string, codec: Codec<T>, values: fc.Arbitrary<T>) {
  const check = () =>
    holds(values, (value) => {
      const bytes = encode(codec, value);
      const again = decode(codec, bytes);
      expect(again).toEqual(value);
      expect(encode(codec, again)).toEqual(bytes);
    });
  return { name, check };
}

test.each([
  roundTrip('U32', U32, anyU32),
  roundTrip('I32', I32, fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  roundTrip('I64', I64, anyI64),
  roundTrip('U32Sorted', U32Sorted, anyU32),
  roundTrip('CompactSize', CompactSize, anySize),
  roundTrip('Bytes', Bytes, anyBytes(600)),
  roundTrip('list', list(Bytes), fc.array(anyBytes(3), { maxLength: 300, size: 'max' })),
  roundTrip('Hash', Hash, anyHash),
  roundTrip('OutPoint', OutPoint, anyOutPoint),
  roundTrip('Output', Output, anyOutput),
  roundTrip('Transaction', Transaction, anyTransaction),
  roundTrip('Header', Header, anyHeader),
  roundTrip('Block', Block, anyBlock),
  roundTrip('Coin', Coin, anyCoin),
  roundTrip('NamedCoin', NamedCoin, anyNamedCoin),
  roundTrip('Undo', Undo, fc.array(anyNamedCoin, { maxLength: 5 })),
])('any $name is read as it was written', ({ check }) => check());

describe('any text or script', () => {
  test('of an amount is read from its eight places', () => {
    holds(anyAmount, (amount) => {
      expect(formatAmount(amount)).toMatch(/^\d+\.\d{8}$/);
      expect(parseAmount(formatAmount(amount))).toBe(amount);
      expect(formatAmount(-amount - 1n)).toBe(`-${formatAmount(amount + 1n)}`);
    });
  });
  test('of an amount means the same without the zeros behind it', () => {
    holds(anyAmount, (amount) => {
      const short = formatAmount(amount).replace(/\.?0+$/, '');
      expect(parseAmount(short)).toBe(amount);
    });
  });
  test('of an address is read back, also in capitals', () => {
    const scripts = fc.oneof(
      anyBytes(20, 20).map((program) => Uint8Array.of(0x00, 20, ...program)),
      anyBytes(32, 32).map((program) => Uint8Array.of(0x51, 32, ...program)),
    );
    holds(fc.tuple(scripts, fc.constantFrom('tc', 'bcrt', 'class')), ([script, prefix]) => {
      const address = addressOf(script, prefix) ?? '';
      expect(address.startsWith(`${prefix}1`)).toBe(true);
      expect(scriptOf(address, prefix)).toEqual(script);
      expect(scriptOf(address.toUpperCase(), prefix)).toEqual(script);
    });
  });
  test('of a height is what bitcoinjs-lib makes of the number', () => {
    const edges = [0, 1, 16, 17, 127, 128, 255, 256, 32_767, 32_768, 8_388_607, 8_388_608];
    const heights = fc.oneof(fc.constantFrom(...edges), fc.integer({ min: 0, max: 0x7fff_ffff }));
    holds(heights, (height) => {
      const expected = bitcoinScript.compile([bitcoinScript.number.encode(height)]);
      expect(heightPush(height)).toEqual(new Uint8Array(expected));
      expect(readPushes(heightPush(height))).toHaveLength(1);
    });
  });
  test.each([2, 75, 76, 255, 256, 65_535, 65_536])('of a push of %i bytes', (length) => {
    const bytes = new Uint8Array(length).fill(7);
    const expected = new Uint8Array(bitcoinScript.compile([bytes]));
    expect(push(bytes)).toEqual(expected);
    expect(readPushes(push(bytes))).toEqual([bytes]);
  });
  test('of pushes of up to 255 bytes is read back', () => {
    holds(fc.array(anyBytes(255), { maxLength: 4 }), (items) => {
      const script = Uint8Array.of(...items.flatMap((item) => [...push(item)]));
      expect(readPushes(script)).toEqual(items);
    });
  });
  test('of a signature in DER is read back', () => {
    holds(anyCompact, (compact) => {
      expect(compactFromDer(derFromCompact(compact))).toEqual(compact);
    });
  });
  test('of hex is read in both cases', () => {
    holds(anyBytes(40), (bytes) => {
      const text = Buffer.from(bytes).toString('hex');
      expect(parseHex(text)).toEqual(bytes);
      expect(parseHex(text.toUpperCase())).toEqual(bytes);
    });
    holds(anyHash, (hash) => {
      expect(parseHash(hash.toUpperCase())).toBe(hash);
    });
  });
});

test.each([
  ...['', '.', '1.', '.5', '-1', '+1', '1e3', '0x10', '1,5', ' 1', '1 ', '1\n', '1.2.3', '\u0661'],
  ...['1.123456789', '0.000000001', '21000000.00000001', '100000000', 'NaN', 'Infinity', 'all'],
])('the amount %j is refused', (text) => {
  expect(() => parseAmount(text)).toThrow(DecodeError);
  expect(() => parseAmount(text)).toThrow(`'${text}' is not an amount`);
});

test.each([
  ['0', 0n],
  ['0.00000001', 1n],
  ['1.5', 150_000_000n],
  ['007', 700_000_000n],
  ['21000000', 2_100_000_000_000_000n],
])('the amount %s is %i units', (text, amount) => {
  expect(parseAmount(text)).toBe(amount);
});

test.each([
  [0n, '0.00000000'],
  [1n, '0.00000001'],
  [-1n, '-0.00000001'],
  [125_000_000n, '1.25000000'],
])('%i units are written %s', (amount, text) => {
  expect(formatAmount(amount)).toBe(text);
});

describe('any block or transaction', () => {
  test('has the size that its bytes have', () => {
    holds(anySize, (size) => {
      expect(compactSizeBytes(size)).toBe(encode(CompactSize, size).length);
    });
    holds(anyTransaction, (transaction) => {
      expect(totalBytes(transaction)).toBe(encode(Transaction, transaction).length);
      expect(weight(transaction)).toBe(strippedBytes(transaction) * 3 + totalBytes(transaction));
      expect(virtualBytes(transaction)).toBe(Math.ceil(weight(transaction) / 4));
    });
    holds(anyBlock, (block) => {
      expect(totalBlockBytes(block)).toBe(encode(Block, block).length);
      expect(blockWeight(block)).toBe(strippedBlockBytes(block) * 3 + totalBlockBytes(block));
    });
  });
  test('has txids that witnesses do not change', () => {
    const paying = anyTransaction.filter(({ inputs }) => inputs.length > 0);
    holds(paying, (transaction) => {
      const inputs = transaction.inputs.map((input) => ({ ...input, witness: [] }));
      const stripped = { ...transaction, inputs };
      expect(strippedBytes(transaction)).toBe(encode(Transaction, stripped).length);
      expect(txid(transaction)).toBe(txid(stripped));
      expect(txid(stripped)).toBe(wtxid(stripped));
      expect(wtxid(transaction) === wtxid(stripped)).toBe(!hasWitness(transaction));
    });
  });
});

test('what is read keeps nothing of the bytes it was read from', () => {
  const source = Buffer.from('03010203', 'hex');
  const bytes = decode(Bytes, source);
  source.fill(0xff);
  expect(bytes).toEqual(Uint8Array.of(1, 2, 3));
});

test('numbers written big end first sort as bytes', () => {
  const numbers = [0, 1, 255, 256, 65_536, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
  const written = numbers.map((number) => Buffer.from(encode(U32Sorted, number)));
  expect(written.toSorted(Buffer.compare)).toEqual(written);
});

test.each([
  ['fdfc00', 'non-canonical size: 252'],
  ['fd0000', 'non-canonical size: 0'],
  ['feffff0000', 'non-canonical size: 65535'],
  ['ffffffffff00000000', 'non-canonical size: 4294967295'],
  ['fe01000002', 'size 33554433 is above 33554432'],
  ['ff0000000001000000', 'size 4294967296 is above 33554432'],
  ['ffffffffffffffffff', 'is above 33554432'],
  ['fd', 'expected 2 bytes at 1, got 0'],
  ['fe000000', 'expected 4 bytes at 1, got 3'],
  ['0000', '1 bytes left over'],
  ['', 'expected 1 bytes at 0, got 0'],
])('the size %s is refused: %s', (bytes, problem) => {
  expect(() => decode(CompactSize, hex(bytes))).toThrow(DecodeError);
  expect(() => decode(CompactSize, hex(bytes))).toThrow(problem);
});

test.each([
  ['fc', 252],
  ['fdfd00', 253],
  ['fdffff', 65_535],
  ['fe00000100', 65_536],
  ['fe00000002', 33_554_432],
])('the size %s is %i', (bytes, size) => {
  expect(decode(CompactSize, hex(bytes))).toBe(size);
});

const input = `${'11'.repeat(32)}0000000000ffffffff`;
const output = '0100000000000000016a';

test.each([
  ['a record of witnesses that are all empty', `020000000001 01${input} 01${output} 00 00000000`],
  ['witnesses where there is no input', `020000000001 00 01${output} 00000000`],
  ['an optional record of kind 2', `020000000002 01${input} 01${output} 00 00000000`],
  ['an optional record of kind 3', `020000000003 01${input} 01${output} 0101ff 00000000`],
  ['a witness for one input of two', `020000000001 02${input}${input} 01${output} 0101ff 00000000`],
  ['a byte behind it', `02000000 01${input} 01${output} 00000000 00`],
  ['no lock time', `02000000 01${input} 01${output}`],
])('a transaction with %s is refused', (_, bytes) => {
  expect(() => decode(Transaction, hex(bytes.replaceAll(' ', '')))).toThrow(DecodeError);
});

test('a transaction of nothing at all is read, for a rule to refuse', () => {
  const nothing = { version: 2, inputs: [], outputs: [], lockTime: 7 };
  expect(decode(Transaction, hex('02000000000007000000'))).toEqual(nothing);
});

test('small numbers are pushes of one byte', () => {
  expect(readPushes(hex('004f5160'))).toEqual(['', '81', '01', '10'].map(hex));
});

test('scripts that read as no pushes are no carriers', () => {
  expect(readPushes(hex('50'))).toBe(undefined);
  expect(readPushes(hex('4c'))).toBe(undefined);
  expect(outputKind(hex('6a50'))).toBe(undefined);
});
