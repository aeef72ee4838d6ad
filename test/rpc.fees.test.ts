/** JSON-RPC: what a payment should pay, by what it took in the last blocks and what waits. */
import { beforeEach, expect, test } from 'vitest';
import { txid } from '../src/primitives/transaction.ts';
import { carriersOf, keyOf, type Owned, outputTo, ownOutput, pay } from './forge.ts';
import { type Asked, plantAsked } from './rpc.ts';

let asked: Asked;
const unknown = { errors: ['Insufficient data or no feerate found'] };
const estimate = (...params: readonly unknown[]) => asked.call('estimatesmartfee', ...params);

beforeEach(async () => {
  asked = await plantAsked();
  await asked.grove.mine('a1');
});

/** So many coins of the same amount, made in a block of their own. */
async function split(count: number): Promise<readonly Owned[]> {
  const { grove } = asked;
  const outputs = Array.from({ length: count }, () => outputTo(1, 10_000_000n));
  const payment = pay([grove.minted(grove.tip)], { outputs });
  const { height } = grove.node.chain.tip;
  await grove.mine(`split ${height}`, { with: [payment] });
  return outputs.map((_, index) => ownOutput(payment, index, keyOf(1), height + 1));
}

/** Pays this fee and fills this many bytes. */
const fill = (coin: Owned, bytes: number, fee: bigint) =>
  pay([coin], { outputs: [outputTo(2, coin.coin.amount - fee), ...carriersOf(bytes)] });

test('nothing is known where few payments were seen', async () => {
  expect(await estimate(6)).toEqual({ ...unknown, blocks: 6 });
  expect(await estimate(1)).toEqual({ ...unknown, blocks: 2 });
  const coins = await split(49);
  const small = coins.slice(1).map((coin) => fill(coin, 100, 1_000n));
  await asked.grove.mine('few', { with: small });
  // With the one that made the coins there are 49; one more is enough.
  expect(await estimate(2)).toEqual({ ...unknown, blocks: 2 });
  await asked.grove.mine('enough', { with: coins.slice(0, 1).map((coin) => fill(coin, 100, 1n)) });
  expect(await estimate(2)).toEqual({ feerate: 0.00001, blocks: 2 });
});

test('where blocks were full it is what nine tenths of them paid', async () => {
  const coins = await split(100);
  // 50 payments fill a block; of the first, each pays more a byte than the one before it.
  const row = (from: number, rate: (i: number) => number) =>
    coins.slice(from, from + 50).map((coin, i) => fill(coin, 18_000, BigInt(rate(i) * 18_111)));
  await asked.grove.mine('full', { with: row(0, (i) => 10 + i) });
  await asked.grove.mine('fuller', { with: row(50, () => 40) });
  // The better of two blocks in a row: in one of them at 15 units a byte, if not at 40.
  expect(await estimate(2)).toEqual({ feerate: expect.closeTo(0.00015, 6), blocks: 2 });
  expect(await estimate(3)).toEqual({ feerate: 0.00001, blocks: 3 });
  for (let i = 0; i < 12; i++) await asked.grove.mine(`empty ${i}`);
  expect(await estimate(2)).toEqual({ ...unknown, blocks: 2 });
  expect(await estimate(2, 'conservative')).toMatchObject({
    feerate: expect.closeTo(0.00015, 6),
  });
});

test('where more waits than blocks hold it is above what would go last', async () => {
  const { grove } = asked;
  await asked.grove.mine('seen', {
    with: (await split(50)).map((coin) => fill(coin, 100, 1_000n)),
  });
  const coins = await split(21);
  for (const [i, coin] of coins.entries()) {
    expect(await grove.pay(fill(coin, 98_000, BigInt((2 + i) * 98_111)))).toBe('waits');
  }
  // Twenty of them fill two blocks, and the first of all pays least.
  const [last] = grove.node.mempool.list();
  const rate = last ? (last.fee * 1_000n) / BigInt(last.bytes) + 1n : 0n;
  expect(await estimate(2)).toEqual({ feerate: Number(rate) / 1e8, blocks: 2 });
  expect(await estimate(3)).toEqual({ feerate: 0.00001, blocks: 3 });
});

test('a question is refused that cannot be answered', async () => {
  const target = '-8: Invalid conf_target, must be between 1 and 1008';
  expect([await estimate(0), await estimate(1_009)]).toEqual([target, target]);
  expect(await estimate(1_008)).toMatchObject({ blocks: 1_008 });
  const modes = '"unset", "economical", "conservative"';
  const mode = `-8: Invalid estimate_mode parameter, must be one of: ${modes}`;
  expect(await estimate(6, 'fast')).toBe(mode);
  expect(await estimate(6, 'UNSET')).toMatchObject(unknown);
  expect(await estimate('6')).toMatch(/^-3: /);
  expect(await estimate()).toMatch(/^-1: estimatesmartfee conf_target \( "estimate_mode" \)/);
});

test('a payment that counts for more is not the one that has to leave', async () => {
  const ground = { maxMempoolBytes: 12_000 };
  for (const isFavoured of [false, true]) {
    asked = await plantAsked(ground);
    const { call, grove } = asked;
    await grove.mine('a1');
    const coins = await split(3);
    const [poor, ...others] = coins.map((coin, i) => {
      return pay([coin], { outputs: [outputTo(2, coin.coin.amount - BigInt(500 + i * 2_000))] });
    });
    if (!poor) throw new Error('there are three payments');
    if (isFavoured) await call('prioritisetransaction', txid(poor), 0, 8_000);
    expect(await grove.pay(poor)).toBe('waits');
    for (const each of others) await grove.pay(each);
    expect(grove.waiting.includes(poor)).toBe(isFavoured);
  }
});
