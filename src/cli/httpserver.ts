/**
 * The HTTP server of a node: takes requests in, hands them to the routes, and sends the answers.
 *
 * Everybody on the machine can reach it, web pages in a browser among them: `doorkeeper.ts` says
 * who is let in and `connections.ts` who keeps his place. Whatever can be sent has a bound, and
 * whatever can be waited for has an end.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { Fault } from '../primitives/fault.ts';
import { Connections } from './connections.ts';
import { Doorkeeper, type Keys, Unknown } from './doorkeeper.ts';
import { readBody } from './httpbody.ts';
import { Refusal } from './refusal.ts';
import { type Answer, findRoutes, type Route } from './route.ts';

export interface HttpSettings {
  /** 0 for any that is free. */
  readonly port: number;
  /** Where it listens beside 127.0.0.1. */
  readonly address?: string;
  readonly keys: Keys;
  readonly routes: readonly Route[];
  /** By its path: who takes over a connection that is to be a web socket. */
  readonly upgrades?: ReadonlyMap<string, Upgrade>;
  /** Hears of what went wrong in us. */
  readonly complain: (error: unknown) => void;
  readonly limits?: Partial<HttpLimits>;
}

/** Takes a connection over, or throws a `Refusal`. */
type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** What a stranger could make grow. */
export interface HttpLimits {
  readonly bodyBytes: number;
  readonly headerBytes: number;
  readonly connections: number;
  /** Requests of the owner that are worked on at once. Core: -rpcworkqueue. */
  readonly requests: number;
  /** The same of everybody else together, who so cannot keep the owner waiting. */
  readonly openRequests: number;
  readonly headerMs: number;
  /** For all of a request to come in. */
  readonly requestMs: number;
  /** For all of an answer to go out. */
  readonly answerMs: number;
  /** A connection on which nothing happens. */
  readonly idleMs: number;
  /** How long a wrong password waits for its answer. Core: 250 ms. */
  readonly guessMs: number;
}

const defaultLimits: HttpLimits = {
  bodyBytes: 16 * 2 ** 20,
  headerBytes: 16 * 2 ** 10,
  connections: 128,
  requests: 64,
  openRequests: 16,
  headerMs: 10_000,
  requestMs: 60_000,
  answerMs: 60_000,
  idleMs: 30_000,
  guessMs: 250,
};

export interface HttpServer {
  readonly port: number;
  readonly connections: Connections;
  /** Hears no more, and ends once all that was asked is answered, or after so many milliseconds. */
  readonly close: (patienceMs: number) => Promise<void>;
}

/** Begins to listen. */
export async function listen(settings: HttpSettings): Promise<HttpServer> {
  const reception = new Reception(settings);
  const servers: Server[] = [];
  let { port } = settings;
  try {
    for (const address of addressesOf(settings.address)) {
      const server = newServer(reception);
      servers.push(server);
      port = await bind(server, address, port);
      server.on('error', settings.complain);
    }
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
  reception.keeper.listensOn(port);
  const closeAll = async (patienceMs: number) => {
    await Promise.all(servers.map((server) => close(server, patienceMs)));
  };
  return { port, connections: reception.connections, close: closeAll };
}

/** The commands of this machine find the node at 127.0.0.1, wherever else it listens. */
function addressesOf(address = '127.0.0.1'): readonly string[] {
  const isAmong = ['127.0.0.1', '0.0.0.0', '::'].includes(address);
  return isAmong ? [address] : ['127.0.0.1', address];
}

function newServer(reception: Reception): Server {
  const { limits, connections } = reception;
  const options = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headerMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.idleMs,
    connectionsCheckingInterval: Math.min(limits.headerMs, 1_000),
  };
  return createServer(options, (request, response) => void reception.serve(request, response))
    .on('connection', (socket) => connections.enter(socket))
    .on('upgrade', (request, socket, head) => reception.upgrade(request, socket, head));
}

async function bind(server: Server, address: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenFault(address, port, cause)));
    server.listen(port, address, () => resolve());
  });
  const { port: bound } = server.address() as AddressInfo;
  return bound;
}

function listenFault(address: string, port: number, cause: Error): Fault {
  const problem = 'code' in cause ? cause.code : undefined;
  if (problem === 'EADDRINUSE') {
    const message = `another program has port ${port}: choose another --http-port`;
    return new Fault('port-taken', message, cause);
  }
  if (problem === 'EADDRNOTAVAIL') {
    const message = `${address} is no address of this machine: choose another --http-address`;
    return new Fault('listen', message, cause);
  }
  return new Fault('listen', `cannot listen on ${address} port ${port}: ${cause.message}`, cause);
}

const sweepMs = 20;

async function close(server: Server, patienceMs: number): Promise<void> {
  const impatient = setTimeout(() => server.closeAllConnections(), patienceMs);
  // A connection that was busy is kept alive when it is idle, and nobody would ever close it.
  const sweep = setInterval(() => server.closeIdleConnections(), sweepMs);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearInterval(sweep);
  clearTimeout(impatient);
}

