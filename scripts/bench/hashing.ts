/** How fast are many messages hashed, in one go and one after the other? */
import { hash } from 'node:crypto';
import { concatBytes } from '@noble/hashes/utils.js';
import { newBatchHasher } from '../../src/primitives/batchhasher.ts';
import { type Hasher, plainHasher } from '../../src/primitives/hasher.ts';
import { type Benchmark, repeated } from './harness.ts';

const count = 2_000;

const cryptoTwice = (bytes: Uint8Array) =>
  hash('sha256', hash('sha256', bytes, 'buffer'), 'buffer');

/** Of so many bytes, and up to so many more. */
function messages(bytes: number, more = 0): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, i) =>
    Uint8Array.from({ length: bytes + (i % (more + 1)) }, (_, j) => i * 7 + j),
  );
}

/** The root of a tree whose rows are made by this: bytes in, half as many out. */
function rootOf(leaves: Uint8Array, { hashPairs }: Pick<Hasher, 'hashPairs'>): Uint8Array {
  let row = leaves;
  while (row.length > 32) {
    const isOdd = row.length % 64 !== 0;
    row = hashPairs(isOdd ? concatBytes(row, row.subarray(-32)) : row);
  }
  return row;
}

export async function hashing(): Promise<readonly Benchmark[]> {
  const batch = newBatchHasher();
  const [reference, reached] = [plainHasher.name, batch.name];
  const hashers = [plainHasher, batch];
  const ids = concatBytes(...messages(32));
  const headers = concatBytes(...messages(80));
  const lists = [
    { what: 'ids of 250 bytes', all: messages(250), goal: 4 },
    { what: 'ids of 220 to 250 bytes', all: messages(220, 30), goal: 4 },
    { what: 'messages of 1,000 bytes', all: messages(1_000) },
  ];
  const turns = (unit: number, work: (hasher: Hasher) => unknown) =>
    hashers.map((hasher) => ({
      name: hasher.name,
      turn: repeated(() => {
        work(hasher);
        return unit;
      }),
    }));
  const crypto = (all: readonly Uint8Array[]) => ({
    name: 'node:crypto',
    turn: repeated(() => {
      for (const each of all) cryptoTwice(each);
      return count;
    }),
  });
  return [
    {
      name: `merkle roots of ${count} ids`,
      unit: 'roots',
      reference,
      goals: { [reached]: 6 },
      contenders: turns(1, (hasher) => rootOf(ids, hasher)),
    },
    {
      name: 'hashes of headers',
      unit: 'headers',
      reference,
      goals: { [reached]: 6 },
      contenders: turns(count, ({ hashHeaders }) => hashHeaders(headers)),
    },
    ...lists.map(({ what, all, goal }) => ({
      name: `hashes of ${what}`,
      unit: 'messages',
      reference,
      ...(goal === undefined ? {} : { goals: { [reached]: goal } }),
      contenders: [...turns(count, ({ hashAll }) => hashAll(all)), crypto(all)],
    })),
  ];
}
