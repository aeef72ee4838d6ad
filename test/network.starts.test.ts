/** Fresh nodes over libp2p: each of them completes. `npm run soak` starts more. */
import { afterEach, expect, test } from 'vitest';
import { hashOf } from '../src/chain/entry.ts';
import { Bodies, decodeAnswer, encodeAnswer } from '../src/network/messages.ts';
import { startFresh } from './freshstarts.ts';
import { Household, rowOf, sees } from './household.ts';
import { silence } from './stranger.ts';

const household = new Household();
afterEach(() => household.close());

test('5 of 5 fresh nodes take a thousand blocks from one peer, and ask for each once', async () => {
  expect(await startFresh(5)).toEqual([]);
});

/** The same headers with bodies that are not theirs. */
function spoil(answer: Uint8Array): Uint8Array {
  const bodies = decodeAnswer(Bodies, answer);
  const spoilt = bodies.map((body) =>
    body.map((byte, i) => (i === body.length - 1 ? ~byte : byte)),
  );
  return encodeAnswer(Bodies, spoilt);
}

test('of three peers one lies and one stalls, and the third is enough', async () => {
  const blocks = await rowOf(1_000);
  const liar = await household.settle([], blocks, spoil);
  const staller = await household.settle([], blocks, silence);
  const honest = await household.settle([], blocks);
  const all = [staller, liar, honest];
  const fresh = await household.settle(all.flatMap(({ transport }) => transport.addresses()));
  await sees(fresh, () => fresh.node.chain.tip.height === blocks.length);
  expect(hashOf(fresh.node.chain.tip)).toBe(hashOf(honest.node.chain.tip));
  expect(staller.askedFor.length).toBeGreaterThan(0);
  expect(fresh.banned).toEqual([liar.transport.id]);
});