/** Answers requests one by one. */
class Reception {
  readonly limits: HttpLimits;
  readonly keeper: Doorkeeper;
  readonly connections: Connections;
  readonly #settings: HttpSettings;
  readonly #working = { owner: 0, others: 0 };

  constructor(settings: HttpSettings) {
    this.#settings = settings;
    this.limits = { ...defaultLimits, ...settings.limits };
    this.keeper = new Doorkeeper(settings.keys);
    this.connections = new Connections(this.limits.connections);
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Who hangs up in the middle is no concern of ours; without this it would end the program.
    request.on('error', () => {});
    response.on('error', () => {});
    try {
      this.#send(response, await this.#answer(request, response));
    } catch (error) {
      if (error instanceof Unknown && error.isGuess) await this.#delay(response);
      const { status, message, headers } = this.#refusalOf(error, response);
      // What may still be coming is not read.
      const closing = { 'Content-Type': 'text/plain', ...headers, Connection: 'close' };
      this.#send(response, { status, body: message, headers: closing });
    }
  }

  /** Hands a connection over that is to be a web socket. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => {});
    try {
      this.keeper.demandOwnHost(request);
      this.keeper.demandNoForeignPage(request);
      const found = this.#settings.upgrades?.get(pathOf(request).path);
      if (!found) throw new Refusal(404, 'There is nothing here');
      found(request, socket, head);
      this.connections.hand(request.socket);
    } catch (error) {
      const { status, message } = this.#refusalOf(error);
      const length = Buffer.byteLength(message);
      const head = `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: ${length}`;
      socket.write(`${head}\r\n\r\n${message}`);
      request.socket.destroySoon();
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<Answer> {
    this.keeper.demandOwnHost(request);
    const { path, query } = pathOf(request);
    const { route, word } = this.#find(request, path);
    const isOwner = route.admits === 'owner';
    if (route.admits !== 'anybody') this.keeper.demandNoForeignPage(request);
    if (isOwner) this.keeper.demandOwner(request);
    const kind = isOwner ? 'owner' : 'others';
    const most = isOwner ? this.limits.requests : this.limits.openRequests;
    if (this.#working[kind] >= most) throw new Refusal(503, 'Work queue depth exceeded');
    const { socket } = request;
    const rest = this.connections.work(socket, isOwner);
    // The owner keeps his place until he has read all of it.
    if (isOwner) response.on('close', rest);
    this.#working[kind]++;
    try {
      const body = route.method === 'POST' ? await readBody(request, this.limits.bodyBytes) : '';
      const signal = signalOf(response);
      return await route.answer({ word, query, body, connection: socket, signal });
    } finally {
      this.#working[kind]--;
      if (!isOwner) rest();
    }
  }

  /** Whoever guesses must wait for each guess. */
  async #delay(response: ServerResponse): Promise<void> {
    const { guessMs } = this.limits;
    // Where he hangs up before, there is nobody to answer.
    await wait(guessMs, undefined, { signal: signalOf(response) }).catch(() => {});
  }

  #find({ method }: IncomingMessage, path: string) {
    const found = findRoutes(this.#settings.routes, path);
    const wanted = method === 'HEAD' ? 'GET' : method;
    const fitting = found.find(({ route }) => route.method === wanted);
    if (fitting) return fitting;
    if (found.length === 0) throw new Refusal(404, 'There is nothing here');
    const allowed = found.map(({ route }) => (route.method === 'GET' ? 'GET, HEAD' : 'POST'));
    const isRpc = path === '/' && !allowed.includes('GET, HEAD');
    const message = isRpc ? 'JSONRPC server handles only POST requests' : `Not by ${method}`;
    throw new Refusal(405, message, { Allow: allowed.join(', ') });
  }

  /** A bug must not end the node: whoever asked hears that there is one, and the log what it is. */
  #refusalOf(error: unknown, response?: ServerResponse): Refusal {
    if (error instanceof Refusal) return error;
    const isGone = response?.destroyed === true;
    if (!isGone) this.#settings.complain(error);
    return new Refusal(500, 'Internal error');
  }

  #send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
    if (response.destroyed) return;
    // Who asks and never reads what comes back is not waited for.
    const impatient = setTimeout(() => response.destroy(), this.limits.answerMs);
    response.on('close', () => clearTimeout(impatient));
    const own = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };
    const told =
      body === undefined
        ? {}
        : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
    response.writeHead(status, { ...own, ...told, ...headers }).end(body);
  }
}

function pathOf({ url = '' }: IncomingMessage) {
  const [path = '', ...rest] = url.split('?');
  return { path, query: new URLSearchParams(rest.join('?')) };
}

function signalOf(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.on('close', () => controller.abort());
  return controller.signal;
}
