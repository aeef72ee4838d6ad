/** A branch that leads below what a node has for longer than it keeps headers of one. */
import { expect, test } from 'vitest';
import { isReject } from '../src/consensus/reject.ts';
import { maxAheadHeaders, maxHeaders } from '../src/network/limits.ts';
import { encodeAnswer, Headers, Locator } from '../src/network/messages.ts';
import { type Block, hashHeader } from '../src/primitives/block.ts';
import { decode, type Hash } from '../src/primitives/codec.ts';
import { plant } from './grove.ts';
import { meet } from './stranger.ts';
import { tipOf, Village, type Villager } from './village.ts';

/** More than all headers that a node keeps ahead of its blocks. */
const length = maxAheadHeaders + 200;

/** Blocks in a row on the first one, on a branch of this name. */
async function branchOf(name: string, count: number): Promise<readonly Block[]> {
  const grove = await plant();
  const names = Array.from({ length: count }, (_, i) => `${name}${i}`);
  return names.map((each, i) => grove.draw(each, { on: names[i - 1] ?? 'genesis' }));
}

/** What a node knows whose headers say nothing yet. */
function knownBy({ disk, online }: Villager) {
  return { writes: disk.last.read(), headers: online.network.headersAhead };
}

/**
 * Answers for headers as it should, of so many blocks at each question; and what the asker knew
 * whenever it asked.
 */
function headersOf(blocks: readonly Block[], asker: Villager, lengthAt: (asked: number) => number) {
  const places = new Map<Hash, number>(blocks.map(({ header }, i) => [hashHeader(header), i + 1]));
  const known: ReturnType<typeof knownBy>[] = [];
  const answer = (question: Uint8Array) => {
    known.push(knownBy(asker));
    const locator = decode(Locator, question);
    const from = locator.map((hash) => places.get(hash)).find((place) => place !== undefined) ?? 0;
    const end = Math.min(from + maxHeaders, lengthAt(known.length));
    return encodeAnswer(
      Headers,
      blocks.slice(from, end).map(({ header }) => header),
    );
  };
  return { answer, known };
}

test('nothing is kept of a deep branch until it carried more work, and then it is taken', {
  timeout: 300_000,
}, async () => {
  const village = new Village('deep');
  const victim = await village.settle('victim');
  for (const block of await branchOf('b', length)) {
    expect(isReject(await victim.node.submitBlock(block))).toBe(false);
  }
  const blocks = await branchOf('a', length + 2);
  const before = knownBy(victim);

  const short = headersOf(blocks, victim, () => maxAheadHeaders - 500);
  const claim = { work: 2n ** 100n };
  const boaster = await meet(village, 'boaster', {
    status: claim,
    answers: { headers: short.answer },
  });
  await boaster.visit('victim');
  await village.clock.run(120_000);
  expect(short.known.length).toBeGreaterThan(1);
  for (const each of [...short.known, knownBy(victim)]) expect(each).toEqual(before);

  const whole = headersOf(blocks, victim, (asked) => {
    // Meanwhile somebody goes who had a part of it, and it grows.
    if (asked === 5) void boaster.transport.hangUp('victim');
    return asked <= 3 ? length + 1 : length + 2;
  });
  // By its first word it was on our branch: what it shows then has less work for a long time.
  const status = { tip: tipOf(victim) };
  const heavy = await meet(village, 'heavy', {
    blocks,
    status,
    answers: { headers: whole.answer },
  });
  await heavy.visit('victim');
  const last = blocks.slice(-1).map(({ header }) => hashHeader(header));
  expect(await village.clock.run(600_000, () => tipOf(victim) === last[0])).toBe(true);
  // Three answers show all of it; with the first of the second pass it begins to be kept.
  expect(whole.known.slice(0, 4)).toEqual(Array(4).fill(before));
  expect(whole.known.length).toBeGreaterThanOrEqual(6);
  expect(victim.banned).toEqual([]);
});
