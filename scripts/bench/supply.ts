/** Supplies for a benchmark: blocks full of payments, and two branches to choose between. */
import { join } from 'node:path';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Params } from '../../src/consensus/params.ts';
import { Block } from '../../src/primitives/block.ts';
import { encode } from '../../src/primitives/codec.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import type { Owned } from '../../test/forge.ts';
import { reap, sow } from './payments.ts';
import { openSite, type Site, submit } from './site.ts';

/** What is handed to the node, in hex. */
export interface Supply {
  readonly fresh: readonly string[];
  /** Payments that wait before they are in blocks. */
  readonly payments: readonly string[];
  readonly known: readonly string[];
  /** One more than those known, on the same parent. */
  readonly branch: readonly string[];
}

const hexOfBlock = (block: Block) => bytesToHex(encode(Block, block));

export interface Demand {
  readonly params: Params;
  /** The payments of a block. */
  readonly count: number;
  /** How many blocks of payments that nobody saw before. */
  readonly length: number;
}

/** Builds all blocks, and leaves a chain in this folder that has those before them. */
export async function stockUp(folder: string, demand: Demand): Promise<Supply> {
  const { params, count, length } = demand;
  const begin = params.genesis.header.time;
  const open = (name: string) => openSite(join(folder, name), { params });
  const [node, trunk, fork] = [await open('.'), await open('trunk'), await open('fork')];
  const field = ({ chain }: Site, late = 0) => ({
    chain,
    count: Math.ceil(count * 1.5),
    timeAt: (height: number) => begin + 15 * height + late,
  });
  // Half of what each branch spends the other spends too.
  const sown = await sow(field(trunk));
  for (let height = 1; height <= trunk.chain.tip.height; height++) {
    const block = await trunk.chain.store.block(await trunk.chain.store.activeEntry(height));
    for (const { chain } of [node, fork]) await submit(chain, block);
  }
  let coins: readonly Owned[] = sown.slice(0, count);
  const add = async () => {
    const reaped = await reap(field(trunk), coins);
    await submit(trunk.chain, reaped.block);
    coins = reaped.coins;
    return reaped.block;
  };
  const fresh: Block[] = [];
  for (let i = 0; i < length; i++) fresh.push(await add());
  for (const block of fresh) await submit(fork.chain, block);
  let forked: readonly Owned[] = [...sown.slice(count), ...coins.slice(0, Math.floor(count / 2))];
  const known: Block[] = [];
  for (let i = 0; i < 3; i++) known.push(await add());
  const branch: Block[] = [];
  for (let i = 0; i < 4; i++) {
    const reaped = await reap(field(fork, 1), forked);
    await submit(fork.chain, reaped.block);
    forked = reaped.coins;
    branch.push(reaped.block);
  }
  for (const site of [node, trunk, fork]) await site.close();
  const payments = known.flatMap(({ transactions }) => transactions.slice(1));
  return {
    fresh: fresh.map(hexOfBlock),
    payments: payments.map((each) => bytesToHex(encode(Transaction, each))),
    known: known.map(hexOfBlock),
    branch: branch.map(hexOfBlock),
  };
}
