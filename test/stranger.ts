/** A stranger: whoever speaks the protocol and says what he likes. */

import { regtest } from '../src/consensus/params.ts';
import type { GossipVerdict, Method, Topic } from '../src/network/boundary.ts';
import {
  BlocksQuestion,
  Bodies,
  encodeAnswer,
  encodeNo,
  Headers,
  Ids,
  Records,
  Status,
} from '../src/network/messages.ts';
import { Block, hashHeader } from '../src/primitives/block.ts';
import { decode, encode } from '../src/primitives/codec.ts';
import type { Village } from './village.ts';

type Answer = (question: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** What a stranger has, and what he says of it. */
export interface Role {
  /** The blocks of his chain above the first. */
  readonly blocks?: readonly Block[];
  readonly status?: Partial<Status>;
  readonly answers?: Partial<Record<Method, Answer>>;
}

/** Never answers. */
export const silence: Answer = () => new Promise(() => {});

/** An honest stranger, but for what his role says. */
export async function meet(village: Village, name: string, role: Role) {
  const { blocks = [], answers = {} } = role;
  const byHash = new Map(blocks.map((block) => [hashHeader(block.header), block]));
  const genesis = hashHeader(regtest.genesis.header);
  const tip = blocks.at(-1);
  const status: Status = {
    genesis,
    tip: tip ? hashHeader(tip.header) : genesis,
    height: blocks.length,
    work: 2n * BigInt(blocks.length + 1),
    time: village.now(),
    agent: new Uint8Array(0),
    ...role.status,
  };
  const asked: Method[] = [];
  const honest: Record<Method, Answer> = {
    status: () => encodeAnswer(Status, status),
    headers: () =>
      encodeAnswer(
        Headers,
        blocks.map(({ header }) => header),
      ),
    blocks: (question) => {
      const { form, hashes } = decode(BlocksQuestion, question);
      if (form === 1) return encodeAnswer(Bodies, []);
      const found = hashes.flatMap((hash) => byHash.get(hash) ?? []);
      return encodeAnswer(
        Bodies,
        found.map((block) => encode(Block, block)),
      );
    },
    blocktxs: () => encodeNo('unknown'),
    mempool: () => encodeAnswer(Ids, []),
    peers: () => encodeAnswer(Records, []),
  };
  const transport = village.net.join(name, { isRude: true });
  await transport.start({
    onPeer: () => {},
    onFound: () => {},
    onOffence: () => {},
    onGossip: async (): Promise<GossipVerdict> => 'accept',
    onRequest: async (method, _from, question) => {
      asked.push(method);
      return (answers[method] ?? honest[method])(question);
    },
  });
  return {
    asked,
    transport,
    /** Connects, and says hello as all do. */
    visit: async (whom: string) => {
      const [address = ''] = village.addressOf(whom);
      await village.clock.finish(transport.dial(address, { timeoutMs: 10_000 }));
      await village.clock.run(2_000);
    },
    tell: (topic: Topic, bytes: Uint8Array) =>
      village.clock.finish(transport.publish(topic, bytes)),
    ask: (whom: string, method: Method, question: Uint8Array, maxBytes = 10_000_000) =>
      village.clock.finish(
        transport.request(whom, method, question, { timeoutMs: 60_000, maxBytes }),
      ),
  };
}
