/** What strangers may make us keep of headers and blocks: so much, and nothing beyond. */
import { describe, expect, test } from 'vitest';
import type { Entry } from '../src/chain/entry.ts';
import { HeaderTree } from '../src/network/headers.ts';
import {
  lowWorkBlocks,
  maxAheadBlocks,
  maxAheadBytes,
  maxAheadHeaders,
  maxBadHashes,
  maxHeaders,
  maxLowWorkHeaders,
  maxLowWorkPeers,
} from '../src/network/limits.ts';
import { BlocksQuestion, Bodies, encodeAnswer, Headers, Locator } from '../src/network/messages.ts';
import { Block, type Header, hashHeader } from '../src/primitives/block.ts';
import { decode, encode, type Hash } from '../src/primitives/codec.ts';
import { coinbaseOf, epoch, grind } from './forge.ts';
import { grass } from './grove.ts';
import { meet, type Role, silence } from './stranger.ts';
import { Village } from './village.ts';

const hashAt = (i: number) => i.toString(16).padStart(64, '0') as Hash;

/** So many headers in a row from the first block on, with work in them and no blocks behind. */
function headersOf(count: number, salt = 0): readonly Header[] {
  const headers: Header[] = [];
  let parent = hashHeader(grass.genesis.header);
  for (let i = 1; i <= count; i++) {
    const rest = { version: 0x2000_0000, time: epoch + 600 * i, bits: 0x207f_ffff, nonce: 0 };
    const header = grind({ ...rest, parent, merkleRoot: hashAt(salt * 1_000_000 + i) });
    headers.push(header);
    parent = hashHeader(header);
  }
  return headers;
}

/** Has these headers and answers with what follows a locator; its blocks it keeps to itself. */
function roleOf(headers: readonly Header[]): Role & { readonly status: { work: bigint } } {
  const places = new Map(headers.map((header, i) => [hashHeader(header), i + 1]));
  const after = (question: Uint8Array) => {
    const known = decode(Locator, question).find((hash) => places.has(hash));
    const from = (known && places.get(known)) ?? 0;
    return headers.slice(from, from + maxHeaders);
  };
  const last = headers.at(-1) ?? grass.genesis.header;
  return {
    status: {
      tip: hashHeader(last),
      height: headers.length,
      work: 2n * BigInt(headers.length + 1),
    },
    answers: {
      headers: (question) => encodeAnswer(Headers, after(question)),
      blocks: silence,
    },
  };
}

/** How often a stranger was asked for headers. */
const asksOf = (asked: readonly string[]) => asked.filter((each) => each === 'headers').length;

describe('the header tree', () => {
  test('remembers so many bad blocks, the latest', () => {
    const tree = new HeaderTree();
    for (let i = 0; i < maxBadHashes; i++) tree.condemn(hashAt(i));
    expect(tree.isBad(hashAt(0))).toBe(true);
    tree.condemn(hashAt(maxBadHashes));
    expect([0, 1, maxBadHashes].map((i) => tree.isBad(hashAt(i)))).toEqual([false, true, true]);
  });

  test('is full with so many headers, and has room when one goes', () => {
    const tree = new HeaderTree();
    const headers = headersOf(maxAheadHeaders);
    const entryOf = (header: Header) => ({ header }) as Entry;
    for (const header of headers.slice(1)) tree.add(entryOf(header));
    expect(tree.isFull).toBe(false);
    for (const header of headers.slice(0, 1)) tree.add(entryOf(header));
    expect(tree.isFull).toBe(true);
    for (const header of headers.slice(7, 8)) tree.remove(hashHeader(header));
    expect(tree.isFull).toBe(false);
  });
});

describe('of headers whose blocks do not come', () => {
  test('so many are kept, and no more are asked for', async () => {
    const village = new Village('ahead');
    const victim = await village.settle('victim');
    const stranger = await meet(village, 'stranger', roleOf(headersOf(maxAheadHeaders + 100)));
    await stranger.visit('victim');
    await village.clock.run(15_000);
    expect(victim.online.network.headersAhead).toBe(maxAheadHeaders);
    const answers = maxAheadHeaders / maxHeaders + 1;
    expect(asksOf(stranger.asked)).toBe(answers);
    expect(victim.banned).toEqual([]);
  });
});

