/**
 * WebSockets whose listener does not wait for ever. That of libp2p neither counts nor closes who
 * connects and says nothing: strangers could hold all the files that a process may open, and one of
 * them keeps a node from stopping.
 */
import { webSockets } from '@libp2p/websockets';
import type { Timers } from './boundary.ts';
import { maxSockets } from './limits.ts';

/** Who has not said a word after so long will not. */
const silenceMs = 10_000;

/** What is needed of Node's own server and sockets. */
interface Server {
  maxConnections: number;
  on(event: 'connection', hear: (socket: Socket) => void): unknown;
}
interface Socket {
  readonly bytesRead: number;
  destroy(): unknown;
  once(event: 'close', hear: () => void): unknown;
}

export function boundedWebSockets(timers: Timers): ReturnType<typeof webSockets> {
  const make = webSockets();
  return (components) => {
    const transport = make(components);
    const createListener = transport.createListener.bind(transport);
    transport.createListener = (options) => {
      const listener = createListener(options);
      const hangUp = boundSockets(serverOf(listener), timers);
      const close = listener.close.bind(listener);
      listener.close = () => {
        hangUp();
        return close();
      };
      return listener;
    };
    return transport;
  };
}

/** The types hide it, for other listeners have none. */
function serverOf(listener: object): Server {
  const server: unknown = 'server' in listener ? listener.server : undefined;
  if (!isServer(server)) throw new TypeError('the listener of WebSockets has no server');
  return server;
}

function isServer(value: unknown): value is Server {
  return typeof value === 'object' && value !== null && 'listen' in value && 'on' in value;
}

/** Answers how to end all of them. */
function boundSockets(server: Server, timers: Timers): () => void {
  const sockets = new Set<Socket>();
  server.maxConnections = maxSockets;
  server.on('connection', (socket) => {
    sockets.add(socket);
    const callOff = timers.after(silenceMs, () => {
      if (socket.bytesRead === 0) socket.destroy();
    });
    socket.once('close', () => {
      callOff();
      sockets.delete(socket);
    });
  });
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}
