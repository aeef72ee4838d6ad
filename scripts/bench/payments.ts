/**
 * Payments for a benchmark: each spends one P2WPKH coin and makes two, one to be spent by the next
 * block's payments and one that stays. All go to addresses of their own.
 */
import type { Chain } from '../../src/chain/chain.ts';
import type { Block } from '../../src/primitives/block.ts';
import { hash160 } from '../../src/primitives/hash.ts';
import { p2wpkhScript } from '../../src/primitives/script.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { keyOf, type Owned, outputTo, ownOutput, pay } from '../../test/forge.ts';
import { grow, nextBlock, submit } from './site.ts';

/** A script that nobody has the key of, a new one for each word. */
export function strangerScript(word: string): Uint8Array {
  return p2wpkhScript(hash160(new TextEncoder().encode(word)));
}

/** Where the blocks of payments grow, and when. */
export interface Field {
  readonly chain: Chain;
  /** The payments of a block. */
  readonly count: number;
  /** The time of the block at a height. */
  readonly timeAt: (height: number) => number;
}

/** Of each payment, in base units: enough to be let into a mempool. */
const fee = 1_000n;

/** Coins of this number, in a block after those that mint and mature what they are made of. */
export async function sow({ chain, count, timeAt }: Field): Promise<readonly Owned[]> {
  const mint = await grow(chain, { script: outputTo(0, 0n).script, time: timeAt(1) });
  for (let i = 0; i < chain.params.coinbaseMaturity; i++) {
    const { height } = chain.tip;
    await grow(chain, { script: strangerScript(`block ${height}`), time: timeAt(height + 1) });
  }
  const [coinbase] = mint.transactions;
  if (!coinbase) throw new Error('a block mints nothing');
  const minted = ownOutput(coinbase, 0, keyOf(0));
  const amount = minted.coin.amount / BigInt(count);
  const outputs = Array.from({ length: count }, (_, i) => outputTo(i, amount));
  const spread = pay([minted], { outputs });
  const time = timeAt(chain.tip.height + 1);
  await grow(chain, { script: strangerScript('spread'), time, payments: [spread] });
  return outputs.map((_, i) => ownOutput(spread, i, keyOf(i), chain.tip.height));
}

/** The block that spends all these coins, and those that the next one spends. */
export async function reap(
  { chain, timeAt }: Field,
  coins: readonly Owned[],
): Promise<{ readonly block: Block; readonly coins: readonly Owned[] }> {
  const height = chain.tip.height + 1;
  const payments: Transaction[] = coins.map((owned, i) => {
    const rest = owned.coin.amount - fee;
    const stays = { amount: rest / 8n, script: strangerScript(`${height} ${i}`) };
    return pay([owned], { outputs: [outputTo(i, rest - stays.amount), stays] });
  });
  const content = { script: strangerScript(`block ${height}`), time: timeAt(height), payments };
  const next = payments.map((payment, i) => ownOutput(payment, 0, keyOf(i), height));
  return { block: await nextBlock(chain, content), coins: next };
}

/** Makes blocks of payments and hands them in; answers them. */
export async function harvest(field: Field, blocks: number): Promise<readonly Block[]> {
  let coins = await sow(field);
  const grown: Block[] = [];
  for (let i = 0; i < blocks; i++) {
    const reaped = await reap(field, coins);
    await submit(field.chain, reaped.block);
    grown.push(reaped.block);
    coins = reaped.coins;
  }
  return grown;
}
