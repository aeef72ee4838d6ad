/** Metrics: text that Prometheus can read, and numbers that are true. */
import { afterEach, expect, test } from 'vitest';
import { Hub } from '../src/cli/hub.ts';
import { gauge, Histogram, type Metric, writeMetrics } from '../src/cli/metrics.ts';
import { NodeMetrics } from '../src/cli/nodemetrics.ts';
import { get, serve } from './caller.ts';
import { plantAsked } from './rpc.ts';

interface Family {
  readonly type: string;
  readonly samples: Map<string, number>;
}

const name = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const pair = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const sampleLine = new RegExp(`^(${name})(\\{${pair}(?:,${pair})*\\})? (\\S+)$`);

function numberOf(text: string): number {
  const words = new Map([
    ['+Inf', Infinity],
    ['-Inf', -Infinity],
    ['NaN', NaN],
  ]);
  const number = words.get(text) ?? (text === '' ? undefined : Number(text));
  if (number === undefined || (Number.isNaN(number) && text !== 'NaN')) throw new Error(text);
  return number;
}

/** Reads text format 0.0.4: nothing but what its specification allows, in its order. */
function parse(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has an end');
  const families = new Map<string, Family>();
  let current = '';
  let helped = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, named = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === 'HELP') {
      if (families.has(named)) throw new Error(`${named} comes twice`);
      helped = named;
    } else if (kind === 'TYPE') {
      if (named !== helped) throw new Error(`${named} is not told of`);
      if (!['counter', 'gauge', 'histogram'].includes(rest)) throw new Error(rest);
      current = named;
      families.set(current, { type: rest, samples: new Map() });
    } else {
      const [, full = '', labels = '', value = ''] = sampleLine.exec(line) ?? [];
      const { type = '', samples = new Map() } = families.get(current) ?? {};
      const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
      if (!suffixes.includes(full.slice(current.length))) throw new Error(`a line: ${line}`);
      if (!full.startsWith(current) || samples.has(full + labels)) throw new Error(line);
      samples.set(full + labels, numberOf(value));
    }
  }
  return families;
}

/** Buckets only grow, and the last of them is all. */
function checkHistogram(named: string, { samples }: Family): void {
  const buckets = [...samples].filter(([key]) => key.startsWith(`${named}_bucket`));
  const counts = buckets.map(([, count]) => count);
  expect(counts).toEqual(counts.toSorted((one, other) => one - other));
  expect(buckets.at(-1)).toEqual([`${named}_bucket{le="+Inf"}`, samples.get(`${named}_count`)]);
  expect(samples.has(`${named}_sum`)).toBe(true);
}

const measuring: NodeMetrics[] = [];
afterEach(() => {
  for (const metrics of measuring.splice(0)) metrics.stop();
});

async function serveMetrics() {
  const asked = await plantAsked();
  const { node } = asked.grove;
  const metrics = new NodeMetrics();
  measuring.push(metrics);
  node.events.listen(({ kind }) => {
    if (kind === 'block') metrics.blockJoined();
  });
  const hub = new Hub({ prefix: node.chain.params.prefix, clock: () => 0 });
  const measured = () => ({
    node,
    hub,
    peers: () => 3,
    hashRate: () => 12.5,
    hashes: () => 1_000,
    connections: server.connections,
  });
  const server = await serve({ routes: [metrics.route(measured)] });
  const read = async () => parse((await get(server, '/metrics')).says);
  return { ...asked, metrics, server, read };
}

