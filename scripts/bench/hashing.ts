/**
 * How fast do we hash many messages? Hashes a second of the thread's CPU time, as medians of
 * rounds in which all take turns, and as ratios to noble, one message after the other.
 *
 *   npm run bench:hashing -- --rounds 15 --json
 */
import { hash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { concatBytes } from '@noble/hashes/utils.js';
import { sha256d } from '../../src/primitives/hash.ts';
import { newBatchHasher } from '../../src/primitives/hasher.ts';
import { compare, print } from './compare.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '15' }, json: { type: 'boolean', default: false } },
});
const rounds = Number(values.rounds);
const batch = newBatchHasher();
const cryptoTwice = (bytes: Uint8Array) =>
  hash('sha256', hash('sha256', bytes, 'buffer'), 'buffer');

/** So many messages, of so many bytes and up to so many more. */
function messages(count: number, bytes: number, more = 0): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, i) =>
    Uint8Array.from({ length: bytes + (i % (more + 1)) }, (_, j) => i * 7 + j),
  );
}

/** The root of a tree whose rows are made by this: bytes in, half as many out. */
function root(leaves: Uint8Array, hashRow: (row: Uint8Array) => Uint8Array): Uint8Array {
  let row = leaves;
  while (row.length > 32) {
    const isOdd = row.length % 64 !== 0;
    row = hashRow(isOdd ? concatBytes(row, row.subarray(-32)) : row);
  }
  return row;
}

function rowBy(hashPair: (pair: Uint8Array) => Uint8Array): (row: Uint8Array) => Uint8Array {
  return (row) => {
    const parents = new Uint8Array(row.length / 2);
    for (let i = 0; i < parents.length; i += 32) {
      parents.set(hashPair(row.subarray(i * 2, i * 2 + 64)), i);
    }
    return parents;
  };
}

function each(all: readonly Uint8Array[], one: (message: Uint8Array) => Uint8Array) {
  return () => {
    for (const message of all) one(message);
  };
}

function compareMessages(all: readonly Uint8Array[]) {
  const count = all.length;
  const ways = [
    { name: 'noble', count, run: each(all, sha256d) },
    { name: 'node:crypto, hash', count, run: each(all, cryptoTwice) },
    { name: batch.name, count, run: () => batch.hashAll(all) },
  ];
  return compare(ways, rounds);
}

const ids = concatBytes(...messages(2_000, 32));
const headers = messages(2_000, 80);
const together = concatBytes(...headers);
const tables = {
  'merkle roots of 2,000 ids': compare(
    [
      { name: 'noble', count: 1, run: () => root(ids, rowBy(sha256d)) },
      { name: 'node:crypto, hash', count: 1, run: () => root(ids, rowBy(cryptoTwice)) },
      { name: batch.name, count: 1, run: () => root(ids, batch.hashPairs) },
    ],
    rounds,
  ),
  'hashes of headers': compare(
    [
      { name: 'noble', count: 2_000, run: each(headers, sha256d) },
      { name: 'node:crypto, hash', count: 2_000, run: each(headers, cryptoTwice) },
      { name: batch.name, count: 2_000, run: () => batch.hashHeaders(together) },
    ],
    rounds,
  ),
  'ids of transactions of 250 bytes': compareMessages(messages(2_000, 250)),
  'ids of transactions of 220 to 250 bytes': compareMessages(messages(2_000, 220, 30)),
  'messages of 1,000 bytes': compareMessages(messages(2_000, 1_000)),
};
print(tables, values.json);
