/** A node in memory that is asked by JSON-RPC, without a wire between. */
import { callsTo } from '../src/rpc/methods.ts';
import { answer, type Call, type Reply } from '../src/rpc/protocol.ts';
import { type Ground, type Grove, noon, plant } from './grove.ts';

/** A grove, and how it is asked. */
export interface Asked {
  readonly grove: Grove;
  /** The bodies that were sent to stop it. */
  readonly stops: { count: number };
  /** All methods, as the node has them. */
  readonly run: Call;
  /** A whole body, as HTTP carries it. */
  readonly post: (body: string) => Promise<Reply>;
  /** One call; its result, or an error as `-8: Block height out of range`. */
  readonly call: (method: string, ...params: readonly unknown[]) => Promise<unknown>;
  /** One call; the text of its result, in which amounts still have all their places. */
  readonly text: (method: string, ...params: readonly unknown[]) => Promise<string>;
}

export async function plantAsked(ground: Ground = {}): Promise<Asked> {
  const grove = await plant(ground);
  const stops = { count: 0 };
  const calls = callsTo({
    node: grove.node,
    submitBlock: (block) => grove.node.submitBlock(block),
    submitPayment: (transaction) => grove.node.submitPayment(transaction),
    mine: (script) => grove.node.mine(script),
    now: () => noon,
    uptime: () => 7.5,
    version: '1.2.3',
    diskBytes: () => 4_096,
    stop: () => stops.count++,
  });
  const post = (body: string) => answer(body, calls);
  const text = async (method: string, ...params: readonly unknown[]) => {
    const { body = '' } = await post(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
    return body;
  };
  const call = async (method: string, ...params: readonly unknown[]) => {
    const { result, error } = JSON.parse(await text(method, ...params));
    return error ? `${error.code}: ${error.message}` : result;
  };
  return { grove, stops, run: calls, post, call, text };
}
