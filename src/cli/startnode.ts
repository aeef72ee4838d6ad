/** `chain startnode`: runs a node until it is interrupted. */
import { availableParallelism } from 'node:os';
import type { Node } from '../node/node.ts';
import type { Context } from '../rpc/method.ts';
import { callsTo } from '../rpc/methods.ts';
import { hashFast, signatureEngine } from './bestengine.ts';
import type { Desk } from './desk.ts';
import { Log } from './log.ts';
import { MiningPool, newThreads, threadCount } from './miningpool.ts';
import { contextOf, doorOf } from './nodecontext.ts';
import { removeNodeFiles, writeNodeFiles } from './nodefile.ts';
import { type HttpOptions, type NodeHttp, serveNode } from './nodehttp.ts';
import { NodeMetrics } from './nodemetrics.ts';
import { NodeMiner } from './nodeminer.ts';
import { type NodePeers, openPeers, type PeerOptions } from './nodepeers.ts';

export interface StartNodeOptions extends HttpOptions, PeerOptions {
  readonly httpPort?: number;
  /** An address or label; `true` for the first wallet. */
  readonly mine?: string | true;
  readonly automine?: boolean;
  readonly blockInterval: number;
  /** How many threads mine; all cores but one where it is not said. */
  readonly threads?: number;
  /** What waiting payments may take of the memory, in bytes. */
  readonly mempoolSize?: number;
}

/** How long an answer that is on its way may take when the node is to stop. */
const patienceMs = 1_000;

export async function startNode(desk: Desk, options: StartNodeOptions): Promise<void> {
  const log = new Log(desk.options);
  const script = payee(desk, options);
  const metrics = new NodeMetrics();
  const pool = new MiningPool(newThreads(threadCount(options.threads, availableParallelism())));
  desk.atEnd(async () => {
    metrics.stop();
    await pool.stop();
  });
  const node = await openNode(desk, pool, metrics, options);
  // Loaded before anybody asks, or the first block with payments would keep a question waiting.
  await Promise.all([signatureEngine(), hashFast(), import('./signatures.ts')]);
  const stopping = Promise.withResolvers<string>();
  const miner = new NodeMiner(node, log);
  const hear = options.automine && script ? () => miner.mineSoon(script) : () => {};
  const ending = new AbortController();
  void stopping.promise.then(() => ending.abort());
  const stop = { stop: stopping.resolve, stopping: ending.signal };
  const cookie = `__cookie__:${Buffer.from(desk.random(32)).toString('hex')}`;
  const peers = await openPeers(desk, { node, log }, options);
  desk.atEnd(peers.stop);
  const { peering } = peers;
  const parts = { node, miner, log, hear, peering, ...stop };
  const context = timing(contextOf(desk, parts), metrics);
  const call = metrics.counting(callsTo(context));
  const door = doorOf(desk, context, peering);
  const port = httpPortOf(desk, options);
  const served = await serveNode({
    ...{ port, cookie, node, call, door, pool, metrics, log, options, peering },
  });
  const { http } = served;
  const forget = hearSignals(desk, stopping.resolve);
  try {
    const started = new Date().toISOString();
    writeNodeFiles(desk.folder, { pid: process.pid, started, http }, cookie);
    tellStart(desk, { log, node, http, peers, options });
    const isPaced = desk.params.difficulty.rule === 'none';
    if (options.mine && script) miner.keepMining(script, isPaced ? options.blockInterval * 1e3 : 0);
    log.info('stopping', { because: await stopping.promise });
  } finally {
    await end(desk, served, miner);
    forget();
  }
  log.info('stopped', { height: node.chain.tip.height });
}

/** Opens the node; whatever makes a block has its time measured. */
async function openNode(
  desk: Desk,
  pool: MiningPool,
  metrics: NodeMetrics,
  { mempoolSize: maxMempoolBytes }: StartNodeOptions,
): Promise<Node> {
  const node = await desk.openNode({
    search: async (search, signal) => {
      const nonce = await pool.search(search, signal);
      if (nonce !== undefined) metrics.blockCame();
      return nonce;
    },
    ...(maxMempoolBytes === undefined ? {} : { maxMempoolBytes }),
  });
  node.events.listen(({ kind }) => {
    if (kind === 'block') metrics.blockJoined();
  });
  return node;
}

function timing(context: Context, metrics: NodeMetrics): Context {
  return {
    ...context,
    submitBlock: (block) => {
      metrics.blockCame();
      return context.submitBlock(block);
    },
  };
}

/** Whom blocks pay, known before anything is opened. */
function payee(desk: Desk, { mine, automine }: StartNodeOptions): Uint8Array | undefined {
  if (!mine && !automine) return undefined;
  const keyring = desk.keyring();
  return typeof mine === 'string' ? keyring.script(mine) : keyring.defaultScript();
}

/** As far from the port for peers as the network has it. */
function httpPortOf({ params }: Desk, { port = params.p2pPort, httpPort }: StartNodeOptions) {
  return httpPort ?? (port === 0 ? 0 : port + params.httpPort - params.p2pPort);
}

interface Started {
  readonly log: Log;
  readonly node: Node;
  readonly http: string;
  readonly peers: NodePeers;
  readonly options: StartNodeOptions;
}

function tellStart(
  { params, options }: Desk,
  { log, node, http, peers, options: asked }: Started,
): void {
  const { height } = node.chain.tip;
  log.info('the node runs', { network: params.name, height, http, pid: process.pid });
  for (const address of peers.addresses) log.info('peers find it', { address });
  if (asked.mine && params.difficulty.rule === 'none') {
    log.info(`mining every ${asked.blockInterval} s, for ${params.name} has no difficulty`);
  }
  if (!options.json) log.info('ctrl-C or chain stop ends it');
}

/** The first signal asks for a clean stop, the second ends it at once. Answers how to unhear. */
function hearSignals(desk: Desk, stop: (because: string) => void): () => void {
  let isAsked = false;
  const hear = (signal: NodeJS.Signals) => {
    if (isAsked) {
      removeNodeFiles(desk.folder);
      process.exit(signal === 'SIGINT' ? 130 : 143);
    }
    isAsked = true;
    stop(signal);
  };
  process.on('SIGINT', hear).on('SIGTERM', hear);
  return () => process.off('SIGINT', hear).off('SIGTERM', hear);
}

/** Lets go of everything but the database, which is closed with the desk. */
async function end(desk: Desk, served: NodeHttp, miner: NodeMiner): Promise<void> {
  const mined = miner.stop();
  await served.close(patienceMs);
  removeNodeFiles(desk.folder);
  // A search that goes on ends with its thread.
  const patience = Promise.withResolvers<void>();
  const impatient = setTimeout(patience.resolve, patienceMs / 2);
  await Promise.race([mined, patience.promise]);
  clearTimeout(impatient);
}
