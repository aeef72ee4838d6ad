/**
 * The metrics of a node, at `GET /metrics`. Labels are bounded: a method that does not exist is
 * counted as `unknown`, or a stranger could make up names until the memory is full.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Node } from '../node/node.ts';
import { difficultyOf } from '../rpc/corejson.ts';
import { codes, Failure } from '../rpc/failure.ts';
import type { Call } from '../rpc/protocol.ts';
import type { Connections } from './connections.ts';
import type { Hub } from './hub.ts';
import { counter, gauge, Histogram, type Metric, metricsType, writeMetrics } from './metrics.ts';
import type { Route } from './route.ts';

/** What is measured. */
export interface Measured {
  readonly node: Node;
  readonly connections: Connections;
  readonly hub: Hub;
  readonly peers: () => number;
  /** How many nonces a second are tried just now, and how many were so far. */
  readonly hashRate: () => number;
  readonly hashes: () => number;
}

/** How often the event loop is looked at; each look is measured from the one before. */
const resolutionMs = 10;

/** For how long the delays of the event loop are remembered. */
const memoryMs = 60_000;

/** In seconds: from a block of one payment to one that is full. */
const blockBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

type Outcome = 'done' | 'refused' | 'failed';

export class NodeMetrics {
  readonly #blocks = new Histogram(blockBounds);
  readonly #calls = new Map<string, { method: string; outcome: Outcome; count: number }>();
  readonly #loop = monitorEventLoopDelay({ resolution: resolutionMs });
  readonly #forget: NodeJS.Timeout;
  /** When a block came that the tip may move to. */
  #since: number | undefined;

  constructor() {
    this.#loop.enable();
    this.#forget = setInterval(() => this.#loop.reset(), memoryMs);
  }

  stop(): void {
    clearInterval(this.#forget);
    this.#loop.disable();
  }

  /** The same, but each call is counted. */
  counting(call: Call): Call {
    return async (...asked) => {
      const [method] = asked;
      try {
        const result = await call(...asked);
        this.#count(method, 'done');
        return result;
      } catch (error) {
        const isRefused = error instanceof Failure;
        const isUnknown = isRefused && error.code === codes.methodNotFound;
        this.#count(isUnknown ? 'unknown' : method, isRefused ? 'refused' : 'failed');
        throw error;
      }
    };
  }

  /** A block is there, found or handed in: from now on its time counts. */
  blockCame(): void {
    this.#since = performance.now();
  }

  /** The tip moved to it. */
  blockJoined(): void {
    if (this.#since !== undefined) this.#blocks.observe((performance.now() - this.#since) / 1_000);
    this.#since = undefined;
  }

  route(measured: () => Measured): Route {
    return {
      method: 'GET',
      path: '/metrics',
      admits: 'no foreign page',
      answer: () => {
        const headers = { 'Content-Type': metricsType };
        return { status: 200, body: writeMetrics(this.#all(measured())), headers };
      },
    };
  }

  #count(method: string, outcome: Outcome): void {
    const key = `${method} ${outcome}`;
    const counted = this.#calls.get(key) ?? { method, outcome, count: 0 };
    counted.count++;
    this.#calls.set(key, counted);
  }

  #all(measured: Measured): readonly Metric[] {
    return [
      ...chainMetrics(measured.node),
      ...httpMetrics(measured),
      gauge('chain_peers', 'Peers that are connected.', measured.peers()),
      gauge('chain_hashrate', 'Nonces that are tried here a second.', measured.hashRate()),
      counter('chain_hashes_total', 'Nonces that were tried here.', measured.hashes()),
      ...this.#ownMetrics(),
      ...processMetrics(),
    ];
  }

  #ownMetrics(): readonly Metric[] {
    const calls = [...this.#calls.values()].map(({ method, outcome, count }) => {
      return { labels: { method, outcome }, value: count };
    });
    const loop = this.#loop;
    const delays: readonly (readonly [string, number])[] = [
      ['0.5', loop.percentile(50)],
      ['0.99', loop.percentile(99)],
      ['1', loop.max],
    ];
    const told = delays.map(([quantile, nanoseconds]) => {
      return { labels: { quantile }, value: Math.max(0, nanoseconds / 1e9 - resolutionMs / 1e3) };
    });
    return [
      {
        name: 'chain_block_seconds',
        help: 'From the arrival of a block until the tip moved.',
        type: 'histogram',
        samples: this.#blocks.samples,
      },
      {
        name: 'chain_rpc_calls_total',
        help: 'Calls of methods, by what became of them.',
        type: 'counter',
        samples: calls,
      },
      {
        name: 'chain_event_loop_seconds',
        help: 'How late the event loop ran in the last minute; the quantile 1 is the worst.',
        type: 'gauge',
        samples: told,
      },
    ];
  }
}

function chainMetrics({ chain: { tip }, mempool }: Node): readonly Metric[] {
  return [
    gauge('chain_height', 'The height of the tip.', tip.height),
    gauge('chain_work', 'Expected hashes of all blocks up to the tip.', Number(tip.work)),
    gauge('chain_difficulty', 'The difficulty of the tip.', difficultyOf(tip.header.bits)),
    gauge('chain_tip_time_seconds', 'The time of the tip, since 1970.', tip.header.time),
    gauge('chain_mempool_payments', 'Payments that wait.', mempool.size),
    gauge('chain_mempool_bytes', 'Their virtual bytes.', mempool.bytes),
    gauge('chain_mempool_usage_bytes', 'What they take of the memory.', mempool.usage),
    gauge('chain_mempool_max_bytes', 'What they may take of it.', mempool.maxBytes),
  ];
}

function httpMetrics({ connections, hub }: Measured): readonly Metric[] {
  const { received, sent } = connections.bytes;
  return [
    gauge('chain_http_connections', 'Connections over HTTP, events among them.', connections.size),
    gauge('chain_event_clients', 'Clients that may hear of events.', hub.size),
    counter('chain_http_received_bytes_total', 'Bytes that came over HTTP.', received),
    counter('chain_http_sent_bytes_total', 'Bytes that went out over HTTP.', sent),
  ];
}

function processMetrics(): readonly Metric[] {
  const { rss, heapUsed, external } = process.memoryUsage();
  return [
    gauge('process_resident_memory_bytes', 'Memory of the process.', rss),
    gauge('chain_heap_used_bytes', 'Memory of JavaScript.', heapUsed),
    gauge('chain_external_memory_bytes', 'Memory beside it that belongs to it.', external),
    gauge('chain_uptime_seconds', 'How long the program runs.', process.uptime()),
  ];
}
