/** What a node of the lab speaks to the network with: the very thing that a real one does. */
import type { Attach } from '../src/lab/simnode.ts';
import { goOnline } from '../src/node/online.ts';

/** Bans last as long as the program. */
export function attachTo(tell: (line: string) => void = () => {}): Attach {
  return async (outside) => {
    const banned = new Set<string>();
    return goOnline({
      ...outside,
      agent: 'lab',
      bans: {
        ban: (peer, _address, _seconds, why) => {
          banned.add(peer);
          outside.onBan(peer, why);
        },
        isBanned: (peer) => banned.has(peer),
      },
      tell: (level, message, facts) => {
        if (level === 'error') outside.onBug(`${message}: ${JSON.stringify(facts ?? {})}`);
        tell(`${outside.transport.id} ${level} ${message} ${JSON.stringify(facts ?? {})}`);
      },
    });
  };
}
