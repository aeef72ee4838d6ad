/** A caller: an HTTP server on any port, and who asks it, by the rules or by its own. */
import { type OutgoingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import { type HttpServer, type HttpSettings, listen } from '../src/cli/httpserver.ts';
import type { Route } from '../src/cli/route.ts';

const cookie = '__cookie__:secret';

export const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

/** What the owner says of himself. */
export const authorization = basic(cookie);

const servers: HttpServer[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) await server.close(0);
});

/** One for the owner, which answers each body with its length, and one for everybody. */
const someRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/',
    admits: 'owner',
    answer: ({ body }) => {
      if (body === 'break') throw new Error('a bug');
      return body === ''
        ? { status: 204, body: undefined }
        : { status: 200, body: `${body.length}` };
    },
  },
  {
    method: 'GET',
    path: '/health',
    admits: 'anybody',
    answer: () => ({ status: 200, body: '{"status":"ok"}\n' }),
  },
];

export interface Served extends HttpServer {
  /** What went wrong in it. */
  readonly complaints: readonly unknown[];
}

/** A server that is closed when the test is over. */
export async function serve(settings: Partial<HttpSettings> = {}): Promise<Served> {
  const complaints: unknown[] = [];
  const server = await listen({
    port: 0,
    routes: someRoutes,
    complain: (error) => complaints.push(error),
    ...settings,
    keys: { cookie, ...settings.keys },
    limits: { guessMs: 0, ...settings.limits },
  });
  servers.push(server);
  return { ...server, complaints };
}

interface Sent {
  readonly path?: string;
  readonly method?: string;
  readonly body?: string | Uint8Array;
  readonly headers?: OutgoingHttpHeaders;
}

/** Asks once, on a connection of its own, with the cookie unless it says otherwise. */
export function ask({ port }: Pick<HttpServer, 'port'>, sent: Sent = {}) {
  const { path = '/', method = 'POST', body = 'x', headers = {} } = sent;
  return new Promise<{ status: number; says: string; told: NodeJS.Dict<string | string[]> }>(
    (resolve, reject) => {
      const asked = request(
        {
          host: '127.0.0.1',
          port,
          path,
          method,
          agent: false,
          headers: { authorization, ...headers },
        },
        (response) => {
          let says = '';
          response.on('data', (part) => {
            says += part;
          });
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, says, told: response.headers });
          });
        },
      );
      asked.on('error', reject);
      asked.end(body);
    },
  );
}

/** Asks for what everybody may have. */
export function get(server: Pick<HttpServer, 'port'>, path: string, headers = {}) {
  return ask(server, { path, method: 'GET', body: '', headers: { authorization: '', ...headers } });
}

/** A connection on which these bytes are sent as they are; it is closed when the test is over. */
export function open({ port }: Pick<HttpServer, 'port'>, text = ''): Socket {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  if (text !== '') socket.write(text);
  return socket;
}

/** Sends these bytes, and answers all that comes back until the other side hangs up. */
export async function raw(server: Pick<HttpServer, 'port'>, text: string): Promise<string> {
  const socket = open(server, text);
  let said = '';
  socket.on('data', (part) => {
    said += part;
  });
  await new Promise((resolve) => socket.on('close', resolve));
  return said;
}
