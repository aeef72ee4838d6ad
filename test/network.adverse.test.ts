/** Syncs that meet liars, stallers and cut wires on the way: they end where they should. */
import { describe, expect, test } from 'vitest';
import { costBurst, maxBlocksAsked } from '../src/network/limits.ts';
import { BlocksQuestion, Bodies, encodeAnswer } from '../src/network/messages.ts';
import { Block, hashHeader } from '../src/primitives/block.ts';
import { decode, encode, type Hash } from '../src/primitives/codec.ts';
import { plant } from './grove.ts';
import { rowOf } from './household.ts';
import { meet, type Role, silence } from './stranger.ts';
import { tipOf, Village } from './village.ts';

const length = 1_000;

/** The same headers, and bodies that are not theirs. */
const spoilt = (blocks: readonly Block[]) =>
  blocks.map(({ header, transactions }) => ({
    header,
    transactions: transactions.map((each) => ({ ...each, lockTime: 7 })),
  }));

/** A longer branch, of which the block in the middle takes more than it may. */
async function greedyRow(): Promise<readonly Block[]> {
  const grove = await plant();
  return Array.from({ length: length + 10 }, (_, i) => {
    const greed = i === length / 2 ? { claim: 51_0000_0000n } : {};
    return grove.draw(`b${i}`, { on: i === 0 ? 'genesis' : `b${i - 1}`, ...greed });
  });
}

const liars: Readonly<Record<string, (blocks: readonly Block[]) => Promise<Role>>> = {
  'gives bodies that are not their headers’': async (blocks) => ({ blocks: spoilt(blocks) }),
  'has a longer branch that breaks a rule halfway': async () => ({ blocks: await greedyRow() }),
};

const stallers: Readonly<Record<string, Role['answers']>> = {
  'never answers for bodies': { blocks: silence },
  'answers that it has none': { blocks: () => encodeAnswer(Bodies, []) },
};

describe.each(Object.entries(liars))('of three peers one %s, and one', (_lie, lie) => {
  test.each(Object.entries(stallers))('%s', async (_stall, answers) => {
    const blocks = await rowOf(length);
    const village = new Village('three');
    const victim = await village.settle('victim');
    const staller = await meet(village, 'staller', { blocks, ...(answers && { answers }) });
    const liar = await meet(village, 'liar', await lie(blocks));
    const honest = await meet(village, 'honest', { blocks });
    for (const each of [staller, liar, honest]) await each.visit('victim');
    const [last] = blocks.slice(-1).map(({ header }) => hashHeader(header));
    const beganMs = village.clock.nowMs();
    expect(await village.clock.run(600_000, () => tipOf(victim) === last)).toBe(true);
    // What one owes others give, before its time is over.
    expect(village.clock.nowMs() - beganMs).toBeLessThan(30_000);
    await village.clock.run(60_000);
    expect(tipOf(victim)).toBe(last);
    expect(victim.banned).toEqual(['liar']);
    expect([...victim.online.network.wire.peers.keys()]).toEqual(['honest']);
  });
});

describe('a node whose only peer hangs up again and again', () => {
  test('asks for no block that it has, and completes', async () => {
    const blocks = await rowOf(length);
    const places = new Map(blocks.map(({ header }, i) => [hashHeader(header), i]));
    const village = new Village('cut');
    const victim = await village.settle('victim');
    const heightOf = () => victim.node.chain.tip.height;
    const cutsAt = [1, 100, 300, 301, 650, 990];
    const asked: Hash[] = [];
    const inVain: Hash[] = [];
    let cuts = 0;
    const answer = (question: Uint8Array) => {
      const { hashes } = decode(BlocksQuestion, question);
      asked.push(...hashes);
      inVain.push(...hashes.filter((hash) => (places.get(hash) ?? -1) < heightOf()));
      if (asked.length > (cutsAt[cuts] ?? Infinity)) {
        cuts++;
        void peer.transport.hangUp('victim');
      }
      const found = hashes.flatMap((hash) => blocks[places.get(hash) ?? -1] ?? []);
      return encodeAnswer(
        Bodies,
        found.map((block) => encode(Block, block)),
      );
    };
    const peer = await meet(village, 'peer', { blocks, answers: { blocks: answer } });
    const gone = () => !victim.online.network.wire.peers.has('peer');
    for (let visits = 0; heightOf() < length; visits++) {
      expect(visits).toBeLessThanOrEqual(cutsAt.length);
      await peer.visit('victim');
      await village.clock.run(60_000, () => gone() || heightOf() === length);
    }
    expect(cuts).toBe(cutsAt.length);
    expect(inVain).toEqual([]);
    // Of what was on its way at a cut, no more than two answers.
    expect(asked.length - new Set(asked).size).toBeLessThan(cuts * 2 * maxBlocksAsked);
    expect(victim.banned).toEqual([]);
  });
});

test.each([
  [1, 20],
  [maxBlocksAsked, 36],
])('a question for %i blocks costs its asker %i of what it may ask', async (count, cost) => {
  const village = new Village('cost');
  const victim = await village.settle('victim');
  const asker = await meet(village, 'asker', {});
  await asker.visit('victim');
  await village.clock.run(60_000);
  const hashes = (await rowOf(count)).map(({ header }) => hashHeader(header));
  const question = encode(BlocksQuestion, { form: 0, hashes });
  const { network } = victim.online;
  let answered = 0;
  while ((await network.answer('blocks', 'asker', question))[0] === 0) answered++;
  expect(answered).toBe(Math.ceil((costBurst - 20 + 1) / cost));
});
