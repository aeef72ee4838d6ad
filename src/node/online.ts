/** A node among others: ties a node to the network room, each hearing of what the other knows. */

import { Book } from '../network/book.ts';
import type { Timers, Transport } from '../network/boundary.ts';
import { Keeper } from '../network/keeper.ts';
import { Network } from '../network/network.ts';
import type { BanList, Tell } from '../network/wire.ts';
import type { Block } from '../primitives/block.ts';
import { txid } from '../primitives/transaction.ts';
import type { NodeEvent } from './events.ts';
import type { Node } from './node.ts';

export interface OnlineOptions {
  readonly node: Node;
  readonly transport: Transport;
  readonly timers: Timers;
  readonly random: (length: number) => Uint8Array;
  /** The time in seconds since 1970. */
  readonly now: () => number;
  readonly tell: Tell;
  readonly bans: BanList;
  readonly agent: string;
  /** Multiaddrs of peers that a person named. */
  readonly peers: readonly string[];
  /** Somebody came or went. */
  readonly onPeers?: () => void;
}

/** A node that is connected to others. */
export interface Online {
  readonly network: Network;
  readonly transport: Transport;
  readonly keeper: Keeper;
  readonly stop: () => Promise<void>;
}

export async function goOnline(options: OnlineOptions): Promise<Online> {
  const { node, transport, bans, timers, random, tell, now, agent } = options;
  const { chain, mempool } = node;
  const home = {
    chain,
    mempool,
    now,
    read: node.read.bind(node),
    submitBlock: node.submitBlock.bind(node),
    submitPayment: node.submitPayment.bind(node),
  };
  const book = await Book.open(chain.guard);
  const network = new Network({
    ...{ home, transport, timers, random, tell, bans, agent },
    onPeers: options.onPeers ?? (() => {}),
    answerPeers: () => keeper.answer(),
    onMet: (peer) => network.wire.background(keeper.onMet(peer)),
  });
  const keeper = new Keeper(network.wire, book);
  const unhear = node.events.listen((event) => follow(event, node, network));
  const { wire } = network;
  transport.setBanned((peer, address) => wire.isShunned(peer) || bans.isBanned(peer, address));
  await transport.start({
    onPeer: (peer, state) => {
      if (state === 'gone') keeper.onGone(peer);
      network.onPeer(peer, state);
    },
    onFound: (peer, addresses) => keeper.onFound(peer, addresses),
    onOffence: (peer, why) => network.onOffence(peer, why),
    onGossip: (topic, from, bytes) => network.hear(topic, from, bytes),
    onRequest: (method, from, bytes) => network.answer(method, from, bytes),
  });
  network.start();
  keeper.start(options.peers);
  const stop = async () => {
    unhear();
    keeper.stop();
    network.stop();
    await transport.stop();
  };
  return { network, transport, keeper, stop };
}

/** Others hear of our new tip, of payments, and of those that a branch which lost gave back. */
function follow(event: NodeEvent, node: Node, network: Network): void {
  if (event.kind === 'tx') network.onPayment(event.member.transaction);
  if (event.kind === 'block') {
    network.onBlock(event.block.header, event.height === node.chain.tip.height);
  }
  if (event.kind === 'reorg') {
    network.wire.background(tellReturned(event.change.disconnected, node, network));
  }
}

/** There may be thousands, so not all at once; by then some may wait no more. */
async function tellReturned(blocks: readonly Block[], node: Node, network: Network): Promise<void> {
  const { chain, mempool } = node;
  for (const transaction of blocks.flatMap(({ transactions }) => transactions)) {
    if (mempool.get(txid(transaction))) network.onPayment(transaction);
    await chain.breathe();
  }
}
