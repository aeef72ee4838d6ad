/** PROTOCOL.md says what is true: each of its examples is what the code writes and reads. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesToHex } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import { regtest } from '../src/consensus/params.ts';
import { BlockTxsQuestion } from '../src/network/compact.ts';
import * as limits from '../src/network/limits.ts';
import {
  BlocksQuestion,
  Bodies,
  encodeAnswer,
  Headers,
  Ids,
  Locator,
  MempoolQuestion,
  Status,
} from '../src/network/messages.ts';
import { hashHeader } from '../src/primitives/block.ts';
import { encode } from '../src/primitives/codec.ts';

const page = readFileSync(join(import.meta.dirname, '../PROTOCOL.md'), 'utf8');

/** By what stands above them: the bytes of the examples. */
const examples = new Map(
  [...page.matchAll(/(?:^ {4}.*\n)+/gm)].map(([text]) => {
    const [name = '', ...lines] = text.split('\n').map((line) => line.trim());
    return [name, lines.join('').replaceAll(' ', '')];
  }),
);

const { header } = regtest.genesis;
const genesis = hashHeader(header);

const written: Readonly<Record<string, Uint8Array>> = {
  status: encode(Status, {
    genesis,
    tip: genesis,
    height: 0,
    work: 2n,
    time: 1_900_000_000,
    agent: new TextEncoder().encode('chain 0.1.0'),
  }),
  'headers question': encode(Locator, [genesis]),
  'headers answer': encodeAnswer(Headers, [header]),
  'blocks question': encode(BlocksQuestion, { form: 1, hashes: [genesis] }),
  'blocks answer, nothing there': encodeAnswer(Bodies, []),
  'blocktxs question, the places 1, 2 and 5': encode(BlockTxsQuestion, {
    block: genesis,
    positions: [1, 2, 5],
  }),
  'mempool question, for all ids': encode(MempoolQuestion, []),
  'mempool answer': encodeAnswer(Ids, [genesis]),
};

test.each(Object.entries(written))('the example %s is what the code writes', (name, bytes) => {
  expect(examples.get(name)).toBe(bytesToHex(bytes));
});

test('there is no other example', () => {
  expect([...examples.keys()].toSorted()).toEqual(Object.keys(written).toSorted());
});

test('the limits that it names are those of the code', () => {
  const named = [
    limits.maxGossipBytes,
    limits.maxHeaders,
    limits.maxLocator,
    limits.maxBlocksAsked,
    limits.answerBudgetBytes,
    limits.maxBlockBytes,
    limits.maxIds,
    limits.maxPaymentsAsked,
    limits.maxRecords,
    limits.maxRecordBytes,
    limits.maxLowWorkHeaders,
    limits.lowWorkBlocks,
  ].map((limit) => limit.toLocaleString('en-US'));
  for (const limit of named) expect(page).toContain(limit);
});
