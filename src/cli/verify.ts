/** `chain verify`: checks everything the database holds. */
import type { DeskWithoutWallets } from './desk.ts';

export async function verify(desk: DeskWithoutWallets): Promise<void> {
  const { door } = await desk.openDoor();
  const { tip } = await door.status();
  const progress = desk.counter('block', tip.height + 1);
  const { height, hash, checked, digest, hasIndex } = await door.verify({ progress });
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
