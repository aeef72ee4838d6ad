/** A node in memory that is asked by JSON-RPC, without a wire between. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { BanList } from '../src/cli/banlist.ts';
import { Log } from '../src/cli/log.ts';
import { NoPeers } from '../src/cli/nopeers.ts';
import type { Context } from '../src/rpc/method.ts';
import { callsTo } from '../src/rpc/methods.ts';
import type { Peering } from '../src/rpc/peering.ts';
import { answer, type Call, type Reply } from '../src/rpc/protocol.ts';
import { type Ground, type Grove, noon, plant } from './grove.ts';

/** A grove, and how it is asked. */
export interface Asked {
  readonly grove: Grove;
  readonly peering: Peering;
  /** The bodies that were sent to stop it. */
  readonly stops: { count: number };
  readonly calls: Call;
  /** A whole body, as HTTP carries it. */
  readonly post: (body: string) => Promise<Reply>;
  /** One call; its result, or an error as `-8: Block height out of range`. */
  readonly call: (method: string, ...params: readonly unknown[]) => Promise<unknown>;
  /** One call; the text of its result, in which amounts still have all their places. */
  readonly text: (method: string, ...params: readonly unknown[]) => Promise<string>;
}

/** A folder that is gone after the tests. */
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'asked-'));
  afterAll(() => rmSync(made, { recursive: true }));
  return made;
}

/** @param parts What is other than usual around the node. */
export async function plantAsked(
  ground: Ground = {},
  parts: Partial<Context> = {},
): Promise<Asked> {
  const grove = await plant(ground);
  const peering = new NoPeers(new BanList(join(folder(), 'banlist.json'), () => grove.clock));
  const stops = { count: 0 };
  const calls = callsTo({
    node: grove.node,
    submitBlock: (block) => grove.node.submitBlock(block),
    submitPayment: (transaction) => grove.node.submitPayment(transaction),
    mine: (script) => grove.node.mine(script),
    peering,
    now: () => grove.clock,
    setTime: (time) => {
      grove.clock = time === 0 ? noon : time;
    },
    logging: new Log({ network: 'regtest' }),
    uptime: () => 7.5,
    version: '1.2.3',
    diskBytes: () => 4_096,
    stop: () => stops.count++,
    ...parts,
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
  return { grove, peering, stops, calls, post, call, text };
}
