/** Messages: what is written is read again. */
import { describe, expect, test } from 'vitest';
import { BlockTxs, BlockTxsQuestion, CompactBlock, compactOf } from '../src/network/compact.ts';
import { maxHeaders, maxLocator } from '../src/network/limits.ts';
import {
  answerCodes,
  BlocksQuestion,
  Bodies,
  bounded,
  decodeAnswer,
  encodeAnswer,
  encodeNo,
  Headers,
  Ids,
  Locator,
  MempoolQuestion,
  Payments,
  Records,
  Status,
} from '../src/network/messages.ts';
import { Header } from '../src/primitives/block.ts';
import { type Codec, DecodeError, decode, encode, Hash, noHash } from '../src/primitives/codec.ts';
import { Fault } from '../src/primitives/fault.ts';
import { Transaction } from '../src/primitives/transaction.ts';
import { coinbaseOf, outputTo, own, pay, seal } from './forge.ts';

const payment = pay([own(1)], { outputs: [outputTo(2, 500n)] });
const block = seal([coinbaseOf(1, [payment]), payment]);

interface Sample<T = unknown> {
  readonly codec: Codec<T>;
  readonly value: T;
}

function sample<T>(codec: Codec<T>, value: T): Sample {
  return { codec, value } as unknown as Sample;
}

const status = {
  genesis: noHash,
  tip: noHash,
  height: 7,
  work: 2n ** 200n,
  time: 1_900_000_000,
  agent: new TextEncoder().encode('chain 0.1.0'),
};

const samples: Readonly<Record<string, Sample>> = {
  status: sample(Status, status),
  locator: sample(Locator, [noHash, noHash]),
  headers: sample(Headers, [block.header, block.header]),
  'question for blocks': sample(BlocksQuestion, { form: 1, hashes: [noHash] }),
  bodies: sample(Bodies, [Uint8Array.of(1, 2, 3), new Uint8Array(0)]),
  ids: sample(Ids, [noHash]),
  'question for payments': sample(MempoolQuestion, [noHash]),
  payments: sample(Payments, [encode(Transaction, payment)]),
  records: sample(Records, [Uint8Array.of(7)]),
  'compact block': sample(CompactBlock, compactOf(block, 2n ** 63n)),
  'question for places': sample(BlockTxsQuestion, { block: noHash, positions: [1, 3] }),
  places: sample(BlockTxs, { block: noHash, transactions: [payment] }),
  header: sample(Header, block.header),
  payment: sample(Transaction, payment),
};

describe.each(Object.entries(samples))('a message: %s', (_name, { codec, value }) => {
  const bytes = encode(codec, value);

  test('is read as it was written', () => {
    expect(decode(codec, bytes)).toEqual(value);
  });
});

describe('a list with a bound', () => {
  const few = bounded(Hash, maxLocator);
  const row = (count: number) => Array.from({ length: count }, () => noHash);

  test('takes so many and no more', () => {
    expect(decode(few, encode(few, row(maxLocator)))).toHaveLength(maxLocator);
    expect(() => decode(few, encode(few, row(maxLocator + 1)))).toThrow('102 items, above 101');
    expect(() =>
      decode(Headers, encode(Headers, new Array(maxHeaders + 1).fill(block.header))),
    ).toThrow('2001 items, above 2000');
  });
});

describe('an answer', () => {
  test('holds what was asked for, or says why it does not', () => {
    expect(decodeAnswer(Ids, encodeAnswer(Ids, [noHash]))).toEqual([noHash]);
    expect(() => decodeAnswer(Ids, encodeNo('busy'))).toThrow(Fault);
    expect(() => decodeAnswer(Ids, encodeNo('busy'))).toThrow('busy');
    expect(() => decodeAnswer(Ids, encodeNo('unknown'))).toThrow('does not have it');
    expect(() => decodeAnswer(Ids, encodeNo('malformed'))).toThrow(DecodeError);
  });

  test('with anything else is malformed', () => {
    const beyond = Object.keys(answerCodes).length;
    for (const bytes of [[], [beyond], [answerCodes.busy, 0], [answerCodes.ok]]) {
      expect(() => decodeAnswer(Ids, Uint8Array.from(bytes))).toThrow(DecodeError);
    }
  });
});
