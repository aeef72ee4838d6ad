/** Asking the node that runs here: one request by HTTP, with the cookie. */
import { request } from 'node:http';
import { Fault } from '../primitives/fault.ts';
import { type RunningNode, readCookie } from './nodefile.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** What is posted, and where to. */
export interface Letter {
  readonly path: string;
  readonly body: string;
  /** Hangs up. */
  readonly signal?: AbortSignal | undefined;
}

/** Posts this to the node of this folder; throws a `Fault` where it does not answer. */
export async function post(folder: string, node: RunningNode, letter: Letter): Promise<Answer> {
  const credentials = readCookie(folder);
  try {
    return await send(node, credentials, letter);
  } catch (error) {
    letter.signal?.throwIfAborted();
    const isGone = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
    if (isGone) throw noNode(folder, error);
    const problem = `the node at ${node.http} does not answer: ${error}`;
    const remedy = 'chain status and chain mempool tell whether it did what was asked';
    throw new Fault('node-silent', `${problem}; ${remedy}`, error);
  }
}

export function noNode(folder: string, cause?: unknown): Fault {
  return new Fault('no-node', `no node runs on ${folder}: chain startnode starts one`, cause);
}

/** What a node hears as no answer: the reply is no part of the conversation. */
export function nodeRefused({ http }: RunningNode, { status, text }: Answer): Fault {
  return new Fault('node-refused', `the node at ${http} answered HTTP ${status}: ${text}`);
}

function send({ http }: RunningNode, credentials: string, letter: Letter): Promise<Answer> {
  const { path, body, signal } = letter;
  const options = {
    method: 'POST',
    auth: credentials,
    headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) },
    ...(signal ? { signal } : {}),
  };
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, http), options, (response) => {
      const parts: Uint8Array[] = [];
      response.on('data', (part: Uint8Array) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