describe('blocks ahead of one that does not come', () => {
  /** Serves all blocks but the first, of such a length, and notes what it was asked for. */
  async function scene(count: number, bodyBytes: number) {
    const headers = headersOf(count);
    const names = headers.map(hashHeader);
    const asked = new Set<number>();
    const witness = [new Uint8Array(bodyBytes)];
    const transactions = [coinbaseOf(1, [], { isCommitted: false, witness })];
    const village = new Village('bodies');
    const victim = await village.settle('victim');
    const role = roleOf(headers);
    const blocks = (question: Uint8Array) => {
      const places = decode(BlocksQuestion, question).hashes.map((hash) => names.indexOf(hash));
      for (const place of places) asked.add(place);
      if (places.includes(0)) return silence(question);
      // As many as an answer may hold.
      const some = places.slice(0, Math.max(1, Math.floor(2_000_000 / bodyBytes)));
      const bodies = some.map((place) => {
        const header = headers[place] ?? grass.genesis.header;
        return encode(Block, { header, transactions });
      });
      return encodeAnswer(Bodies, bodies);
    };
    const liar = { ...role, answers: { ...role.answers, blocks } };
    const strangers = [];
    for (const name of ['one', 'two']) strangers.push(await meet(village, name, liar));
    for (const stranger of strangers) await stranger.visit('victim');
    // Shorter than the time after which the first one is asked of another.
    await village.clock.run(12_000);
    return { asked, victim };
  }

  test('are asked for up to so many', async () => {
    const { asked, victim } = await scene(maxAheadBlocks + 50, 1);
    expect([asked.size, Math.max(...asked)]).toEqual([maxAheadBlocks, maxAheadBlocks - 1]);
    expect(victim.banned).toEqual([]);
  });

  test('are asked for until so many bytes are here', async () => {
    const bodyBytes = 3_900_000;
    const { asked } = await scene(100, bodyBytes);
    const most = Math.ceil(maxAheadBytes / bodyBytes);
    // Two batches of each stranger were under way when the last of these came.
    expect(asked.size).toBeGreaterThan(most);
    expect(asked.size).toBeLessThanOrEqual(most + 4 * 16);
  });
});

describe('of branches that show little work', () => {
  test('only so many peers are heard at once', async () => {
    const village = new Village('low');
    const victim = await village.settle('victim');
    await village.mine(victim, maxHeaders + lowWorkBlocks + 50);
    const strangers = [];
    for (let i = 0; i <= maxLowWorkPeers; i++) {
      const role = roleOf(headersOf(maxHeaders + 1, i));
      const { headers: first = silence } = role.answers ?? {};
      let answers = 0;
      // The second answer never comes: so he stays one of those who have shown little.
      const headers = (question: Uint8Array) =>
        answers++ === 0 ? first(question) : silence(question);
      const status = { ...role.status, work: 2n ** 40n };
      strangers.push(await meet(village, `low ${i}`, { status, answers: { headers } }));
    }
    const [address = ''] = village.addressOf('victim');
    for (const { transport } of strangers) {
      await village.clock.finish(transport.dial(address, { timeoutMs: 10_000 }));
    }
    await village.clock.run(5_000);
    expect(strangers.map(({ asked }) => asksOf(asked))).toEqual([
      ...new Array(maxLowWorkPeers).fill(2),
      0,
    ]);
    expect(victim.online.network.headersAhead).toBe(0);
    // Whoever does not answer makes room.
    await village.clock.run(25_000);
    expect(asksOf(strangers.at(-1)?.asked ?? [])).toBeGreaterThan(0);
  });

  test('only so many headers are kept: what is longer is asked for twice', async () => {
    const village = new Village('long');
    const victim = await village.settle('victim');
    const grow = async (name: string, height: number) => {
      await village.mine(victim, height - victim.node.chain.tip.height);
      const stranger = await meet(village, name, roleOf(headersOf(height + 1, height)));
      await stranger.visit('victim');
      await village.clock.run(3_000);
      await village.clock.finish(stranger.transport.stop());
      return asksOf(stranger.asked);
    };
    // All of it is below what is kept, for an answer brings two thousand.
    expect(maxLowWorkHeaders).toBeGreaterThan(maxHeaders);
    expect(await grow('short', maxHeaders + lowWorkBlocks + 50)).toBe(2);
    const height = 2 * maxHeaders + lowWorkBlocks + 50;
    expect(await grow('long', height)).toBe(6);
    expect(victim.banned).toEqual([]);

    // Another chain the second time, of which nothing was shown to have enough work.
    const honest = roleOf(headersOf(height + 1, height));
    const [first, second] = [honest, roleOf(headersOf(height + 1, 7))].map(
      ({ answers }) => answers,
    );
    let asked = 0;
    const headers = (question: Uint8Array) => {
      const answer = asked++ < 3 ? first?.headers : second?.headers;
      return answer?.(question) ?? silence(question);
    };
    const liar = await meet(village, 'liar', { ...honest, answers: { headers } });
    await liar.visit('victim');
    await village.clock.run(3_000);
    // Its chain may have changed meanwhile: that is no proof of a lie.
    expect(victim.banned).toEqual([]);
    expect(asked).toBe(4);
  });
});
