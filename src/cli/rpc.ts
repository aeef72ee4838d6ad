/** `chain rpc` and `chain stop`: talk to the node that runs here. */
import { setTimeout as wait } from 'node:timers/promises';
import { Fault } from '../primitives/fault.ts';
import { Exact, isFields, parseJson, printJson, type Value, writeJson } from '../rpc/exact.ts';
import type { Desk } from './desk.ts';
import { findNode, isAlive, type RunningNode } from './nodefile.ts';
import { nodeRefused, noNode, post } from './post.ts';

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

/** The node that runs here; throws where there is none. */
export function demandNode({ folder }: Pick<Desk, 'folder'>): RunningNode {
  const node = findNode(folder);
  if (node) return node;
  throw noNode(folder);
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

export async function call(
  { folder }: Pick<Desk, 'folder'>,
  node: RunningNode,
  method: string,
  params: readonly Value[],
): Promise<Value> {
  const body = writeJson({ jsonrpc: '2.0', id: 1, method, params });
  const answer = await post(folder, node, { path: '/', body });
  const told = answer.status === 200 ? parseJson(answer.text) : undefined;
  if (!isFields(told)) throw nodeRefused(node, answer);
  const { error, result = null } = told;
  if (!isFields(error)) return result;
  const code = error['code'] instanceof Exact ? error['code'].digits : '';
  throw new Fault('rpc-error', `${error['message']} (code ${code})`);
}
