/** SHA-256 as it is written in `hashing`: over plain numbers it is noble's, and what folds. */
import { sha256 as noble } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ancestors, Graph, isStep, stages, type Word } from '../src/hashing/graph.ts';
import { type Arithmetic, sha256, sha256d } from '../src/hashing/rounds.ts';

const numbers: Arithmetic<number> = {
  fixed: (value) => value | 0,
  add: (a, b) => (a + b) | 0,
  xor: (a, b) => a ^ b,
  and: (a, b) => a & b,
  turn: (a, bits) => bits.reduce((all, each) => all ^ ((a >>> each) | (a << (32 - each))), 0),
  shift: (a, bits) => a >>> bits,
};

const messages = fc
  .array(fc.nat({ max: 0xffff_ffff }), { maxLength: 70 })
  .map((words) => words.map((word) => word | 0));

function bytesOf(words: readonly number[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(words.length * 4));
  for (const [i, word] of words.entries()) bytes.setInt32(i * 4, word);
  return new Uint8Array(bytes.buffer);
}

test('over numbers it is SHA-256, for every length of whole words', () => {
  for (let length = 0; length <= 70; length++) {
    const words = Array.from({ length }, (_, i) => Math.imul(i + 1, 0x9e37_79b1));
    expect(bytesOf(sha256(numbers, words))).toEqual(noble(bytesOf(words)));
  }
  const property = fc.property(messages, (words) => {
    expect(bytesOf(sha256d(numbers, words))).toEqual(noble(noble(bytesOf(words))));
  });
  fc.assert(property, { numRuns: 100, seed: 3 });
});

test('of constants alone nothing is left but the hash', () => {
  const graph = new Graph();
  const words = [1, -2, 3];
  const hash = sha256d(
    graph,
    words.map((word) => graph.fixed(word)),
  );
  expect(hash.map((word) => word.kind)).toEqual(new Array(8).fill('fixed'));
  const values = hash.map((word) => (word.kind === 'fixed' ? word.value : 0));
  expect(bytesOf(values)).toEqual(noble(noble(bytesOf(words))));
});

/** How many steps are late where so many of a header's twenty words are known early. */
function lateSteps(early: number, results: (hash: readonly Word[]) => readonly Word[]): number {
  const graph = new Graph();
  const header = Array.from({ length: 20 }, (_, i) =>
    graph.input(i < early ? stages.job : stages.hash),
  );
  const steps = ancestors(results(sha256d(graph, header))).filter(isStep);
  return steps.filter(({ stage }) => stage === stages.hash).length;
}

test('what a miner knows early is not done late, and what he does not need is not done', () => {
  const [top, all] = [(hash: readonly Word[]) => hash.slice(7), (hash: readonly Word[]) => hash];
  // The first block, which is a third.
  expect(lateSteps(16, all)).toBeLessThan(lateSteps(0, all) * 0.67);
  // The first three rounds of the second block, and most of the fourth: a round has 14 steps.
  expect(lateSteps(19, all)).toBeLessThan(lateSteps(16, all) - 4 * 14);
  // The last three rounds, and the words that are for them.
  expect(lateSteps(19, top)).toBeLessThan(lateSteps(19, all) - 3 * 14);
  expect(lateSteps(20, all)).toBe(0);
});

test('known words move together, and the same is made once', () => {
  const graph = new Graph();
  const [late, early] = [graph.input(stages.hash), graph.input(stages.job)];
  const sum = graph.add(graph.add(graph.add(late, graph.fixed(5)), early), graph.fixed(-5));
  expect(sum).toBe(graph.add(early, late));
  expect(graph.xor(late, early)).toBe(graph.xor(early, late));
  expect(graph.add(late, graph.fixed(0))).toBe(late);
  expect(graph.xor(late, graph.fixed(0))).toBe(late);
  expect(graph.and(late, graph.fixed(0))).toBe(graph.fixed(0));
  expect(graph.turn(late, [7])).not.toBe(graph.turn(late, [8]));
  expect(graph.add(early, early).stage).toBe(stages.job);
});
