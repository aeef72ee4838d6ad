/** A station: a hub of events on a server of its own, and clients that hear it. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterEach } from 'vitest';
import { WebSocket } from 'ws';
import { Hub, type HubSettings } from '../src/cli/hub.ts';
import { type WebSocketLimits, WebSockets } from '../src/cli/websocket.ts';
import { regtest } from '../src/consensus/params.ts';
import { type Served, serve } from './caller.ts';

export interface Station extends Served {
  readonly hub: Hub;
  readonly web: WebSockets;
}

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

export async function serveHub(
  limits: HubSettings['limits'] & Partial<WebSocketLimits> = {},
  clock = () => 0,
): Promise<Station> {
  const hub = new Hub({ prefix: regtest.prefix, clock, limits });
  const web = new WebSockets(hub, limits);
  closers.push(() => web.close());
  const upgrades = new Map([['/ws', web.upgrade.bind(web)]]);
  return { ...(await serve({ upgrades })), hub, web };
}

/** A client that reads; `next` is the next message, as JSON. */
export async function join({ port }: Station, ...wishes: readonly unknown[]) {
  const web = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  closers.push(() => web.terminate());
  const messages: string[] = [];
  let wake = () => {};
  web.on('message', (message) => {
    messages.push(String(message));
    wake();
  });
  const next = async () => {
    while (messages.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return JSON.parse(messages.shift() ?? '');
  };
  const say = (text: string) => {
    web.send(text);
    return next();
  };
  await once(web, 'open');
  for (const subscribe of wishes) await say(JSON.stringify({ subscribe }));
  const closed = once(web, 'close').then(([code]) => code);
  return { web, next, say, closed };
}

/** The first bytes of a web socket. */
export function handshake(port: number, more: readonly string[] = [], path = '/ws'): string {
  const key = randomBytes(16).toString('base64');
  const headers = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'];
  const host = more.some((line) => line.startsWith('Host:')) ? [] : [`Host: 127.0.0.1:${port}`];
  const lines = [...host, ...headers, `Sec-WebSocket-Key: ${key}`, ...more];
  return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}
