/** `chain status`: one look at everything. */
import { hashOf } from '../chain/entry.ts';
import { difficultyOf } from '../rpc/corejson.ts';
import type { DeskWithoutWallets } from './desk.ts';

export async function status(desk: DeskWithoutWallets): Promise<void> {
  const { door, running } = await desk.openDoor();
  const { tip, waiting, peers, clockOffset } = await door.status();
  const value = {
    network: desk.params.name,
    height: tip.height,
    hash: hashOf(tip),
    work: tip.work.toString(16).padStart(64, '0'),
    difficulty: difficultyOf(tip.header.bits),
    mempool: waiting,
    node: running ?? null,
    peers,
    datadir: desk.datadir,
    engine: await door.engine(),
  };
  const lines = Object.entries({
    ...value,
    difficulty: value.difficulty.toPrecision(4),
    mempool: `${value.mempool} waiting`,
    node: running ? `process ${running.pid}, ${running.http}` : 'not running',
  }).map(([name, told]) => `${name.padEnd(12)}${told}`);
  if (Math.abs(clockOffset) >= 60) {
    const which = clockOffset > 0 ? 'behind' : 'ahead of';
    desk.note(
      `Your clock is ${Math.abs(clockOffset)} s ${which} that of your peers: set it right.`,
    );
  }
  desk.answer(lines, value);
}
