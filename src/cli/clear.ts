/** `chain clear`: forgets the chain of this network; wallets stay. */
import { hashHeader } from '../primitives/block.ts';
import type { DeskWithoutWallets } from './desk.ts';
import { removeDatabase } from './exchange.ts';

export async function clear(desk: DeskWithoutWallets): Promise<void> {
  await removeDatabase(desk.folder);
  const hash = hashHeader(desk.params.genesis.header);
  const line = `the chain of ${desk.params.name} begins anew at its first block; wallets are kept`;
  desk.answer(line, { height: 0, hash, checked: 0 });
}
