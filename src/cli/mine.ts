/** `chain mine`: makes blocks now. */
import { hashHeader } from '../primitives/block.ts';
import type { Hash } from '../primitives/codec.ts';
import type { Desk } from './desk.ts';

export interface MineOptions {
  readonly blocks: number;
  readonly to?: string;
}

export async function mine(desk: Desk, { blocks, to }: MineOptions): Promise<void> {
  const keyring = desk.keyring();
  const script = to === undefined ? keyring.defaultScript() : keyring.script(to);
  const node = await desk.openNode();
  const hashes: Hash[] = [];
  for (let i = 0; i < blocks; i++) {
    desk.progress(`mining block ${node.chain.tip.height + 1} …`);
    const block = await node.mine(script);
    desk.progress('');
    hashes.push(hashHeader(block.header));
    desk.say(hashHeader(block.header));
  }
  desk.answer('', hashes);
}
