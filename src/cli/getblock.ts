/** `chain getblock`: one block, by its hash or its height. */
import type { ChainView } from '../chain/chain.ts';
import type { Entry } from '../chain/entry.ts';
import { viewBlock } from '../node/view.ts';
import type { Hash } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import { rawBlockJson } from '../rpc/json.ts';
import { fit } from './column.ts';
import type { DeskWithoutWallets } from './desk.ts';
import { blockText } from './printchain.ts';

export async function getBlock(desk: DeskWithoutWallets, at: Hash | number): Promise<void> {
  const node = await desk.openNode();
  const view = await node.read(async (chain) => viewBlock(chain, await findEntry(chain, at)));
  const lines = blockText(view, desk.params).flatMap(fit);
  // Between two blocks an empty line is welcome; below the last it is not.
  desk.answer(
    lines.slice(0, lines.at(-1) === '' ? -1 : undefined),
    rawBlockJson(view, desk.params),
  );
}

async function findEntry({ store, tip }: ChainView, at: Hash | number): Promise<Entry> {
  if (typeof at === 'string') {
    const entry = await store.entry(at);
    if (entry) return entry;
    throw new Fault('not-found', `there is no block ${at} here, on no branch`);
  }
  if (at <= tip.height) return store.activeEntry(at);
  throw new Fault('not-found', `there is no block ${at}: the tip is at height ${tip.height}`);
}
