/** `chain mine`: makes blocks now. */
import type { Node } from '../node/node.ts';
import { hashHeader } from '../primitives/block.ts';
import type { Hash } from '../primitives/codec.ts';
import type { Desk } from './desk.ts';

export interface MineOptions {
  readonly blocks: number;
  readonly to?: string;
  /** Whether to keep transaction and address indexes, where there are some. */
  readonly index: boolean;
}

export async function mine(desk: Desk, { blocks, to, index }: MineOptions): Promise<void> {
  const keyring = desk.keyring();
  const script = to === undefined ? keyring.defaultScript() : keyring.script(to);
  const node = await desk.openNode(index ? {} : { hasIndex: false });
  const hashes: Hash[] = [];
  for (let i = 0; i < blocks; i++) {
    const hash = await mineBlock(desk, node, script);
    hashes.push(hash);
    desk.say(hash);
  }
  desk.answer('', hashes);
}

/** Mines a block that pays this script, and says so while it lasts; its hash. */
export async function mineBlock(desk: Desk, node: Node, script: Uint8Array): Promise<Hash> {
  desk.progress(`mining block ${node.chain.tip.height + 1} …`);
  const { header } = await node.mine(script);
  desk.progress('');
  return hashHeader(header);
}
