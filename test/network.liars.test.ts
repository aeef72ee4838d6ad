/** Strangers who lie: they are found out, and honest ones go on. */
import { describe, expect, test } from 'vitest';
import { hashOf } from '../src/chain/entry.ts';
import { regtest } from '../src/consensus/params.ts';
import { BlockTxsQuestion } from '../src/network/compact.ts';
import { lowWorkBlocks, maxHeaders } from '../src/network/limits.ts';
import { BlocksQuestion, Bodies, encodeAnswer, Headers } from '../src/network/messages.ts';
import { Block, Header, hashHeader } from '../src/primitives/block.ts';
import { encode, noHash } from '../src/primitives/codec.ts';
import { grind } from './forge.ts';
import { type Grove, plant } from './grove.ts';
import { meet, type Role, silence } from './stranger.ts';
import { Village, type Villager } from './village.ts';

/** Blocks in a row, as `a1` to `a5`; the names tell where they stand. */
async function rowOf(count: number, grove?: Grove): Promise<readonly Block[]> {
  const wood = grove ?? (await plant());
  const names = Array.from({ length: count }, (_, i) => `a${i + 1}`);
  return names.map((name, i) => wood.draw(name, { on: i === 0 ? 'genesis' : `a${i}` }));
}

/** A victim, a stranger in this role who visits it, and time enough for both. */
async function scene(role: Role, seconds = 30) {
  const village = new Village('liars');
  const victim = await village.settle('victim');
  const liar = await meet(village, 'liar', role);
  await liar.visit('victim');
  await village.clock.run(seconds * 1_000);
  return { village, victim, liar };
}

const heightOf = ({ node }: Villager) => node.chain.tip.height;

describe('an honest stranger', () => {
  test('is believed, and nobody is banned', async () => {
    const { victim } = await scene({ blocks: await rowOf(5) });
    expect(heightOf(victim)).toBe(5);
    expect(victim.banned).toEqual([]);
  });
});

/** What a stranger may do with these blocks of an honest chain, and what he is then. */
const roles: Readonly<Record<string, (blocks: readonly Block[]) => Role>> = {
  'of another network': () => ({ status: { genesis: noHash } }),
  'whose status is malformed': () => ({ answers: { status: () => Uint8Array.of(0, 1, 2) } }),
  'who answers with no known code': () => ({ answers: { status: () => Uint8Array.of(9) } }),
  'whose header has no work in it': (blocks) => ({
    blocks: blocks.map((block) => ({ ...block, header: unwork(block.header) })),
  }),
  'whose header has too easy bits': (blocks) => {
    const [first, ...others] = blocks;
    if (!first) throw new Error('no block');
    const header = grind({ ...first.header, bits: 0x207ffffe });
    return { blocks: [{ ...first, header }, ...others] };
  },
  'whose headers hang in the air': (blocks) => ({ blocks: blocks.slice(1) }),
  'who sends more headers than an answer holds': (blocks) => ({
    blocks,
    answers: {
      headers: () => {
        const [{ header } = { header: undefined }] = blocks;
        const bytes = encodeAnswer(Headers, new Array(maxHeaders + 1).fill(header));
        return bytes;
      },
    },
  }),
  'who sends another block than he was asked for': (blocks) => ({
    blocks,
    answers: {
      blocks: () =>
        encodeAnswer(
          Bodies,
          [...blocks].reverse().map((each) => encode(Block, each)),
        ),
    },
  }),
  'who sends no block at all where one should be': (blocks) => ({
    blocks,
    answers: { blocks: () => encodeAnswer(Bodies, [Uint8Array.of(1, 2, 3)]) },
  }),
  'whose block has another body than its header says': (blocks) => ({
    blocks: blocks.map(({ header, transactions }) => ({
      header,
      transactions: transactions.map((each) => ({ ...each, lockTime: 7 })),
    })),
  }),
};

describe('a stranger is banned', () => {
  test.each(Object.entries(roles))('%s', async (_name, roleOf) => {
    const { victim } = await scene(roleOf(await rowOf(3)));
    expect(victim.banned).toEqual(['liar']);
    expect(heightOf(victim)).toBe(0);
    expect(victim.online.network.wire.parts.transport.peers()).toEqual([]);
  });

  test('whose block breaks a rule, and what is built on it is never asked for again', async () => {
    const grove = await plant();
    const bad = grove.draw('a1', { claim: 51_0000_0000n });
    const blocks = [bad, grove.draw('a2', { on: 'a1' })];
    const { village, victim } = await scene({ blocks });
    expect(victim.banned).toEqual(['liar']);
    expect(heightOf(victim)).toBe(0);
    const other = await meet(village, 'other', { blocks });
    await other.visit('victim');
    await village.clock.run(10_000);
    expect(other.asked).not.toContain('blocks');
    // He need not know that it is bad: he is left, and may come again.
    expect(victim.banned).toEqual(['liar']);
    expect(victim.online.network.wire.peers.size).toBe(0);
  });

  const block = hashHeader(regtest.genesis.header);
  const malformed = [
    ['status', 'that ends in the middle', Uint8Array.of(1)],
    ['headers', 'with a count in a long form', Uint8Array.of(0xfd, 0, 0)],
    ['blocks', 'with a count above its bound', Uint8Array.of(0, 99)],
    ['blocks', 'of an unknown form', encode(BlocksQuestion, { form: 2, hashes: [block] })],
    [
      'blocks',
      'of two in compact form',
      encode(BlocksQuestion, { form: 1, hashes: [block, block] }),
    ],
    ['blocktxs', 'that ends in the middle', Uint8Array.of(7)],
    [
      'blocktxs',
      'of a place beyond its block',
      encode(BlockTxsQuestion, { block, positions: [1] }),
    ],
    ['mempool', 'that ends in the middle', Uint8Array.of(3, 1)],
    ['peers', 'that is not empty', Uint8Array.of(0)],
  ] as const;

  test.each(malformed)('who asks a question for %s %s', async (method, _, bytes) => {
    const { victim, liar } = await scene({});
    const asking = liar.ask('victim', method, bytes);
    await expect(asking).rejects.toThrow('victim is gone');
    expect(victim.banned).toEqual(['liar']);
  });
});

