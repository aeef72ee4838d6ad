/**
 * The HTTP server of a node, on this machine alone.
 *
 * Everybody on the machine can reach it, web pages in a browser among them. So it answers only to
 * its own names, which a page of another name cannot send; and whoever asks for more than its
 * health must know the cookie, which only its owner can read. Whatever can be sent has a bound.
 */
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { Fault } from '../primitives/fault.ts';
import type { Reply } from '../rpc/protocol.ts';
import { isSecret } from './machine.ts';

export interface HttpSettings {
  /** 0 for any that is free. */
  readonly port: number;
  /** The user and the password, with a colon between. */
  readonly credentials: string;
  /** Answers the body of a JSON-RPC request. */
  readonly answer: (body: string) => Promise<Reply>;
  /** Answers the body of a command; the signal tells that whoever asked is gone. */
  readonly door: (body: string, signal: AbortSignal) => Promise<Reply>;
  /** What everybody may know. */
  readonly health: () => object;
  readonly limits?: Partial<HttpLimits>;
}

/** What a stranger could make grow. */
export interface HttpLimits {
  readonly bodyBytes: number;
  readonly headerBytes: number;
  readonly connections: number;
  /** Requests that are worked on at once. Core: -rpcworkqueue. */
  readonly requests: number;
  readonly headerMs: number;
  /** For all of a request to come in. */
  readonly requestMs: number;
  /** A connection on which nothing happens. */
  readonly idleMs: number;
}

const defaultLimits: HttpLimits = {
  bodyBytes: 16 * 2 ** 20,
  headerBytes: 16 * 2 ** 10,
  connections: 128,
  requests: 64,
  headerMs: 10_000,
  requestMs: 60_000,
  idleMs: 30_000,
};

export interface HttpServer {
  readonly port: number;
  /** Hears no more, and ends once all that was asked is answered, or after so many milliseconds. */
  readonly close: (patienceMs: number) => Promise<void>;
}

/** Begins to listen. */
export async function listen(settings: HttpSettings): Promise<HttpServer> {
  const desk = new Desk(settings);
  const { limits } = desk;
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headerMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.idleMs,
      connectionsCheckingInterval: Math.min(limits.headerMs, 1_000),
    },
    (request, response) => void desk.serve(request, response),
  );
  server.maxConnections = limits.connections;
  const port = await bind(server, settings.port);
  desk.port = port;
  return { port, close: (patienceMs) => close(server, patienceMs) };
}

async function bind(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenFault(port, cause)));
    server.listen(port, '127.0.0.1', () => resolve());
  });
  const { port: bound } = server.address() as AddressInfo;
  return bound;
}

function listenFault(port: number, cause: Error): Fault {
  const isTaken = 'code' in cause && cause.code === 'EADDRINUSE';
  return isTaken
    ? new Fault('port-taken', `another program has port ${port}: choose another --http-port`, cause)
    : new Fault('listen', `cannot listen on port ${port}: ${cause.message}`, cause);
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

/** A request that is refused, and what it hears. */
class Refusal extends Error {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;

  constructor(status: number, message: string, headers: OutgoingHttpHeaders = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** Answers requests one by one. */
class Desk {
  readonly limits: HttpLimits;
  /** Known once it listens, and so before anybody asks. */
  port = 0;
  readonly #settings: HttpSettings;
  #requests = 0;

  constructor(settings: HttpSettings) {
    this.#settings = settings;
    this.limits = { ...defaultLimits, ...settings.limits };
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Who hangs up in the middle is no concern of ours; without this it would end the program.
    request.on('error', () => {});
    response.on('error', () => {});
    this.#requests++;
    try {
      const { status, body } = await this.#answer(request, whileThere(response));
      send(response, status, body, { 'Content-Type': 'application/json' });
    } catch (error) {
      const { status, message, headers } =
        error instanceof Refusal ? error : new Refusal(500, 'Internal error');
      // What may still be coming is not read.
      send(response, status, message, { ...headers, Connection: 'close' });
    } finally {
      this.#requests--;
    }
  }

  async #answer(request: IncomingMessage, signal: AbortSignal): Promise<Reply> {
    const { method, url } = request;
    this.#demandOwnHost(request);
    if (url === '/health' && (method === 'GET' || method === 'HEAD')) {
      return { status: 200, body: `${JSON.stringify(this.#settings.health())}\n` };
    }
    if (url !== '/' && url !== '/door') throw new Refusal(404, 'There is nothing here');
    if (method !== 'POST') {
      throw new Refusal(405, 'JSONRPC server handles only POST requests', { Allow: 'POST' });
    }
    this.#demandNoForeignPage(request);
    this.#demandCookie(request);
    if (this.#requests > this.limits.requests) throw new Refusal(503, 'Work queue depth exceeded');
    const body = await readBody(request, this.limits.bodyBytes);
    return await (url === '/' ? this.#settings.answer(body) : this.#settings.door(body, signal));
  }

  /** A page whose name leads to this machine sends its own name: DNS rebinding ends here. */
  #demandOwnHost({ headers: { host = '' } }: IncomingMessage): void {
    const names = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${this.port}`);
    if (!names.includes(host.toLowerCase())) {
      throw new Refusal(403, `The Host must be one of ${names.join(', ')}`);
    }
  }

  #demandNoForeignPage({ headers }: IncomingMessage): void {
    const { host = '', origin } = headers;
    const isForeign = origin !== undefined && origin !== `http://${host}`;
    if (isForeign || headers['sec-fetch-site'] === 'cross-site') {
      throw new Refusal(403, 'A page of another origin may not ask');
    }
  }

  #demandCookie({ headers: { authorization = '' } }: IncomingMessage): void {
    const [, encoded] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization) ?? [];
    const given = Buffer.from(encoded ?? '', 'base64').toString();
    if (encoded !== undefined && isSecret(given, this.#settings.credentials)) return;
    throw new Refusal(401, '', { 'WWW-Authenticate': 'Basic realm="jsonrpc"' });
  }
}

/** Aborted once nobody waits for this answer any more. */
function whileThere(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  return gone.signal;
}

/** All of the body, where it is not too long. */
async function readBody(request: IncomingMessage, mostBytes: number): Promise<string> {
  const tooLong = new Refusal(413, `A request has at most ${mostBytes} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) throw tooLong;
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > mostBytes) throw tooLong;
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function send(
  response: ServerResponse,
  status: number,
  body: string | undefined,
  headers: OutgoingHttpHeaders,
): void {
  if (response.destroyed) return;
  const own = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };
  if (body === undefined) response.writeHead(status, own).end();
  else response.writeHead(status, { ...own, ...headers }).end(body);
}
