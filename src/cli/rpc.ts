/** `chain rpc` and `chain stop`: talk to the node that runs here. */
import { request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { Fault } from '../primitives/fault.ts';
import { Exact, isFields, parseJson, printJson, type Value, writeJson } from '../rpc/exact.ts';
import type { Desk } from './desk.ts';
import { findNode, isAlive, type RunningNode, readCookie } from './nodefile.ts';

export async function rpc(desk: Desk, method: string, words: readonly string[]): Promise<void> {
  const result = await call(desk, demandNode(desk), method, words.map(parameter));
  const isPlain = typeof result === 'string' && !desk.options.json;
  desk.print(isPlain ? result : printJson(result));
}

/** How long a node may take to end; it needs two seconds at most. */
const patienceMs = 10_000;

export async function stop(desk: Desk): Promise<void> {
  const node = demandNode(desk);
  await call(desk, node, 'stop', []);
  const deadline = Date.now() + patienceMs;
  while (isAlive(node.pid)) {
    if (Date.now() > deadline) {
      throw new Fault('not-stopped', `process ${node.pid} was asked to stop and still runs`);
    }
    await wait(50);
  }
  desk.answer(`The node ended (process ${node.pid}).`, { stopped: node.pid });
}

function demandNode({ folder }: Desk): RunningNode {
  return findNode(folder) ?? noNode(folder);
}

function noNode(folder: string, cause?: unknown): never {
  throw new Fault('no-node', `no node runs on ${folder}: chain startnode starts one`, cause);
}

/** JSON where it can be read so; but a hash is text, even if all its digits are below ten. */
function parameter(word: string): Value {
  if (/^[0-9a-f]{64}$/i.test(word)) return word;
  try {
    return parseJson(word);
  } catch {
    return word;
  }
}

async function call(
  { folder }: Desk,
  node: RunningNode,
  method: string,
  params: readonly Value[],
): Promise<Value> {
  const body = writeJson({ jsonrpc: '2.0', id: 1, method, params });
  const { status, text } = await post(node, readCookie(folder), body).catch((error: unknown) => {
    const isGone = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
    if (isGone) return noNode(folder, error);
    throw new Fault('node-silent', `the node at ${node.http} does not answer: ${error}`, error);
  });
  const answer = status === 200 ? parseJson(text) : undefined;
  if (!isFields(answer)) {
    throw new Fault('node-refused', `the node at ${node.http} answered HTTP ${status}: ${text}`);
  }
  const { error, result = null } = answer;
  if (!isFields(error)) return result;
  const code = error['code'] instanceof Exact ? error['code'].digits : '';
  throw new Fault('rpc-error', `${error['message']} (code ${code})`);
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function post({ http }: RunningNode, credentials: string, body: string): Promise<Answer> {
  const options = {
    method: 'POST',
    auth: credentials,
    headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) },
  };
  return new Promise((resolve, reject) => {
    const sent = request(http, options, (response) => {
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
