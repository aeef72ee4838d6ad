/** What the methods of JSON-RPC may ask of a node that runs, and what is told of it in the log. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { isReject } from '../consensus/reject.ts';
import { LocalDoor } from '../node/localdoor.ts';
import type { Node } from '../node/node.ts';
import { formatAmount } from '../primitives/amount.ts';
import { hashHeader } from '../primitives/block.ts';
import { answerCall } from '../rpc/doorcalls.ts';
import type { Context } from '../rpc/method.ts';
import type { Desk } from './desk.ts';
import type { LivePeers } from './livepeers.ts';
import type { Log } from './log.ts';
import type { NodeMiner } from './nodeminer.ts';
import { beneath } from './opennode.ts';
import { readVersion } from './version.ts';

export interface Parts {
  readonly node: Node;
  readonly miner: NodeMiner;
  readonly log: Log;
  /** Is told of every payment that was taken. */
  readonly hear: () => void;
  readonly peering: LivePeers;
  readonly stop: (because: string) => void;
  /** Aborted once it was told to stop. */
  readonly stopping: AbortSignal;
}

export function contextOf(desk: Desk, parts: Parts): Context {
  const { node, miner, log, hear, peering, stop, stopping } = parts;
  return {
    node,
    async submitBlock(block) {
      const taken = await node.submitBlock(block);
      const hash = hashHeader(block.header);
      if (isReject(taken)) log.warn('refused a block', { hash, reason: taken.reason });
      else {
        const { status, disconnected } = taken;
        const facts = { hash, status, height: node.chain.tip.height };
        const left = disconnected.length > 0 ? { left: disconnected.length } : {};
        if (status === 'known') log.debug('validation', 'knew a block', { hash });
        else log.info('took a block', { ...facts, ...left });
      }
      return taken;
    },
    async submitPayment(transaction) {
      const taken = await node.submitPayment(transaction);
      if (isReject(taken)) log.debug('mempool', 'refused a payment', { reason: taken.reason });
      else {
        log.info('took a payment', { txid: taken.id, fee: formatAmount(taken.fee) });
        hear();
      }
      return taken;
    },
    mine: (script, signal) => miner.mine(script, signal),
    mineThese: (script, payments, signal) => miner.mineThese(script, payments, signal),
    peering,
    now: desk.now,
    setTime: (time) => desk.setTime(time),
    logging: log,
    uptime: () => process.uptime(),
    version: readVersion(),
    diskBytes: () => bytesIn(join(desk.folder, 'chain')),
    stop: () => stop('asked by a program'),
    stopping,
    // The signal ends it early, and who waits looks at that.
    wait: (ms, signal) => wait(ms, undefined, { signal }).catch(() => {}),
    pause: () => nextTurn(),
    warn: (problem) => log.warn(problem),
  };
}

/** What commands ask, answered as what programs ask. */
export function doorOf({ folder }: Desk, context: Context, peering: LivePeers) {
  const door = new LocalDoor({ ...context, ...beneath(folder), peering });
  const { version } = context;
  return (body: string, signal: AbortSignal) => answerCall(body, { door, version }, signal);
}

function bytesIn(folder: string): number {
  const sizes = readdirSync(folder).map((name) => {
    // LevelDB removes files while we look.
    return statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}
