/** Doors for tests: to a grove, as commands have it, and to any door through a real server. */
import { HttpDoor } from '../src/cli/httpdoor.ts';
import { type HttpServer, listen } from '../src/cli/httpserver.ts';
import { writeNodeFiles } from '../src/cli/nodefile.ts';
import { readVersion } from '../src/cli/version.ts';
import type { Door } from '../src/node/door.ts';
import { type DoorParts, LocalDoor } from '../src/node/localdoor.ts';
import { answerCall } from '../src/rpc/doorcalls.ts';
import { type Grove, noon, verifyInline } from './grove.ts';
import { newFolder } from './terminal.ts';

export function doorTo({ node }: Grove, parts: Partial<DoorParts> = {}): LocalDoor {
  return new LocalDoor({
    node,
    submitBlock: (block) => node.submitBlock(block),
    submitPayment: (transaction) => node.submitPayment(transaction),
    mine: (script, signal) => node.mine(script, signal),
    now: () => noon,
    verifyAll: verifyInline,
    checkFiles: async () => {},
    engine: async () => 'noble',
    ...parts,
  });
}

/** A door through a server, and where it is found. */
export interface Served {
  readonly http: HttpDoor;
  readonly server: HttpServer;
  readonly folder: string;
}

/** Serves a door as a node of this version does. */
export async function serveDoor(door: Door, version = readVersion()): Promise<Served> {
  const cookie = '__cookie__:secret';
  const server = await listen({
    port: 0,
    keys: { cookie },
    routes: [
      {
        method: 'POST',
        path: '/door',
        admits: 'owner',
        answer: ({ body, signal }) => answerCall(body, { door, version }, signal),
      },
    ],
    complain: (error) => {
      throw error;
    },
  });
  const folder = newFolder();
  const http = `http://127.0.0.1:${server.port}`;
  const node = { pid: process.pid, started: new Date(0).toISOString(), http };
  writeNodeFiles(folder, node, cookie);
  return { http: new HttpDoor(folder, node), server, folder };
}

/** The answer, or what was thrown. */
export function outcome(answer: Promise<unknown>): Promise<unknown> {
  return answer.catch((error: unknown) => ({ thrown: String(error), of: Object(error).code }));
}
