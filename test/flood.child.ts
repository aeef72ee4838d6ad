/** The besieged node of a flood, in a process of its own so that its memory is its own. */
import { settle } from './flood.node.ts';

/** What it can be asked for. */
export type Order = 'mine' | 'state';

/** How it is. */
export interface State {
  readonly address: string;
  readonly height: number;
  readonly peers: number;
  readonly banned: number;
  /** What it told of errors. */
  readonly failures: readonly string[];
  /** After a collection, in bytes: of JavaScript, and beside it. */
  readonly heapBytes: number;
  readonly outsideBytes: number;
  readonly rssBytes: number;
}

const { node, transport, banned, failures, mine } = await settle();

function state(): State {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const [address = ''] = transport.addresses();
  return {
    ...{ address, height: node.chain.tip.height, peers: transport.peers().length },
    ...{ banned: banned.size, failures },
    ...{ heapBytes: heapUsed, outsideBytes: external, rssBytes: rss },
  };
}

process.on('message', async (order: Order) => {
  if (order === 'mine') await mine();
  process.send?.(state());
});
process.on('disconnect', () => process.exit());
