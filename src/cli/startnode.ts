/** `chain startnode`: runs a node until it is interrupted. */
import { availableParallelism } from 'node:os';
import type { Node } from '../node/node.ts';
import { callsTo } from '../rpc/methods.ts';
import { answer } from '../rpc/protocol.ts';
import { attend, breathe } from './breath.ts';
import type { Desk } from './desk.ts';
import { type HttpServer, listen } from './httpserver.ts';
import { Log } from './log.ts';
import { MiningPool, newThreads, threadCount } from './miningpool.ts';
import { contextOf, doorOf } from './nodecontext.ts';
import { removeNodeFiles, writeNodeFiles } from './nodefile.ts';
import { NodeMiner } from './nodeminer.ts';

export interface StartNodeOptions {
  readonly port?: number;
  readonly httpPort?: number;
  /** An address or label; `true` for the first wallet. */
  readonly mine?: string | true;
  readonly automine?: boolean;
  readonly blockInterval: number;
  /** How many threads mine; all cores but one where it is not said. */
  readonly threads?: number;
}

/** How long an answer that is on its way may take when the node is to stop. */
const patienceMs = 1_000;

export async function startNode(desk: Desk, options: StartNodeOptions): Promise<void> {
  const log = new Log(desk.options);
  const script = payee(desk, options);
  const pool = new MiningPool(newThreads(threadCount(options.threads, availableParallelism())));
  desk.atEnd(() => pool.stop());
  const node = await desk.openNode({ search: (search, signal) => pool.search(search, signal) });
  const stopping = Promise.withResolvers<string>();
  const miner = new NodeMiner(node, log);
  const hear = options.automine && script ? () => miner.mineSoon(script) : () => {};
  const credentials = `__cookie__:${Buffer.from(desk.random(32)).toString('hex')}`;
  const context = contextOf(desk, { node, miner, log, hear, stop: stopping.resolve });
  const calls = callsTo(context);
  const server = await listen({
    port: httpPortOf(desk, options),
    credentials,
    answer: (body) => attend(() => answer(body, calls, breathe)),
    door: doorOf(desk, context),
    health: () => ({ status: 'ok', network: desk.params.name, height: node.chain.tip.height }),
  });
  const forget = hearSignals(desk, stopping.resolve);
  try {
    const http = `http://127.0.0.1:${server.port}`;
    const started = new Date().toISOString();
    writeNodeFiles(desk.folder, { pid: process.pid, started, http }, credentials);
    tellStart(desk, { log, node, http, ...options });
    const isPaced = desk.params.difficulty.rule === 'none';
    if (options.mine && script) miner.keepMining(script, isPaced ? options.blockInterval * 1e3 : 0);
    log.info('stopping', { because: await stopping.promise });
  } finally {
    await end(desk, server, miner);
    forget();
  }
  log.info('stopped', { height: node.chain.tip.height });
}

/** Whom blocks pay, known before anything is opened. */
function payee(desk: Desk, { mine, automine }: StartNodeOptions): Uint8Array | undefined {
  if (!mine && !automine) return undefined;
  const keyring = desk.keyring();
  return typeof mine === 'string' ? keyring.script(mine) : keyring.defaultScript();
}

/** As far from the port for peers as the network has it. */
function httpPortOf({ params }: Desk, { port = params.p2pPort, httpPort }: StartNodeOptions) {
  return httpPort ?? port + params.httpPort - params.p2pPort;
}

function tellStart(
  { params, options }: Desk,
  {
    log,
    node,
    http,
    ...asked
  }: StartNodeOptions & { readonly log: Log; readonly node: Node; readonly http: string },
): void {
  const { height } = node.chain.tip;
  log.info('the node runs', { network: params.name, height, http, pid: process.pid });
  const port = asked.port ?? params.p2pPort;
  log.info(`peers come later: nothing listens on port ${port} yet`);
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
async function end(desk: Desk, server: HttpServer, miner: NodeMiner): Promise<void> {
  const mined = miner.stop();
  await server.close(patienceMs);
  removeNodeFiles(desk.folder);
  // A search that goes on ends with its thread.
  const patience = Promise.withResolvers<void>();
  const impatient = setTimeout(patience.resolve, patienceMs / 2);
  await Promise.race([mined, patience.promise]);
  clearTimeout(impatient);
}
