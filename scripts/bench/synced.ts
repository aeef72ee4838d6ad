/** The sides of the sync benchmark: each runs in a process of its own, and tells what it took. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { now, random, timers } from '../../src/cli/machine.ts';
import { openNode } from '../../src/cli/opennode.ts';
import { readNetwork } from '../../src/consensus/network.ts';
import type { Params } from '../../src/consensus/params.ts';
import { isReject } from '../../src/consensus/reject.ts';
import type { Handlers, Transport } from '../../src/network/boundary.ts';
import { openLibp2p } from '../../src/network/libp2p.ts';
import { identityBytes } from '../../src/network/libp2phost.ts';
import { answerBudgetBytes } from '../../src/network/limits.ts';
import type { Node } from '../../src/node/node.ts';
import { goOnline } from '../../src/node/online.ts';
import { Block, hashHeader } from '../../src/primitives/block.ts';
import { Bytes, decode, encode, list } from '../../src/primitives/codec.ts';

/** Blocks in a file, each as its bytes. */
export const Bodies = list(Bytes);

/** What a process took from when its work began. */
export interface Took {
  readonly wallMs: number;
  /** User and system, of all its threads. */
  readonly cpuMs: number;
  /** The most memory that it ever had. */
  readonly peakBytes: number;
}

/** Answers how to ask what was taken since. */
function begin(): () => Took {
  const began = performance.now();
  const cpu = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    const peakBytes = process.resourceUsage().maxRSS * 1024;
    return { wallMs: performance.now() - began, cpuMs: (user + system) / 1000, peakBytes };
  };
}

function paramsIn(folder: string): Params {
  return readNetwork(readFileSync(join(folder, 'network.json'), 'utf8'));
}

const bodiesIn = (folder: string) => decode(Bodies, readFileSync(join(folder, 'blocks')));

function openTransport({ genesis }: Params): Promise<Transport> {
  return openLibp2p({
    ...{ genesis: hashHeader(genesis.header), identity: random(identityBytes), timers },
    ...{ listen: ['/ip4/127.0.0.1/tcp/0'], isOnLan: false, tell: () => {} },
  });
}

/** A node at this place that is online. */
async function settle(place: string, params: Params, peers: readonly string[]) {
  const { node, close } = await openNode(place, { params });
  const transport = await openTransport(params);
  const online = await goOnline({
    ...{ node, transport, timers, random, now, peers, agent: 'bench' },
    tell: (level, message, facts) => {
      if (level === 'warn' || level === 'error') console.error(message, facts);
    },
    bans: { ban: () => {}, isBanned: () => false },
  });
  const stop = async () => {
    await online.stop();
    await close();
  };
  return { node, transport, stop };
}

/** To whoever started this process; by the sides that go on until they are told to end. */
const tell = (message: unknown) => process.send?.(message);

/** Tells where it listens; then, whenever it is asked, what it took since the first question. */
function serveUntilLeft(transport: Transport, stop: () => Promise<void>): void {
  const took = begin();
  tell(transport.addresses()[0]);
  process.on('message', () => tell(took()));
  process.once('disconnect', () => void stop());
}

/** Gives the chain of this folder. */
export async function serve(folder: string): Promise<void> {
  const params = paramsIn(folder);
  const { transport, stop } = await settle(join(folder, 'served', params.name), params, []);
  serveUntilLeft(transport, stop);
}

/** Settled when the node has so many blocks. */
function hasBlocks({ chain, events }: Node, count: number): Promise<void> {
  return new Promise((resolve) => {
    events.listen(() => {
      if (chain.tip.height === count) resolve();
    });
  });
}

/** A fresh node that takes the chain from its only peer. */
export async function fetch(folder: string, place: string, peer: string): Promise<Took> {
  const count = bodiesIn(folder).length;
  const took = begin();
  const { node, stop } = await settle(place, paramsIn(folder), [peer]);
  await hasBlocks(node, count);
  const taken = took();
  await stop();
  return taken;
}

/** A fresh node that is handed the bytes of each block, one after the other. */
export async function validate(folder: string, place: string): Promise<Took> {
  const bodies = bodiesIn(folder);
  const took = begin();
  const { node, close } = await openNode(place, { params: paramsIn(folder) });
  for (const bytes of bodies) {
    const answer = await node.submitBlock(decode(Block, bytes));
    if (isReject(answer)) throw new Error(`a block was refused: ${answer.reason}`);
  }
  const taken = took();
  await close();
  return taken;
}

async function openRaw(folder: string, onRequest: Handlers['onRequest']): Promise<Transport> {
  const transport = await openTransport(paramsIn(folder));
  const onGossip = async () => 'ignore' as const;
  const deaf = { onPeer: () => {}, onFound: () => {}, onOffence: () => {}, onGossip };
  await transport.start({ ...deaf, onRequest });
  return transport;
}

/** Gives the bytes of all blocks, as many at once as an answer takes. */
export async function serveRaw(folder: string): Promise<void> {
  const bytes = encode(Bodies, bodiesIn(folder));
  const transport = await openRaw(folder, async (_method, _from, question) => {
    const from = (question[0] ?? 0) * answerBudgetBytes;
    return bytes.subarray(from, from + answerBudgetBytes);
  });
  serveUntilLeft(transport, () => transport.stop());
}

/** Takes the bytes of all blocks, two answers at once, and looks at none. */
export async function fetchRaw(folder: string, peer: string): Promise<Took> {
  const answers = Math.ceil(encode(Bodies, bodiesIn(folder)).length / answerBudgetBytes);
  const took = begin();
  const transport = await openRaw(folder, async () => new Uint8Array(0));
  const id = await transport.dial(peer, { timeoutMs: 10_000 });
  const options = { timeoutMs: 60_000, maxBytes: answerBudgetBytes };
  let next = 0;
  const take = async () => {
    while (next < answers) {
      await transport.request(id, 'blocks', Uint8Array.of(next++), options);
    }
  };
  await Promise.all([take(), take()]);
  const taken = took();
  await transport.stop();
  return taken;
}
