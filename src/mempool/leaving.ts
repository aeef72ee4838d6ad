/** Leaving: which payments wait no longer because of blocks that joined the chain. */
import type { Breathe } from '../chain/breathe.ts';
import type { Block } from '../primitives/block.ts';
import { txid } from '../primitives/transaction.ts';
import type { Member } from './member.ts';
import type { Pool } from './pool.ts';

/** What these blocks hold, and what spends a coin that they spend, with all behind it. */
export async function leavingFor(
  connected: readonly Block[],
  pool: Pool,
  breathe: Breathe,
): Promise<readonly Member[]> {
  const held = new Set<Member>();
  const rivals = new Set<Member>();
  for (const { transactions } of connected) {
    for (const transaction of transactions) {
      const member = pool.get(txid(transaction));
      if (member) held.add(member);
      else for (const rival of pool.rivalsOf(transaction)) rivals.add(rival);
      await breathe();
    }
  }
  return [...held, ...pool.withDescendants(rivals)];
}
