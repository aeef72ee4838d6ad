/** 51 short histories on Bitcoin's regtest, and what Bitcoin Core said of each of their blocks. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Chain } from '../src/chain/chain.ts';
import { isReject } from '../src/consensus/reject.ts';
import { Block, hashHeader } from '../src/primitives/block.ts';
import { decode, parseHex } from '../src/primitives/codec.ts';
import { copyOf, memory, noon, openChain, wordOf } from './grove.ts';
import { hasVectors, startTally, vectorJson } from './vectors.ts';

const tally = startTally('Bitcoin regtest');

interface Case {
  readonly name: string;
  readonly blocks: readonly string[];
}
interface Cases {
  /** The blocks from 1 to 110, which come before those of each case. */
  readonly base: readonly string[];
  readonly cases: readonly Case[];
}
interface Verdict {
  readonly results: readonly string[];
  readonly tip: number;
}

const { base, cases } = hasVectors
  ? vectorJson<Cases>('regtest/cases.json')
  : { base: [], cases: [] };
const verdicts = hasVectors
  ? vectorJson<Record<string, Record<string, Verdict>>>('regtest/verdicts.json')
  : {};

const read = (text: string) => decode(Block, parseHex(text));

function coreOn(name: string): Verdict {
  const verdict = verdicts[name]?.['core_30.99_22bde74d1d8f'];
  if (!verdict) throw new Error(`Core said nothing of ${name}`);
  return verdict;
}

/** Core's answer in our words: what became of the block, or the reason without its bracket. */
function translate(result: string): string {
  if (result === 'accepted') return 'connected';
  if (result === 'accepted-side') return 'side';
  // Of one block it gave no reason: it was good itself, but built on one that turned out bad.
  if (result === 'rejected') return 'bad-prevblk';
  return result.replace(/^rejected: /, '').replace(/ ?\(.*$/, '');
}

const isOurs = (name: string) => name.startsWith('valid-in-bitcoin only');

/** A chain that holds the base; each case begins with a copy. */
const ground = memory();

async function openBase(): Promise<Chain> {
  return openChain(await copyOf(ground));
}

function blocksOf(name: string): readonly Block[] {
  return cases.find((each) => each.name === name)?.blocks.map(read) ?? [];
}

function firstOf(name: string): Block {
  const [block] = blocksOf(name);
  if (!block) throw new Error(`there is no block in ${name}`);
  return block;
}

beforeAll(async () => {
  const chain = await openChain(ground);
  for (const text of base) expect(wordOf(await chain.accept(read(text), noon))).toBe('connected');
});

describe.skipIf(!hasVectors)('vectors/regtest/cases.json', () => {
  const held: string[] = [];
  const shared = cases.map(({ name }) => name).filter((name) => !isOurs(name));

  test.for(shared)('Core and we say the same of ‘%s’', async (name) => {
    const core = coreOn(name);
    const chain = await openBase();
    const words: string[] = [];
    for (const block of blocksOf(name)) words.push(wordOf(await chain.accept(block, noon)));

    expect(words).toEqual(core.results.map(translate));
    expect(chain.tip.height).toBe(core.tip);
    held.push(name);
  });

  test.for(cases.map(({ name }) => name).filter(isOurs))(
    'Core accepts and our tighter rule refuses ‘%s’',
    async (name) => {
      const chain = await openBase();
      expect(coreOn(name).results).toEqual(['accepted']);
      expect(await chain.accept(firstOf(name), noon)).toMatchObject({ reason: 'output-kind' });
      expect(chain.tip.height).toBe(110);
      held.push(name);
    },
  );

  test('all 51 cases were held against Core, on a base of 110 blocks', () => {
    expect(base.length).toBe(110);
    expect(held.toSorted()).toEqual(cases.map(({ name }) => name).sort());
    expect(held.length).toBe(51);
    const ours = held.filter(isOurs).length;
    tally(`${held.length - ours} cases as Core, ${ours} refused by our tighter rule`);
  });
});

describe.skipIf(!hasVectors)('what the blocks of those cases condemn', () => {
  test('a block with an altered coinbase witness does not condemn the true one', async () => {
    const chain = await openBase();
    const block = firstOf('valid P2WPKH spend');
    const [coinbase, ...payments] = block.transactions;
    const inputs = coinbase?.inputs.map((each) => ({
      ...each,
      witness: [new Uint8Array(32).fill(1)],
    }));
    const altered = coinbase && inputs ? [{ ...coinbase, inputs }, ...payments] : [];

    const answer = await chain.accept({ ...block, transactions: altered }, noon);
    expect(answer).toMatchObject({ reason: 'bad-witness-merkle-match', kind: 'bytes' });
    expect(wordOf(await chain.accept(block, noon))).toBe('connected');
    expect(chain.tip.height).toBe(111);
  });

  test('a block whose tail is there twice does not condemn the true one', async () => {
    const chain = await openBase();
    const doubled = firstOf('bad: CVE-2012-2459 duplicated tail');
    const whole = { ...doubled, transactions: doubled.transactions.slice(0, 3) };

    const answer = await chain.accept(doubled, noon);
    expect(answer).toMatchObject({ reason: 'bad-txns-duplicate', kind: 'bytes' });
    expect(wordOf(await chain.accept(whole, noon))).toBe('connected');
  });

  test('after the reorganisation that failed, its blocks are remembered as bad', async () => {
    const chain = await openBase();
    const blocks = blocksOf('reorg fails: heavier branch has invalid block');
    for (const block of blocks) await chain.accept(block, noon);
    const last = blocks.at(-1);
    if (!last) throw new Error('there is no block');
    const again = await chain.accept(last, noon);
    expect(isReject(again) && again.reason).toBe('duplicate-invalid');
    expect((await chain.store.entry(hashHeader(last.header)))?.isFailed).toBe(true);
  });
});
