/** News: what happens in a node, as the hub tells it to its clients and the log to its reader. */
import type { Change } from '../chain/chain.ts';
import type { Entry } from '../chain/entry.ts';
import type { Params } from '../consensus/params.ts';
import { subsidyAt } from '../consensus/subsidy.ts';
import type { Member } from '../mempool/member.ts';
import type { NodeEvent } from '../node/events.ts';
import type { Node } from '../node/node.ts';
import { addressOf } from '../primitives/address.ts';
import { type Block, blockWeight, hashHeader, totalBlockBytes } from '../primitives/block.ts';
import { type Hash, noHash } from '../primitives/codec.ts';
import { txid } from '../primitives/transaction.ts';
import { coins, type Fields } from '../rpc/exact.ts';
import { count } from './column.ts';
import type { Hub } from './hub.ts';
import type { Log } from './log.ts';

/** Of each branch; a reorganisation can be of any length, and a message cannot. */
const maxHashes = 1_000;

/** Tells the hub and the log from now on; answers how to end that. */
export function spreadNews(node: Node, hub: Hub, log: Log): () => void {
  const { params } = node.chain;
  return node.events.listen((event: NodeEvent) => {
    if (event.kind === 'reorg') {
      const told = reorgFields(event.change, event.tip, node.mempool);
      log.info(told.message, { fork: told.fork.hash });
      hub.broadcast({ topic: 'reorg', fields: told });
    } else if (event.kind === 'block') {
      if (hub.wants('block')) hub.broadcast({ topic: 'block', fields: blockFields(event, params) });
    } else if (hub.wants('tx')) {
      const addresses = () => addressesIn(event.member, params);
      hub.broadcast({ topic: 'tx', fields: paymentFields(event.member), addresses });
    }
  });
}

function blockFields(
  { block, height }: { readonly block: Block; readonly height: number },
  params: Params,
): Fields {
  const { header, transactions } = block;
  const minted = transactions[0]?.outputs.reduce((sum, { amount }) => sum + amount, 0n) ?? 0n;
  const fees = minted - subsidyAt(height, params);
  return {
    height,
    hash: hashHeader(header),
    parent: header.parent,
    time: header.time,
    transactions: transactions.length,
    size: totalBlockBytes(block),
    weight: blockWeight(block),
    // Who takes less than he may has taken none of them.
    fees: coins(fees > 0n ? fees : 0n),
  };
}

function paymentFields({ id, fee, bytes }: Member): Fields {
  return {
    txid: id,
    fee: coins(fee),
    vsize: bytes,
    feerate: coins((fee * 1_000n) / BigInt(bytes)),
  };
}

/** Whom a payment pays, and whose coins it spends. */
function addressesIn({ transaction, coins }: Member, { prefix }: Params): ReadonlySet<string> {
  const outputs = [...transaction.outputs, ...coins];
  return new Set(outputs.flatMap(({ script }) => addressOf(script, prefix) ?? []));
}

/** A change of branch; at most so many hashes of each, but all of them counted. */
function reorgFields({ disconnected, connected }: Change, tip: Entry, mempool: Node['mempool']) {
  const [left, joined] = [disconnected.length, connected.length];
  const waiting = disconnected
    .flatMap(({ transactions }) => transactions.map(txid))
    .filter((id) => mempool.get(id));
  const fork: { height: number; hash: Hash } = {
    height: tip.height - joined,
    hash: disconnected.at(-1)?.header.parent ?? noHash,
  };
  const hashes = (blocks: readonly Block[]) => {
    return blocks.slice(0, maxHashes).map(({ header }) => hashHeader(header));
  };
  const counts = `${count(left, 'block')} left and ${count(joined, 'block')} joined`;
  const again = waiting.length === 1 ? '1 payment waits' : `${waiting.length} payments wait`;
  const returned = waiting.length > 0 ? `; ${again} again` : '';
  return {
    fork,
    left,
    joined,
    disconnected: hashes(disconnected),
    connected: hashes(connected),
    waiting: waiting.slice(0, maxHashes),
    message: `the chain changed its branch at height ${fork.height}: ${counts}${returned}`,
  };
}
