/** Files of blocks in memory, for tests to write and to read. */
import { concatBytes } from '@noble/hashes/utils.js';
import {
  type BlockFile,
  type BlockRecord,
  encodeRecord,
  isTear,
  readRecords,
  type Tear,
} from '../src/chain/bootstrap.ts';
import type { ChainView } from '../src/chain/chain.ts';
import { type Imported, importBlocks } from '../src/chain/intake.ts';
import { magicOf, regtest } from '../src/consensus/params.ts';
import type { Block } from '../src/primitives/block.ts';
import { outputTo, pay } from './forge.ts';
import { type Grove, plant } from './grove.ts';

export const magic = magicOf(regtest);

/** A file in memory, which notes how much was asked for at once. */
export function sourceOf(bytes: Uint8Array) {
  const asked: number[] = [];
  const read = async (offset: number, length: number) => {
    asked.push(length);
    return bytes.slice(offset, offset + length);
  };
  return { size: bytes.length, read, asked };
}

/** A file of these blocks. */
export const fileOf = (blocks: readonly Block[]) =>
  concatBytes(...blocks.map((block) => encodeRecord(magic, block)));

/** All that is read of a file. */
export async function readAll(source: BlockFile, begins = magic) {
  const records: BlockRecord[] = [];
  const tears: Tear[] = [];
  for await (const each of readRecords(source, begins)) {
    if (isTear(each)) tears.push(each);
    else records.push(each);
  }
  return { records, tears, codes: tears.map(({ code }) => code) };
}

/** Hands the blocks of a file to the node of this grove. */
export const importInto = ({ node }: Grove, bytes: Uint8Array): Promise<Imported> =>
  importBlocks({ source: sourceOf(bytes), magic, submit: (block) => node.submitBlock(block) });

/** A short chain with a payment in it: genesis, a1, a2, a3. */
export async function shortChain() {
  const grove = await plant();
  await grove.mine('a1');
  const payment = pay([grove.minted('a1')], { outputs: [outputTo(1, 1_0000_0000n)] });
  await grove.mine('a2', { with: [payment] });
  await grove.mine('a3');
  const blocks = ['genesis', 'a1', 'a2', 'a3'].map((name) => grove.block(name));
  return { grove, blocks, bytes: fileOf(blocks) };
}

/** The blocks of the active chain, genesis first. */
export async function* walkUp({ store, tip }: ChainView): AsyncIterable<Block> {
  for (let height = 0; height <= tip.height; height++) {
    yield await store.block(await store.activeEntry(height));
  }
}
