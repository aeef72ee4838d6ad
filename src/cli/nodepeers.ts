/** Takes a node that runs to its peers. libp2p is loaded here, and for no other command. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Node } from '../node/node.ts';
import { goOnline, type Online } from '../node/online.ts';
import { hashHeader } from '../primitives/block.ts';
import { Fault } from '../primitives/fault.ts';
import { BanList } from './banlist.ts';
import type { Desk } from './desk.ts';
import { LivePeers } from './livepeers.ts';
import type { Log } from './log.ts';
import { timers } from './machine.ts';
import { writeSecretly } from './nodefile.ts';
import { listenAt } from './peeraddress.ts';
import { readVersion } from './version.ts';

export interface PeerOptions {
  readonly port?: number;
  /** Multiaddrs of peers that a person named. */
  readonly peer?: readonly string[];
  /** Are nodes nearby to find one another? */
  readonly lan: boolean;
  /** An IP address of this machine to listen at. */
  readonly listen: string;
  /** For peers in browsers. */
  readonly wsPort?: number;
}

export interface NodePeers {
  readonly peering: LivePeers;
  readonly addresses: readonly string[];
  readonly stop: () => Promise<void>;
}

const identityBytes = 32;

export async function openPeers(
  desk: Desk,
  { node, log }: { readonly node: Node; readonly log: Log },
  options: PeerOptions,
): Promise<NodePeers> {
  const { openLibp2p } = await import('../network/libp2p.ts');
  const { params } = desk;
  const bans = new BanList(join(desk.folder, 'banlist.json'), desk.now);
  const peering = new LivePeers(bans, { now: desk.now, nowMs: timers.nowMs });
  const { port = params.p2pPort, listen, wsPort } = options;
  const tell = tellIn(log);
  const transport = await openLibp2p({
    genesis: hashHeader(params.genesis.header),
    identity: identityIn(desk),
    listen: listenAt(listen, port, wsPort),
    isOnLan: options.lan,
    timers,
    tell,
  });
  const online: Online = await goOnline({
    ...{ node, transport, timers, tell, now: desk.now, random: desk.random },
    bans: peering.networkBans,
    agent: `chain ${readVersion()}`,
    peers: [...params.peers, ...(options.peer ?? [])],
    onPeers: () => peering.changed(),
  }).catch((cause: unknown) => {
    throw listenFault(port, cause);
  });
  peering.attach(online);
  return { peering, addresses: transport.addresses(), stop: online.stop };
}

/** What this node is known by: a key of its own, made at the first start. */
function identityIn({ folder, random }: Desk): Uint8Array {
  const path = join(folder, 'peer.key');
  if (!existsSync(path)) writeSecretly(path, Buffer.from(random(identityBytes)).toString('hex'));
  const text = readFileSync(path, 'utf8').trim();
  if (/^[0-9a-f]{64}$/.test(text)) return Uint8Array.from(Buffer.from(text, 'hex'));
  const remedy = 'remove it, and the next start makes another';
  throw new Fault('bad-identity', `${path} does not hold 64 hex digits; ${remedy}`);
}

function listenFault(port: number, cause: unknown): unknown {
  const text = cause instanceof Error ? cause.message : String(cause);
  if (!/EADDRINUSE|in use/i.test(text)) return cause;
  return new Fault('port-taken', `another program has port ${port}: choose another --port`, cause);
}

function tellIn(log: Log) {
  return (
    level: 'debug' | 'info' | 'warn' | 'error',
    message: string,
    facts: Readonly<Record<string, string | number>> = {},
  ) => {
    if (level === 'debug') log.debug('net', message, facts);
    else log[level](message, facts);
  };
}
