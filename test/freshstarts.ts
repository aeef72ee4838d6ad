/** Fresh starts: how many of so many nodes take a thousand blocks from one peer over libp2p. */
import { hashOf } from '../src/chain/entry.ts';
import { Household, rowOf, sees } from './household.ts';

const length = 1_000;

/** What went wrong at each start; nothing, where the node asked for each block once. */
export async function startFresh(starts: number): Promise<readonly string[]> {
  const household = new Household();
  const wrong: string[] = [];
  try {
    const old = await household.settle([], await rowOf(length));
    for (let i = 0; i < starts; i++) {
      old.askedFor.length = 0;
      const fresh = await household.settle(old.transport.addresses());
      const { chain } = fresh.node;
      await sees(fresh, () => chain.tip.height === length).catch(() => {});
      await fresh.online.stop();
      const asked = [old.askedFor.length, new Set(old.askedFor).size];
      const facts = [hashOf(chain.tip), ...asked, ...old.banned, ...fresh.banned].join(' ');
      const right = [hashOf(old.node.chain.tip), length, length].join(' ');
      if (facts !== right) wrong.push(`start ${i + 1} ended with ${facts}, not ${right}`);
    }
  } finally {
    await household.close();
  }
  return wrong;
}
