/** `chain getblock`: one block, by its hash or its height. */
import type { Hash } from '../primitives/codec.ts';
import { rawBlockJson } from '../rpc/json.ts';
import { fit } from './column.ts';
import type { DeskWithoutWallets } from './desk.ts';
import { blockText } from './printchain.ts';

export async function getBlock(desk: DeskWithoutWallets, at: Hash | number): Promise<void> {
  const { door } = await desk.openDoor();
  const view = await door.block(at);
  const lines = blockText(view, desk.params).flatMap(fit);
  // Between two blocks an empty line is welcome; below the last it is not.
  desk.answer(
    lines.slice(0, lines.at(-1) === '' ? -1 : undefined),
    rawBlockJson(view, desk.params),
  );
}
