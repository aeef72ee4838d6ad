/** Trials: what would become of a block or a header, without anything being kept. */
import type { Chain } from '../chain/chain.ts';
import { hashOf } from '../chain/entry.ts';
import { checkHeader, checkHeaderInContext } from '../consensus/header.ts';
import { isReject, reject, type Verdict } from '../consensus/reject.ts';
import type { Block, Header } from '../primitives/block.ts';

/** Would it be the next block, once there is work in it? BIP23; Core: TestBlockValidity. */
export async function tryBlock(block: Block, { judge, tip }: Chain, now: number): Promise<Verdict> {
  const { parent } = block.header;
  if (parent !== hashOf(tip)) return reject('prev-blk-not-found', { parent });
  const wrong = await judge.alone(block, tip, now);
  if (wrong) return wrong;
  const judged = await judge.onCoins(block, tip);
  return isReject(judged) ? judged : undefined;
}

/** Might there be a valid block with this header? */
export async function tryHeader(
  header: Header,
  { branch, store, params }: Chain,
  now: number,
): Promise<Verdict> {
  const wrong = checkHeader(header, params);
  if (wrong) return wrong;
  const parent = await store.entry(header.parent);
  if (!parent) return reject('prev-blk-not-found', { parent: header.parent });
  if (parent.isFailed) return reject('bad-prevblk', { parent: header.parent });
  return checkHeaderInContext(header, await branch.headerContext(parent), now, params);
}
