/**
 * Records hidden without a trace: what no checksum can show, since LevelDB itself would merge a
 * damaged table and hide a record, or bring an old one back, while a database is open.
 *
 * Not every answer can be right then. But no block is ever condemned for it, or taken by mistake,
 * and nothing fails in another way than by saying that the database is damaged.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import { beforeAll, expect, test } from 'vitest';
import type { Node } from '../src/node/node.ts';
import { type Block, hashHeader } from '../src/primitives/block.ts';
import { hashToBytes, noHash } from '../src/primitives/codec.ts';
import { Fault } from '../src/primitives/fault.ts';
import { answerTo, questionsAbout } from './disk.ts';
import { diceOf, Wood } from './forest.ts';
import { copyOf, type Grove, plant, recordsIn, wordOf } from './grove.ts';

type Record = Awaited<ReturnType<typeof recordsIn>>[number];

const wood = new Wood({ seed: 1, rounds: 5, stretch: 6, depth: [1, 5] });
const questions = questionsAbout(wood.blocks);
let grove: Grove;
let records: readonly Record[];
/** Earlier records that were deleted since, or written over. */
let stale: readonly Record[];
beforeAll(async () => {
  grove = await plant();
  const early = (wood.blocks.length * 3) >> 2;
  for (const block of wood.blocks.slice(0, early)) await grove.node.submitBlock(block);
  const before = await recordsIn(grove.database);
  for (const block of wood.blocks.slice(early)) await grove.node.submitBlock(block);
  for (const payment of wood.waiting) await grove.pay(payment);
  records = await recordsIn(grove.database);
  const now = new Set(records.map(nameOf));
  stale = before.filter((each) => !now.has(nameOf(each)));
});

function nameOf(record: Record): string {
  return record.map((part) => bytesToHex(Uint8Array.from(part))).join(' ');
}

/** One of these records, of any table with the same chance. */
function draw(from: readonly Record[], roll: (limit: number) => number): Record {
  const letters = [...new Set(from.map(([key]) => key[0]))];
  const letter = letters[roll(letters.length)];
  const some = from.filter(([key]) => key[0] === letter);
  const found = some[roll(some.length)];
  if (!found) throw new Error('there are no records');
  return found;
}

/** What it answers, or the code of the fault that came instead. */
async function wordFor(answer: Promise<string>): Promise<string> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

async function submit(node: Node, block: Block): Promise<string> {
  return wordOf(await node.submitBlock(block));
}

async function expectNoneCondemned(node: Node, seed: number): Promise<void> {
  for (const question of questions) {
    const word = await wordFor(answerTo(question, node));
    expect(['schema', 'wrong-network', 'write-failed']).not.toContain(word);
  }
  const badly = await wordFor(submit(node, wood.bad(seed)));
  expect(['bad-txns-inputs-missingorspent', 'damaged']).toContain(badly);
  const next = wood.next(seed);
  expect(['connected', 'damaged']).toContain(await wordFor(submit(node, next)));
  for (const { header } of [...wood.blocks, next]) {
    const entry = await node.chain.store.entry(hashHeader(header));
    expect(entry?.isFailed ?? false).toBe(false);
  }
}

test.each(Array.from({ length: 60 }, (_, i) => i + 1))(
  'a record that is hidden, or back, condemns no block (seed %i)',
  async (seed) => {
    const roll = diceOf(seed);
    const database = await copyOf(grove.database);
    if (roll(2) === 0) await database.del(draw(records, roll)[0]);
    else await database.put(...draw(stale, roll));
    const broken = await plant({ database }).catch((error: unknown) => error);
    if (broken instanceof Error) expect(broken).toMatchObject({ code: 'damaged' });
    else await expectNoneCondemned((broken as Grove).node, seed);
  },
);

test('a coin that is lost condemns no block that spends it', async () => {
  const next = wood.next(1);
  const coins = records.filter(([key]) => String.fromCharCode(key[0] ?? 0) === 'c');
  const verdicts = new Set<string>();
  for (const { inputs } of next.transactions.slice(1)) {
    const id = bytesToHex(hashToBytes(inputs[0]?.prevout.txid ?? noHash));
    const database = await copyOf(grove.database);
    for (const [key] of coins.filter(([at]) => bytesToHex(Uint8Array.from(at)).includes(id))) {
      await database.del(key);
    }
    const { node } = await plant({ database });
    verdicts.add(await wordFor(submit(node, next)));
    const entry = await node.chain.store.entry(hashHeader(next.header));
    expect(entry?.isFailed).toBe(false);
  }
  expect([...verdicts]).toEqual(['damaged']);
});
