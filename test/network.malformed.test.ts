/**
 * What strangers say in place of a message: every reader of questions, answers and gossip answers
 * with a `DecodeError`, or with a value that has these very bytes; nothing else, ever.
 */
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { mayDial, reachOf } from '../src/network/addresses.ts';
import {
  BlockTxs,
  BlockTxsQuestion,
  CompactBlock,
  compactOf,
  fillFrom,
} from '../src/network/compact.ts';
import { openRecord } from '../src/network/libp2precord.ts';
import { maxAgentBytes } from '../src/network/limits.ts';
import {
  BlocksQuestion,
  Bodies,
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
  tryDecode,
} from '../src/network/messages.ts';
import { Block } from '../src/primitives/block.ts';
import { type Codec, decode, encode } from '../src/primitives/codec.ts';
import { Fault } from '../src/primitives/fault.ts';
import { Transaction } from '../src/primitives/transaction.ts';
import { altered, asHex, type Case, campaign, codecCase, enough, seed } from './altered.ts';
import { anyBlock, anyBytes, anyHash, anyHeader, anyTransaction, anyU32 } from './arbitrary.ts';
import { openHere } from './libp2p.world.ts';

const few = <T>(item: fc.Arbitrary<T>, maxLength = 3) => fc.array(item, { maxLength });

const anyStatus = fc.record({
  ...{ genesis: anyHash, tip: anyHash, height: anyU32, time: anyU32 },
  work: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
  agent: anyBytes(maxAgentBytes),
});
const anyNonce = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const anyCompactBlock = fc
  .tuple(
    anyBlock.filter(({ transactions }) => transactions.length > 0),
    anyNonce,
  )
  .map(([block, nonce]) => compactOf(block, nonce));
const anyPositions = fc
  .uniqueArray(fc.nat(19_999), { maxLength: 5 })
  .map((positions) => positions.toSorted((one, other) => one - other));

/** Each message, and what it can be. */
const questions = [
  codecCase('Status', Status, anyStatus),
  codecCase('Locator', Locator, few(anyHash)),
  codecCase('BlocksQuestion', BlocksQuestion, fc.record({ form: fc.nat(1), hashes: few(anyHash) })),
  codecCase(
    'BlockTxsQuestion',
    BlockTxsQuestion,
    fc.record({ block: anyHash, positions: anyPositions }),
  ),
  codecCase('MempoolQuestion', MempoolQuestion, few(anyHash)),
];

const answers = [
  answerCase('Status', Status, anyStatus),
  answerCase('Headers', Headers, few(anyHeader)),
  answerCase(
    'Bodies',
    Bodies,
    few(
      anyBlock.map((block) => encode(Block, block)),
      2,
    ),
  ),
  answerCase(
    'BlockTxs',
    BlockTxs,
    fc.record({ block: anyHash, transactions: few(anyTransaction) }),
  ),
  answerCase('Ids', Ids, few(anyHash)),
  answerCase('Payments', Payments, few(anyTransaction.map((each) => encode(Transaction, each)))),
  answerCase('Records', Records, few(anyBytes(300))),
];

/** The same with its code before it; that there is none is an answer too. */
function answerCase<T>(name: string, codec: Codec<T>, values: fc.Arbitrary<T>): Case<Uint8Array> {
  const none = fc.constantFrom(encodeNo('busy'), encodeNo('unknown'), encodeNo('malformed'));
  const whole = values.map((value) => encodeAnswer(codec, value));
  return {
    name: `the answer ${name}`,
    inputs: altered(fc.oneof({ weight: 9, arbitrary: whole }, none)),
    same: asHex,
    again: (input) => {
      try {
        return asHex(encodeAnswer(codec, decodeAnswer(codec, input)));
      } catch (error) {
        const isNo = error instanceof Fault && /^peer-(busy|unknown)$/.test(error.code);
        if (isNo) return asHex(input);
        throw error;
      }
    },
  };
}

/** What is read is filled in at once, which may show that it is malformed. */
const compact: Case<Uint8Array> = {
  ...codecCase('CompactBlock', CompactBlock, anyCompactBlock),
  again: (input) => {
    const read = decode(CompactBlock, input);
    fillFrom(read, []);
    return asHex(encode(CompactBlock, read));
  },
};

const counts: string[] = [];
afterAll(() => {
  process.stdout.write(`malformed messages refused: ${counts.join(', ')}\n`);
});

test.each([...questions, ...answers, compact])(
  '$name reads 20,000 malformed inputs as such',
  (each) => {
    const { refused, read } = campaign(each);
    counts.push(`${each.name} ${refused} (and ${read} read)`);
    expect(refused).toBeGreaterThanOrEqual(enough);
    expect(read).toBeGreaterThan(0);
  },
);

test('where gossip comes in, nothing is thrown at all', () => {
  const payments = altered(anyTransaction.map((each) => encode(Transaction, each)));
  const property = fc.property(payments, (bytes) => {
    const read = tryDecode(Transaction, bytes);
    return read === undefined || asHex(encode(Transaction, read)) === asHex(bytes);
  });
  fc.assert(property, { seed, numRuns: enough });
});

test('a record that was altered is none, or is that of who signed it', async () => {
  const transport = await openHere();
  await transport.start({
    ...{ onPeer: () => {}, onFound: () => {}, onOffence: () => {} },
    onGossip: async () => 'ignore',
    onRequest: async (_method, _from, bytes) => bytes,
  });
  const record = (await transport.ownRecord()) ?? new Uint8Array(0);
  await transport.stop();
  let refused = 0;
  const property = fc.asyncProperty(altered(fc.constant(record)), async (bytes) => {
    const opened = await openRecord(bytes);
    if (opened) return opened.id === transport.id && asHex(bytes) === asHex(record);
    refused++;
    return true;
  });
  await fc.assert(property, { seed, numRuns: enough + enough / 5 });
  expect(refused).toBeGreaterThan(enough);
});

test('whatever is said for an address, a public peer can name public ones alone', () => {
  const kinds = fc.constantFrom('ip4', 'ip6', 'dns4', 'tcp', 'udp', 'ws', 'p2p', '');
  const hosts = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain(), fc.string({ maxLength: 20 }));
  const port = fc.integer({ min: -1, max: 70_000 }).map(String);
  const words = fc.array(fc.oneof(kinds, hosts, port), { maxLength: 6 });
  const addresses = fc.oneof(
    words.map((parts) => `/${parts.join('/')}`),
    fc.tuple(kinds, hosts, port).map(([kind, host, at]) => `/${kind}/${host}/tcp/${at}`),
  );
  const property = fc.property(addresses, (address) => {
    return mayDial(address, '/ip4/8.8.8.8/tcp/1') === (reachOf(address) === 'public');
  });
  fc.assert(property, { seed, numRuns: enough });
});
