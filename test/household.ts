/** A household: whole nodes over libp2p on this machine, each with what it was asked for. */
import { randomBytes } from 'node:crypto';
import { isReject } from '../src/consensus/reject.ts';
import { searchNonce } from '../src/miner/kernel.ts';
import type { Transport } from '../src/network/boundary.ts';
import { BlocksQuestion } from '../src/network/messages.ts';
import { Node } from '../src/node/node.ts';
import { goOnline, type Online } from '../src/node/online.ts';
import { type Block, hashHeader } from '../src/primitives/block.ts';
import { decode, type Hash } from '../src/primitives/codec.ts';
import { grass, machine, memory, noon, plant, verifyInline } from './grove.ts';
import { openHere, realTimers, within } from './libp2p.world.ts';

/** Blocks without payments in a row on the first one. */
export async function rowOf(count: number): Promise<readonly Block[]> {
  const grove = await plant();
  const names = Array.from({ length: count }, (_, i) => `a${i + 1}`);
  return names.map((name, i) => grove.draw(name, { on: i === 0 ? 'genesis' : `a${i}` }));
}

export interface Housed {
  readonly node: Node;
  readonly transport: Transport;
  readonly online: Online;
  readonly banned: string[];
  /** The blocks that others asked it for, in order. */
  readonly askedFor: Hash[];
  /** Calls with the blocks asked for so far whenever there are more, before they are answered. */
  readonly hear: (listener: (asked: readonly Hash[]) => void) => void;
}

export class Household {
  readonly #stops: (() => Promise<void>)[] = [];

  /** A node that listens here, has these blocks, and knows these addresses; it may be a liar. */
  async settle(
    peers: readonly string[] = [],
    blocks: readonly Block[] = [],
    lie?: (bodies: Uint8Array) => Uint8Array | Promise<Uint8Array>,
  ): Promise<Housed> {
    const node = await Node.open({
      ...machine,
      database: memory(),
      params: grass,
      verifyAll: verifyInline,
      now: () => noon,
      search: async (search) => searchNonce(search),
    });
    for (const block of blocks) {
      const answer = await node.submitBlock(block);
      if (isReject(answer)) throw new Error(`a block was refused: ${answer.reason}`);
    }
    const genesis = hashHeader(grass.genesis.header);
    const transport = await openHere({ genesis });
    const banned: string[] = [];
    const askedFor: Hash[] = [];
    let listener: (asked: readonly Hash[]) => void = () => {};
    const start = transport.start.bind(transport);
    transport.start = (handlers) =>
      start({
        ...handlers,
        onRequest: async (method, from, question) => {
          if (method !== 'blocks') return handlers.onRequest(method, from, question);
          askedFor.push(...decode(BlocksQuestion, question).hashes);
          listener(askedFor);
          const bodies = await handlers.onRequest(method, from, question);
          return lie ? lie(bodies) : bodies;
        },
      });
    const online = await goOnline({
      ...{ node, transport, peers, timers: realTimers, agent: 'test', tell: () => {} },
      bans: { ban: (peer) => banned.push(peer), isBanned: (peer) => banned.includes(peer) },
      random: (length) => Uint8Array.from(randomBytes(length)),
      now: () => noon,
    });
    this.#stops.push(online.stop);
    const hear = (next: typeof listener) => {
      listener = next;
    };
    return { node, transport, online, banned, askedFor, hear };
  }

  async close(): Promise<void> {
    for (const stop of this.#stops.splice(0)) await stop();
  }
}

/** Settled once this holds, which is looked at whenever the node takes a block. */
export function sees({ node }: { readonly node: Node }, holds: () => boolean): Promise<void> {
  return within(
    new Promise((resolve) => {
      const look = () => {
        if (!holds()) return;
        unhear();
        resolve();
      };
      const unhear = node.events.listen(look);
      look();
    }),
  );
}
