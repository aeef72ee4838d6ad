/** What a node offers over HTTP: its routes, its events and its numbers, and to whom. */
import type { Node } from '../node/node.ts';
import type { Fields } from '../rpc/exact.ts';
import type { Call } from '../rpc/protocol.ts';
import { isHere } from './doorkeeper.ts';
import { type HttpServer, listen } from './httpserver.ts';
import { Hub } from './hub.ts';
import type { LivePeers } from './livepeers.ts';
import type { Log } from './log.ts';
import type { MiningPool } from './miningpool.ts';
import { MiningReport, tickMs } from './miningreport.ts';
import { spreadNews } from './news.ts';
import type { NodeMetrics } from './nodemetrics.ts';
import { routesOf } from './noderoutes.ts';
import type { Answer } from './route.ts';
import type { RpcUser } from './rpcauth.ts';
import { WebSockets } from './websocket.ts';

/** What the command line says of it. */
export interface HttpOptions {
  readonly httpAddress?: string;
  readonly rpcAuth?: readonly RpcUser[];
  readonly allowHost?: readonly string[];
}

export interface NodeHttpSettings {
  readonly port: number;
  /** The user and the password of the cookie. */
  readonly cookie: string;
  readonly node: Node;
  readonly call: Call;
  /** Answers the body of a command; the signal tells that whoever asked is gone. */
  readonly door: (body: string, signal: AbortSignal) => Promise<Answer>;
  readonly peering: LivePeers;
  readonly pool: Pick<MiningPool, 'tried'>;
  readonly metrics: NodeMetrics;
  readonly log: Log;
  readonly options: HttpOptions;
}

export interface NodeHttp {
  /** Where programs of this machine find it. */
  readonly http: string;
  readonly close: (patienceMs: number) => Promise<void>;
}

export async function serveNode(settings: NodeHttpSettings): Promise<NodeHttp> {
  const { node, call, door, peering, pool, metrics, log, options } = settings;
  const { httpAddress: address, rpcAuth: users = [] } = options;
  const clock = () => performance.now() / 1_000;
  const hub = new Hub({ prefix: node.chain.params.prefix, clock });
  const web = new WebSockets(hub);
  const height = () => node.chain.tip.height;
  const report = new MiningReport({ tried: () => pool.tried, height, hub, log });
  const numbers = {
    node,
    hub,
    peers: () => peering.size,
    hashRate: () => report.hashRate,
    hashes: () => pool.tried,
  };
  const server: HttpServer = await listen({
    port: settings.port,
    ...(address === undefined ? {} : { address }),
    keys: { cookie: settings.cookie, users, names: namesOf(options) },
    routes: [
      ...routesOf(node, call, door),
      metrics.route(() => ({ ...numbers, connections: server.connections })),
    ],
    upgrades: new Map([['/ws', web.upgrade.bind(web)]]),
    complain: (error) => log.error('a request failed', { because: String(error) }),
  });
  const silence = spreadNews(node, hub, log);
  const deaf = peering.listen(() => hub.broadcast({ topic: 'peer', fields: peerFields(peering) }));
  const ticks = setInterval(() => report.tick(clock()), tickMs);
  tellDoors(log, server.port, options);
  return {
    http: `http://127.0.0.1:${server.port}`,
    async close(patienceMs) {
      clearInterval(ticks);
      silence();
      deaf();
      web.close();
      await server.close(patienceMs);
    },
  };
}

/** Who is there, as soon as that changes. */
function peerFields(peering: LivePeers): Fields {
  const peers = peering.peers().map(({ address, isInbound }) => ({ address, inbound: isInbound }));
  return { count: peers.length, peers };
}

/** The names that a `Host` may say beside those of every machine. */
function namesOf({ httpAddress = '', allowHost = [] }: HttpOptions): readonly string[] {
  const isAny = ['', '0.0.0.0', '::'].includes(httpAddress);
  const own = httpAddress.includes(':') ? `[${httpAddress}]` : httpAddress;
  return isAny ? allowHost : [own, ...allowHost];
}

/** Says what is open to others than this machine, and to whom. */
function tellDoors(log: Log, port: number, options: HttpOptions): void {
  const { httpAddress, rpcAuth = [] } = options;
  if (httpAddress === undefined || isHere(httpAddress)) return;
  log.warn('open to everybody who reaches it: /health, /metrics, /api and /ws', {
    address: httpAddress,
    port,
  });
  if (namesOf(options).length === 0) {
    log.warn('nobody else can call it by a name yet: say by which ones with --allow-host');
  }
  const users = rpcAuth.map(({ name }) => name).join(', ');
  const toUsers = `JSON-RPC is open from there to ${users}; passwords are not encrypted on the way`;
  const toNobody = 'JSON-RPC is open from this machine alone: no --rpc-auth was given';
  log.warn(users === '' ? toNobody : toUsers);
}
