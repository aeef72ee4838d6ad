/** Web sockets: the clients of the hub as they are connected to this machine. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { Client, Hub } from './hub.ts';
import { Refusal } from './refusal.ts';

export interface WebSocketLimits {
  /** Of what a client sends. */
  readonly messageBytes: number;
  /** Who has not answered a ping when the next one is due is gone. */
  readonly pingMs: number;
  /** How long a client may take to hang up in turn. */
  readonly closeMs: number;
}

const defaultLimits: WebSocketLimits = {
  messageBytes: 64 * 2 ** 10,
  pingMs: 30_000,
  closeMs: 1_000,
};

const goingAway = 1001;
const textOnly = 1003;

export class WebSockets {
  readonly #hub: Hub;
  readonly #server: WebSocketServer;
  readonly #pings: NodeJS.Timeout;
  /** Who has answered the last ping. */
  readonly #alive = new Set<WebSocket>();
  #isClosed = false;

  constructor(hub: Hub, limits: Partial<WebSocketLimits> = {}) {
    const { messageBytes, pingMs, closeMs } = { ...defaultLimits, ...limits };
    this.#hub = hub;
    // Its types do not know all of these.
    const options = { noServer: true, maxPayload: messageBytes, closeTimeout: closeMs };
    this.#server = new WebSocketServer(options);
    this.#pings = setInterval(() => this.#ping(), pingMs).unref();
  }

  /** Takes over a connection that asked for it. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#isClosed) throw new Refusal(503, 'The node stops');
    if (this.#hub.isFull) throw new Refusal(503, 'There are as many clients as there may be');
    this.#server.handleUpgrade(request, socket, head, (web) => this.#welcome(web));
  }

  /** Hangs up on all of them, and takes no more. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#pings);
    for (const web of this.#server.clients) web.close(goingAway, 'the node stops');
  }

  #welcome(web: WebSocket): void {
    const client = new WebClient(web);
    this.#alive.add(web);
    this.#hub.register(client);
    web.on('pong', () => this.#alive.add(web));
    web.on('message', (message, isBinary) => {
      if (isBinary) client.drop(textOnly, 'text only');
      else this.#hub.hear(client, String(message));
    });
    // What breaks the protocol closes the connection, and that is told below.
    web.on('error', () => {});
    web.on('close', () => {
      this.#alive.delete(web);
      this.#hub.unregister(client);
    });
  }

  #ping(): void {
    for (const web of this.#server.clients) {
      if (!this.#alive.delete(web)) web.terminate();
      else web.ping();
    }
  }
}

/** One of them. */
class WebClient implements Client {
  readonly #web: WebSocket;
  #messages = 0;

  constructor(web: WebSocket) {
    this.#web = web;
  }

  get waiting() {
    const bytes = this.#web.bufferedAmount;
    // What went out at once is only told later that it did.
    return { messages: bytes === 0 ? 0 : this.#messages, bytes };
  }

  send(message: Uint8Array): void {
    if (this.#web.readyState !== WebSocket.OPEN) return;
    this.#messages++;
    this.#web.send(message, { binary: false }, () => this.#messages--);
  }

  drop(code: number, reason: string): void {
    this.#web.close(code, reason);
  }
}