/** The same header with as many nonces on as it takes to have no work in it. */
function unwork(header: Header): Header {
  for (let nonce = 0; ; nonce++) {
    const other = { ...header, nonce };
    if (Number.parseInt(hashHeader(other).slice(0, 1), 16) >= 8) return other;
  }
}

describe('where one stranger lies, an honest one is heard', () => {
  test('though the first withholds the blocks that he told of', async () => {
    const blocks = await rowOf(40);
    const { village, victim } = await scene({ blocks, answers: { blocks: silence } }, 1);
    const honest = await meet(village, 'honest', { blocks });
    await honest.visit('victim');
    expect(await village.clock.run(120_000, () => heightOf(victim) === 40)).toBe(true);
    expect(victim.banned).toEqual([]);
  });

  test('though the first sends false bodies', async () => {
    const blocks = await rowOf(3);
    const spoilt = blocks.map(({ header, transactions }) => ({
      header,
      transactions: transactions.map((each) => ({ ...each, lockTime: 7 })),
    }));
    const { village, victim } = await scene({ blocks: spoilt });
    const honest = await meet(village, 'honest', { blocks });
    await honest.visit('victim');
    expect(await village.clock.run(60_000, () => heightOf(victim) === 3)).toBe(true);
    expect(victim.banned).toEqual(['liar']);
  });

  test('though the first claims more work than there is', async () => {
    const { village, victim } = await scene({ status: { work: 2n ** 100n } });
    const honest = await meet(village, 'honest', { blocks: await rowOf(3) });
    await honest.visit('victim');
    expect(await village.clock.run(60_000, () => heightOf(victim) === 3)).toBe(true);
    await village.clock.run(600_000);
    expect([...victim.online.network.wire.peers.keys()]).toEqual(['honest']);
  });
});

describe('of a branch with little work', () => {
  test('nothing is kept, and all of it once it has carried enough', async () => {
    const village = new Village('low');
    const victim = await village.settle('victim');
    await village.mine(victim, lowWorkBlocks + 10);
    const grove = await plant();
    const blocks = await rowOf(lowWorkBlocks + 11, grove);
    const claim = { work: 2n * BigInt(lowWorkBlocks + 12) };
    const low = await meet(village, 'low', { blocks: blocks.slice(0, 9), status: claim });
    await low.visit('victim');
    await village.clock.run(10_000);
    expect(low.asked).toContain('headers');
    expect(victim.online.network.headersAhead).toBe(0);
    const high = await meet(village, 'high', { blocks });
    await high.visit('victim');
    const last = blocks.at(-1);
    const isThere = () =>
      last !== undefined && hashOf(victim.node.chain.tip) === hashHeader(last.header);
    expect(await village.clock.run(60_000, isThere)).toBe(true);
    expect(victim.banned).toEqual([]);
  });
});

describe('gossip', () => {
  test('of junk, and of a header without work, ends in a ban', async () => {
    const [block] = await rowOf(1);
    if (!block) throw new Error('no block');
    const cases = [
      ['block', Uint8Array.of(1, 2, 3)],
      ['block', encode(Header, unwork(block.header))],
      ['tx', Uint8Array.of(1, 2, 3)],
    ] as const;
    for (const [topic, bytes] of cases) {
      const { village, victim, liar } = await scene({});
      await liar.tell(topic, bytes);
      await village.clock.run(5_000);
      expect(victim.banned).toEqual(['liar']);
    }
  });

  test('of a block is enough to get it', async () => {
    const blocks = await rowOf(2);
    const [first, second] = blocks;
    if (!first || !second) throw new Error('no blocks');
    // He says nothing of them when he is asked.
    const role = { status: { work: 2n, tip: noHash }, blocks };
    const { village, victim, liar } = await scene(role);
    expect(heightOf(victim)).toBe(0);
    await liar.tell('block', encode(Header, first.header));
    expect(await village.clock.run(20_000, () => heightOf(victim) === 1)).toBe(true);
    expect(victim.banned).toEqual([]);
  });

  test('of a block whose parent is not known is followed up', async () => {
    const blocks = await rowOf(3);
    const role = { status: { work: 2n, tip: noHash }, blocks };
    const { village, victim, liar } = await scene(role);
    const last = blocks.at(-1);
    if (!last) throw new Error('no block');
    await liar.tell('block', encode(Header, last.header));
    expect(await village.clock.run(20_000, () => heightOf(victim) === 3)).toBe(true);
  });
});