test('the metrics of a node are text as Prometheus reads it', async () => {
  const { server, read } = await serveMetrics();
  const { status, told } = await get(server, '/metrics');
  expect(status).toBe(200);
  expect(told['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  const families = await read();
  for (const [named, family] of families) {
    expect(named).toMatch(/^(chain|process)_[a-z_]+$/);
    expect(family.type === 'counter').toBe(named.endsWith('_total'));
    if (family.type === 'histogram') checkHistogram(named, family);
  }
  expect(families.size).toBeGreaterThan(20);
  expect(await get(server, '/metrics', { 'sec-fetch-site': 'cross-site' })).toMatchObject({
    status: 403,
  });
});

test('they tell of the chain and of the blocks that came', async () => {
  const { grove, metrics, read } = await serveMetrics();
  for (const block of ['a1', 'a2']) {
    metrics.blockCame();
    await grove.mine(block);
  }
  const families = await read();
  const value = (named: string) => families.get(named)?.samples.get(named);
  expect(value('chain_height')).toBe(2);
  expect(value('chain_work')).toBe(6);
  expect(value('chain_hashrate')).toBe(12.5);
  expect(value('chain_hashes_total')).toBe(1_000);
  expect(value('chain_http_connections')).toBe(1);
  expect(value('chain_mempool_max_bytes')).toBe(100_000_000);
  const { samples } = families.get('chain_block_seconds') ?? { samples: new Map() };
  expect(samples.get('chain_block_seconds_count')).toBe(2);
  expect(samples.get('chain_block_seconds_sum')).toBeGreaterThan(0);
});

test('bytes over HTTP are counted, of connections that are gone too', async () => {
  const { server, read } = await serveMetrics();
  const { says } = await get(server, '/metrics');
  while (server.connections.size > 0) await new Promise((resolve) => setImmediate(resolve));
  const families = await read();
  const [sent = 0] = families.get('chain_http_sent_bytes_total')?.samples.values() ?? [];
  expect(sent).toBeGreaterThan(says.length);
});

test('calls are counted by method and outcome, and made-up names as one', async () => {
  const { calls, metrics, read } = await serveMetrics();
  const call = metrics.counting(calls);
  await call('getblockcount', []);
  await call('getblockcount', []);
  await expect(call('getblockhash', [])).rejects.toThrow();
  for (let i = 0; i < 100; i++) {
    await expect(call(`made"up\n${i}`, [])).rejects.toThrow('Method not found');
  }
  const families = await read();
  expect(families.get('chain_rpc_calls_total')?.samples).toEqual(
    new Map([
      ['chain_rpc_calls_total{method="getblockcount",outcome="done"}', 2],
      ['chain_rpc_calls_total{method="getblockhash",outcome="refused"}', 1],
      ['chain_rpc_calls_total{method="unknown",outcome="refused"}', 100],
    ]),
  );
});

test('what could be misread is escaped, and numbers of every kind are written', () => {
  const odd: Metric = {
    name: 'odd',
    help: 'a \\ and a\nline',
    type: 'gauge',
    samples: [{ labels: { one: 'a"b', two: 'c\\d\ne' }, value: -Infinity }],
  };
  const lines = [
    '# HELP odd a \\\\ and a\\nline',
    '# TYPE odd gauge',
    'odd{one="a\\"b",two="c\\\\d\\ne"} -Inf',
  ];
  expect(writeMetrics([odd])).toBe(`${lines.join('\n')}\n`);
  for (const number of [0, -1.5, 1e21, 5e-324, Infinity, NaN, Number.MAX_VALUE]) {
    const read = parse(writeMetrics([gauge('x', 'An x.', number)]));
    expect(read.get('x')?.samples.get('x')).toBe(number);
  }
});

test('a histogram counts what is at most as large as each bound', () => {
  const histogram = new Histogram([1, 2]);
  for (const value of [0.5, 1, 1.5, 2.5]) histogram.observe(value);
  const told: Metric = { name: 'h', help: 'H.', type: 'histogram', samples: histogram.samples };
  expect(Object.fromEntries(parse(writeMetrics([told])).get('h')?.samples ?? [])).toEqual({
    'h_bucket{le="1"}': 2,
    'h_bucket{le="2"}': 3,
    'h_bucket{le="+Inf"}': 4,
    h_sum: 5.5,
    h_count: 4,
  });
});
