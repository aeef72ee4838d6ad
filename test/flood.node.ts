/** A whole node over libp2p with its chain in memory, as honest as any. */
import { randomBytes } from 'node:crypto';
import { searchNonce } from '../src/miner/kernel.ts';
import { Node } from '../src/node/node.ts';
import { goOnline } from '../src/node/online.ts';
import { outputTo } from './forge.ts';
import { grass, machine, memory, noon, verifyInline } from './grove.ts';
import { openHere, realTimers } from './libp2p.world.ts';

/** Opens one that listens here; whom it banned is told by the set. */
export async function settle(peers: readonly string[] = []) {
  const node = await Node.open({
    ...machine,
    database: memory(),
    params: grass,
    verifyAll: verifyInline,
    now: () => noon,
    search: async (search) => searchNonce(search),
  });
  const transport = await openHere();
  const banned = new Set<string>();
  const failures: string[] = [];
  const online = await goOnline({
    ...{ node, transport, peers, timers: realTimers, agent: 'test', now: () => noon },
    bans: { ban: (peer) => banned.add(peer), isBanned: (peer) => banned.has(peer) },
    random: (length) => Uint8Array.from(randomBytes(length)),
    tell: (level, message, facts) => {
      if (level === 'error') failures.push(`${message} ${JSON.stringify(facts)}`);
    },
  });
  const mine = () => node.mine(outputTo(7, 0n).script);
  return { node, transport, online, banned, failures, mine, stop: online.stop };
}
