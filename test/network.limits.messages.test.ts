/** How long a message may be: the longest of its kind is read, and one item more is not. */
import { describe, expect, test } from 'vitest';
import { BlockTxs, BlockTxsQuestion, CompactBlock, compactOf } from '../src/network/compact.ts';
import {
  answerBudgetBytes,
  maxAgentBytes,
  maxAnswerBytes,
  maxBlockBytes,
  maxBlocksAsked,
  maxGossipBytes,
  maxHeaders,
  maxIds,
  maxLocator,
  maxPaymentsAsked,
  maxQuestionBytes,
  maxRecordBytes,
  maxRecords,
  maxTransactions,
} from '../src/network/limits.ts';
import {
  BlocksQuestion,
  Bodies,
  encodeAnswer,
  Headers,
  Ids,
  Locator,
  MempoolQuestion,
  Payments,
  Records,
  Status,
} from '../src/network/messages.ts';
import { type Codec, DecodeError, decode, encode, noHash } from '../src/primitives/codec.ts';
import { blockAt, coinbaseOf, seal } from './forge.ts';

const { header, transactions } = blockAt(1);
const [transaction = coinbaseOf(1)] = transactions;

const rowOf = <T>(item: T) => {
  return (count: number) => new Array<T>(count).fill(item);
};
const hashes = rowOf(noHash);
const bytesOf = (length: number) => new Uint8Array(length);

const status = {
  ...{ genesis: noHash, tip: noHash, height: 7, work: 1n, time: 1_900_000_000 },
  agent: bytesOf(maxAgentBytes),
};

/** A bound: what is just within it, and just beyond. */
interface Bound<T = unknown> {
  readonly codec: Codec<T>;
  readonly make: (size: number) => T;
  readonly most: number;
}

function bound<T>(codec: Codec<T>, most: number, make: (size: number) => T): Bound {
  return { codec, most, make } as unknown as Bound;
}

const compact = compactOf(seal([transaction]), 1n);
const prefilled = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ at, transaction }));

const bounds: Readonly<Record<string, Bound>> = {
  'bytes of an agent': bound(Status, maxAgentBytes, (size) => ({
    ...status,
    agent: bytesOf(size),
  })),
  'hashes of a locator': bound(Locator, maxLocator, hashes),
  headers: bound(Headers, maxHeaders, rowOf(header)),
  'blocks that are asked for': bound(BlocksQuestion, maxBlocksAsked, (count) => ({
    form: 0,
    hashes: hashes(count),
  })),
  'blocks of an answer': bound(Bodies, maxBlocksAsked, rowOf(bytesOf(9))),
  'bytes of a block': bound(Bodies, maxBlockBytes, (size) => [bytesOf(size)]),
  ids: bound(Ids, maxIds, hashes),
  'payments that are asked for': bound(MempoolQuestion, maxPaymentsAsked, hashes),
  'payments of an answer': bound(Payments, maxPaymentsAsked, rowOf(bytesOf(9))),
  'bytes of a payment': bound(Payments, maxGossipBytes, (size) => [bytesOf(size)]),
  records: bound(Records, maxRecords, rowOf(bytesOf(9))),
  'bytes of a record': bound(Records, maxRecordBytes, (size) => [bytesOf(size)]),
  'short ids': bound(CompactBlock, maxTransactions, (count) => ({
    ...compact,
    shortIds: rowOf(7)(count),
  })),
  'payments that are told whole': bound(CompactBlock, maxTransactions, (count) => ({
    ...compact,
    prefilled: prefilled(count),
  })),
  'places that are asked for': bound(BlockTxsQuestion, maxTransactions, (count) => ({
    block: noHash,
    positions: Array.from({ length: count }, (_, at) => at),
  })),
  'payments of a block': bound(BlockTxs, maxTransactions, (count) => ({
    block: noHash,
    transactions: rowOf(transaction)(count),
  })),
};

describe.each(Object.entries(bounds))('of %s', (_, { codec, most, make }) => {
  test('so many are read as they were written', () => {
    const bytes = encode(codec, make(most));
    expect(Buffer.from(encode(codec, decode(codec, bytes))).equals(bytes)).toBe(true);
  });

  test('one more is malformed', () => {
    expect(() => decode(codec, encode(codec, make(most + 1)))).toThrow(DecodeError);
  });
});

describe('the longest of its kind fits, and fills most of its bound', () => {
  const longest = Object.entries({
    status: [encode(Status, status), maxQuestionBytes.status],
    headers: [encode(Locator, hashes(maxLocator)), maxQuestionBytes.headers],
    blocks: [
      encode(BlocksQuestion, { form: 0, hashes: hashes(maxBlocksAsked) }),
      maxQuestionBytes.blocks,
    ],
    mempool: [encode(MempoolQuestion, hashes(maxPaymentsAsked)), maxQuestionBytes.mempool],
    'status answer': [encodeAnswer(Status, status), maxAnswerBytes.status],
    'headers answer': [encodeAnswer(Headers, rowOf(header)(maxHeaders)), maxAnswerBytes.headers],
    'blocks answer': [
      // All but the last are shorter than the budget by one byte, and that one is a long block.
      encodeAnswer(Bodies, [
        ...rowOf(bytesOf(Math.floor(answerBudgetBytes / maxBlocksAsked)))(maxBlocksAsked - 1),
        bytesOf(maxBlockBytes),
      ]),
      maxAnswerBytes.blocks,
    ],
    'mempool answer': [
      encodeAnswer(Payments, rowOf(bytesOf(answerBudgetBytes / 1_000))(maxPaymentsAsked)),
      maxAnswerBytes.mempool,
    ],
    'peers answer': [
      encodeAnswer(Records, rowOf(bytesOf(maxRecordBytes))(maxRecords)),
      maxAnswerBytes.peers,
    ],
  } as const);

  test.each(longest)('%s', (_, [bytes, most]) => {
    expect(bytes.length).toBeLessThanOrEqual(most);
    expect(bytes.length).toBeGreaterThan(0.8 * most);
  });
});
