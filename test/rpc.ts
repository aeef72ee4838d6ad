/** A node in memory that is asked by JSON-RPC, without a wire between. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { BanList } from '../src/cli/banlist.ts';
import { Log } from '../src/cli/log.ts';
import type { Context } from '../src/rpc/method.ts';
import { callsTo } from '../src/rpc/methods.ts';
import type { Peering } from '../src/rpc/peering.ts';
import { answer, type Call, type Reply } from '../src/rpc/protocol.ts';
import { type Ground, type Grove, noon, plant } from './grove.ts';
import { NoPeers } from './nopeers.ts';

/** A clock that goes only when a test says so. */
class Clock {
  readonly #waiting = new Map<object, { left: number; readonly end: () => void }>();
  readonly #watchers = new Set<() => void>();

  wait(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const key = {};
    const end = () => {
      this.#waiting.delete(key);
      resolve();
    };
    this.#waiting.set(key, { left: ms, end });
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    for (const watch of [...this.#watchers]) watch();
    return promise;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Until somebody waits. */
  async watched(): Promise<void> {
    if (this.waiting > 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#watchers.add(resolve);
    await promise;
    this.#watchers.delete(resolve);
  }

  pass(ms: number): void {
    for (const waiter of [...this.#waiting.values()]) {
      waiter.left -= ms;
      if (waiter.left <= 0) waiter.end();
    }
  }
}

/** A grove, and how it is asked. */
export interface Asked {
  readonly grove: Grove;
  readonly peering: Peering;
  /** The bodies that were sent to stop it. */
  readonly stops: { count: number };
  readonly calls: Call;
  /** Aborted where a test says that the node stops. */
  readonly stopping: AbortController;
  readonly warnings: readonly string[];
  readonly clock: Clock;
  /** A whole body, as HTTP carries it, from somebody who may go away. */
  readonly post: (body: string, signal?: AbortSignal) => Promise<Reply>;
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
  const stopping = new AbortController();
  const warnings: string[] = [];
  const clock = new Clock();
  const calls = callsTo({
    node: grove.node,
    submitBlock: (block) => grove.node.submitBlock(block),
    submitPayment: (transaction) => grove.node.submitPayment(transaction),
    mine: (script, signal) => grove.node.mine(script, signal),
    mineThese: (script, payments, signal) => grove.node.mineThese(script, payments, signal),
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
    stopping: stopping.signal,
    wait: (ms, signal) => clock.wait(ms, signal),
    pause: () => new Promise((resolve) => setImmediate(resolve)),
    warn: (problem) => warnings.push(problem),
    ...parts,
  });
  const post = (body: string, signal?: AbortSignal) =>
    answer(body, calls, signal ? { signal } : {});
  const text = async (method: string, ...params: readonly unknown[]) => {
    const { body = '' } = await post(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
    return body;
  };
  const call = async (method: string, ...params: readonly unknown[]) => {
    const { result, error } = JSON.parse(await text(method, ...params));
    return error ? `${error.code}: ${error.message}` : result;
  };
  return { grove, peering, stops, stopping, warnings, clock, calls, post, call, text };
}
