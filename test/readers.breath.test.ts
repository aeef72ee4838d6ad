/** Whoever asks while a block draws breath: each answer knows one tip, and all of them the same. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isReject } from '../src/consensus/reject.ts';
import { hashHeader } from '../src/primitives/block.ts';
import { type Transaction, txid } from '../src/primitives/transaction.ts';
import { diceOf } from './forest.ts';
import { outputTo, pay } from './forge.ts';
import { grass, wordOf } from './grove.ts';
import { type Asked, plantAsked } from './rpc.ts';

/** How many payments there are, each of a coin that both branches have. */
const paymentCount = 6;
/** For each branch and each of its heights: the payments of that block, by their numbers. */
const contents = fc.array(fc.subarray([...Array(paymentCount).keys()]), {
  minLength: 8,
  maxLength: 8,
});

/** A node whose payments all wait, on a trunk below both branches. */
async function plantTrunk(asked: Asked): Promise<readonly Transaction[]> {
  const { grove } = asked;
  const payments: Transaction[] = [];
  for (let i = 0; i < paymentCount; i++) {
    await grove.mine(`t${i}`);
    const { coin, ...rest } = grove.minted(`t${i}`);
    const outputs = [outputTo(i, coin.amount - 10_000n)];
    payments.push(pay([{ coin, ...rest }], { outputs }));
  }
  await grove.mine('trunk');
  for (const each of payments) expect(await grove.pay(each)).toBe('waits');
  return payments;
}

/** Draws two branches which overtake one another, and tells the order in which they come. */
function drawBranches({ grove }: Asked, payments: readonly Transaction[], drawn: number[][]) {
  const held = { a: new Set<number>(), b: new Set<number>() };
  const tips = { a: 'trunk', b: 'trunk' };
  // Two blocks of a, three of b, two more of a, one more of b: the tip moves over at each turn.
  return (['a', 'a', 'b', 'b', 'b', 'a', 'a', 'b'] as const).map((branch, i) => {
    const fresh = (drawn[i] ?? []).filter((each) => !held[branch].has(each));
    for (const each of fresh) held[branch].add(each);
    const name = `${branch}${i}`;
    const holding = fresh.flatMap((each) => payments[each] ?? []);
    grove.draw(name, { on: tips[branch], with: holding });
    tips[branch] = name;
    return name;
  });
}

/** What is asked at one moment, all of which must tell of one tip; answers its hash. */
async function ask({ call, grove }: Asked, payments: readonly Transaction[]): Promise<unknown> {
  const info = (await call('getblockchaininfo')) as Record<string, unknown>;
  const tip = info['bestblockhash'];
  const height = Number(info['blocks']);
  // On regtest a block is worth two hashes.
  expect(BigInt(`0x${info['chainwork']}`)).toBe(BigInt(height + 1) * 2n);
  expect(await call('getblock', tip)).toMatchObject({ hash: tip, height, confirmations: 1 });
  expect(await call('getblockhash', height)).toBe(tip);
  expect(await call('gettxoutsetinfo')).toMatchObject({ bestblock: tip, height });
  expect(await call('getchaintips')).toContainEqual(
    expect.objectContaining({ hash: tip, status: 'active' }),
  );
  const waiting = await call('getrawmempool');
  const { members, mined } = await grove.node.read(async ({ store }) => {
    const members = grove.node.mempool.list().map(({ id }) => id);
    const places = await Promise.all(payments.map((each) => store.place(txid(each))));
    return { members, mined: payments.map(txid).filter((_, i) => places[i]) };
  });
  expect(waiting).toEqual(members);
  expect([...members, ...mined].toSorted()).toEqual(payments.map(txid).toSorted());
  return tip;
}

test('at every breath all answers tell of one tip, and no payment is lost', async () => {
  let reorganised = 0;
  let moments = 0;
  const property = fc.asyncProperty(contents, fc.nat(), async (drawn, seed) => {
    const roll = diceOf(seed);
    const seen = new Set<unknown>();
    const loose: Promise<unknown>[] = [];
    let onBreath = async () => {};
    const asked = await plantAsked({ params: grass, breathe: () => onBreath() });
    const payments = await plantTrunk(asked);
    const order = drawBranches(asked, payments, drawn);
    onBreath = async () => {
      if (roll(4) > 0) return;
      moments++;
      // One who is answered before the work goes on, or others who are answered meanwhile.
      if (roll(2) > 0) seen.add(await ask(asked, payments));
      else loose.push(asked.call('getblockchaininfo'), asked.call('gettxoutsetinfo'));
    };
    const tips = [hashHeader(asked.grove.block('trunk').header)];
    for (const name of order) {
      const answer = await asked.grove.submit(name);
      expect(['connected', 'side']).toContain(wordOf(answer));
      if (!isReject(answer) && answer.disconnected.length > 0) reorganised++;
      tips.push(hashHeader(asked.grove.node.chain.tip.header));
      seen.add(await ask(asked, payments));
    }
    // In the middle of a reorganisation nobody is told of a tip between the old and the new.
    expect([...seen].filter((each) => !tips.some((tip) => tip === each))).toEqual([]);
    for (const each of (await Promise.all(loose)) as Record<string, unknown>[]) {
      const hash = each['bestblockhash'] ?? each['bestblock'];
      expect(tips).toContain(hash);
      expect(await asked.call('getblock', hash)).toMatchObject({
        height: each['blocks'] ?? each['height'],
      });
    }
  });
  await fc.assert(property, { seed: 50, numRuns: 12 });
  expect(reorganised).toBe(24);
  expect(moments).toBeGreaterThan(500);
});
