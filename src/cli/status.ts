/** `chain status`: one look at everything. */
import { hashOf } from '../chain/entry.ts';
import { difficultyOf } from '../rpc/json.ts';
import type { DeskWithoutWallets } from './desk.ts';

export async function status(desk: DeskWithoutWallets): Promise<void> {
  const { signatureEngine } = await import('./opennode.ts');
  const { chain, mempool } = await desk.openNode();
  const { tip } = chain;
  const engine = await signatureEngine();
  const value = {
    network: desk.params.name,
    height: tip.height,
    hash: hashOf(tip),
    work: tip.work.toString(16).padStart(64, '0'),
    difficulty: difficultyOf(tip.header.bits),
    mempool: mempool.size,
    node: null,
    peers: 0,
    datadir: desk.datadir,
    engine: engine.name,
  };
  const lines = Object.entries({
    ...value,
    difficulty: value.difficulty.toPrecision(4),
    mempool: `${value.mempool} waiting`,
    node: 'not running',
  }).map(([name, told]) => `${name.padEnd(12)}${told}`);
  desk.answer(lines, value);
}
