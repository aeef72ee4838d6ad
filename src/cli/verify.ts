/** `chain verify`: checks everything the database holds. */
import { join } from 'node:path';
import { verifyChain } from '../chain/verify.ts';
import type { DeskWithoutWallets } from './desk.ts';
import { verifyAll } from './opennode.ts';
import { checkAllTables } from './tablecheck.ts';

export async function verify(desk: DeskWithoutWallets): Promise<void> {
  const { params } = desk;
  const node = await desk.openNode();
  checkAllTables(join(desk.folder, 'chain'));
  const { identity } = node.chain.guard;
  const { height, hash, checked, digest, hasIndex } = await node.read((view) => {
    const progress = desk.counter('block', view.tip.height + 1);
    return verifyChain(view, { params, verifyAll, identity, progress });
  });
  const count = `${checked} block${checked === 1 ? '' : 's'}`;
  const rest = hasIndex
    ? 'with all coins, undo records and both indexes'
    : 'with all coins and undo records; there are no indexes';
  const lines = [
    `all is well: ${count} checked, ${rest}`,
    `tip    ${height} ${hash}`,
    `coins  ${digest}`,
  ];
  desk.answer(lines, { height, hash, checked, digest });
}
