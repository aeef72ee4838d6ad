/**
 * How long does a question wait while the node works? A node that mines is handed payments and
 * blocks full of them by this process, while another one asks, every few milliseconds and whether
 * or not the last answer has come. Tells what each question waited, and what the node's event loop
 * was late by, in each phase.
 *
 *   npm run bench:latency -- --payments 2000 --blocks 5 --profile folder
 *
 * With `--profile` the node leaves a profile that a browser's developer tools can open.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Desk } from '../../src/cli/desk.ts';
import { Keyring } from '../../src/cli/keyring.ts';
import { now } from '../../src/cli/machine.ts';
import { findNode, readCookie } from '../../src/cli/nodefile.ts';
import { startNode } from '../../src/cli/startnode.ts';
import { WalletFiles } from '../../src/cli/walletfiles.ts';
import { writeNetwork } from '../../src/consensus/network.ts';
import { addressOf } from '../../src/primitives/address.ts';
import { strangerScript } from './payments.ts';
import { easyNetwork } from './site.ts';
import { type Supply, stockUp } from './supply.ts';

const { values } = parseArgs({
  options: {
    payments: { type: 'string', default: '2000' },
    blocks: { type: 'string', default: '5' },
    profile: { type: 'string' },
    /** For a process that this one starts: the folder, and its part. */
    folder: { type: 'string', default: '' },
    part: { type: 'string' },
  },
});
const count = Number(values.payments);
const length = Number(values.blocks);
/** A question waits no longer than this, 99 times of 100. */
const longestMs = 50;
/** Each question comes so often, and there are several. */
const everyMs = 20;
const networkIn = (folder: string) => join(folder, 'network.json');
const deskIn = (folder: string) =>
  new Desk({ network: networkIn(folder), datadir: folder, quiet: true }, { Keyring, WalletFiles });

/** The node itself: the real one, but that no nonce does, so that mining never ends. */
async function serve(folder: string): Promise<void> {
  const desk = deskIn(folder);
  const open = desk.openNode.bind(desk);
  desk.openNode = (settings = {}) => {
    const { search } = settings;
    const impossible = new Uint8Array(32);
    const endless: typeof search =
      search && ((each, signal) => search({ ...each, target: impossible }, signal));
    return open({ ...settings, ...(endless ? { search: endless } : {}) });
  };
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  process.on('message', (_asked) => {
    const { user, system } = process.cpuUsage();
    const ms = (percent: number) => delay.percentile(percent) / 1e6;
    process.send?.({ p99: ms(99), max: delay.max / 1e6, cpuSeconds: (user + system) / 1e6 });
    delay.reset();
  });
  const mine = addressOf(strangerScript('miner'), desk.params.prefix) ?? '';
  await startNode(desk, { port: 0, lan: false, listen: '127.0.0.1', mine, blockInterval: 1 });
  await desk.close();
  if (process.connected) process.disconnect();
}

/** Asks the node that runs here; each caller has a connection of its own. */
function caller(folder: string) {
  const running = findNode(folder);
  if (!running) throw new Error('the node does not run');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const auth = readCookie(folder);
  return (method: string, ...params: readonly unknown[]) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const options = { method: 'POST', auth, agent, headers: { 'Content-Length': body.length } };
    return new Promise<string>((resolve, reject) => {
      const sent = request(running.http, options, (response) => {
        const parts: Uint8Array[] = [];
        response.on('data', (part: Uint8Array) => parts.push(part));
        response.on('end', () => resolve(Buffer.concat(parts).toString()));
      });
      sent.on('error', reject).end(body);
    });
  };
}

async function result(answer: Promise<string>): Promise<unknown> {
  const { result, error } = JSON.parse(await answer);
  if (error) throw new Error(`the node said ${error.message}`);
  return result;
}

/** Asks until it is told to end, and tells what each question waited, at every message. */
async function ask(folder: string): Promise<void> {
  const place = join(folder, deskIn(folder).params.name);
  const genesis = await result(caller(place)('getblockhash', 1));
  const questions: Readonly<Record<string, readonly unknown[]>> = {
    getblockcount: [],
    getblockchaininfo: [],
    getmempoolinfo: [],
    getblock: [genesis, 2],
  };
  const waits = Object.fromEntries(Object.keys(questions).map((each) => [each, [] as number[]]));
  let isOver = false;
  /** Those who are behind with their questions when a phase ends; it is told of once none is. */
  let behind: Set<string> | undefined;
  const catchUp = (method: string) => {
    if (!behind?.delete(method) || behind.size > 0) return;
    behind = undefined;
    process.send?.(waits);
    for (const each of Object.values(waits)) each.length = 0;
  };
  process.on('message', (word) => {
    behind = new Set(Object.keys(questions));
    isOver = word === 'end';
  });
  const loops = Object.entries(questions).map(async ([method, params], i) => {
    const call = caller(place);
    // From when it was due, so that what waits behind a slow answer counts too.
    for (let due = performance.now() + i * 5; !isOver; due += everyMs) {
      const early = due - performance.now();
      if (early > 0) {
        catchUp(method);
        await wait(early);
      }
      await result(call(method, ...params));
      waits[method]?.push(performance.now() - due);
    }
    catchUp(method);
  });
  await Promise.all(loops);
  process.disconnect();
}

function start(folder: string, part: string, options: readonly string[] = []): ChildProcess {
  const words = ['--folder', folder, '--part', part];
  const child = fork(import.meta.filename, words, { execArgv: [...options] });
  process.on('exit', () => child.kill('SIGKILL'));
  return child;
}

/** Sends a word, and waits for what comes back. */
function tell<T>(child: ChildProcess, word: string): Promise<T> {
  return new Promise((resolve) => {
    child.once('message', (answer) => resolve(answer as T));
    child.send(word);
  });
}

function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.min(Math.floor((sorted.length * percent) / 100), sorted.length - 1)] ?? 0;
}

interface Loop {
  readonly p99: number;
  readonly max: number;
  readonly cpuSeconds: number;
}

async function measure(folder: string, supply: Supply): Promise<void> {
  const place = join(folder, deskIn(folder).params.name);
  const profile = values.profile ? ['--cpu-prof', '--cpu-prof-dir', values.profile] : [];
  const node = start(folder, 'serve', profile);
  while (!findNode(place)) await wait(50);
  const asker = start(folder, 'ask');
  const call = caller(place);
  await wait(2_000);
  /** What questions waited while blocks were taken. */
  const meanwhile: number[] = [];
  const phase = async (name: string, work: () => Promise<unknown>) => {
    const [before] = await Promise.all([tell<Loop>(node, 'begin'), tell(asker, 'begin')]);
    const begin = performance.now();
    await work();
    const seconds = (performance.now() - begin) / 1000;
    const [loop, waits] = await Promise.all([
      tell<Loop>(node, 'end phase'),
      tell<Record<string, number[]>>(asker, 'end phase'),
    ]);
    report(name, seconds, { ...loop, cpuSeconds: loop.cpuSeconds - before.cpuSeconds }, waits);
    return Object.values(waits).flat();
  };
  const hand = async (blocks: readonly string[], expected: unknown = null) => {
    for (const block of blocks) {
      const answer = await result(call('submitblock', block));
      if (answer !== expected) throw new Error(`a block was ${answer}`);
    }
  };
  /** From four at once. */
  const send = async (payments: readonly string[]) => {
    const left = [...payments];
    const sender = async () => {
      const own = caller(place);
      for (let next = left.pop(); next; next = left.pop())
        await result(own('sendrawtransaction', next));
    };
    await Promise.all([sender(), sender(), sender(), sender()]);
  };
  await phase('only mining', () => wait(2_000));
  meanwhile.push(...(await phase(`${length} blocks of new payments`, () => hand(supply.fresh))));
  await phase(`${supply.payments.length} payments`, async () => {
    for (let i = 0; i < supply.payments.length; i += count) {
      await send(supply.payments.slice(i, i + count));
    }
  });
  meanwhile.push(...(await phase('3 blocks of payments that waited', () => hand(supply.known))));
  meanwhile.push(
    ...(await phase('3 blocks beside them', () => hand(supply.branch.slice(0, 3), 'inconclusive'))),
  );
  meanwhile.push(...(await phase('3 blocks leave, 4 join', () => hand(supply.branch.slice(3)))));
  const tip = await result(call('getbestblockhash'));
  for (const verbosity of [0, 1, 2, 3]) {
    await phase(`5 times getblock ${verbosity} of such a block`, async () => {
      for (let i = 0; i < 5; i++) await call('getblock', tip, verbosity);
    });
  }
  const height = await result(call('getblockcount'));
  const longest = percentile(
    meanwhile.toSorted((one, other) => one - other),
    99,
  );
  if (longest > longestMs) process.exitCode = 1;
  const verdict = `99 of 100 questions waited at most ${longest.toFixed(1)} ms`;
  console.log(`\nat height ${height}; while blocks were taken ${verdict}`);
  await tell(asker, 'end');
  await call('stop');
  await new Promise((resolve) => node.once('exit', resolve));
}

function report(name: string, seconds: number, loop: Loop, waits: Record<string, number[]>): void {
  const load = loadavg().map((each) => each.toFixed(1));
  const facts = `${seconds.toFixed(1)} s, of the node's CPU ${loop.cpuSeconds.toFixed(1)} s`;
  console.log(`\n${name}: ${facts}, load ${load.join(' ')}`);
  const line = (title: string, cells: readonly (string | number)[]) =>
    console.log(title.padEnd(20) + cells.map((each) => `${each}`.padStart(8)).join(''));
  line('ms', ['n', 'p50', 'p90', 'p99', 'max']);
  const all = { ...waits, all: Object.values(waits).flat() };
  for (const [method, each] of Object.entries(all)) {
    const sorted = each.toSorted((one, other) => one - other);
    const found = [50, 90, 99, 100].map((percent) => percentile(sorted, percent));
    line(method, [sorted.length, ...found.map((ms) => ms.toFixed(1))]);
  }
  line('event loop, late by', ['', '', '', loop.p99.toFixed(1), loop.max.toFixed(1)]);
}

async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'chain-latency-'));
  try {
    const params = easyNetwork(now() - 86_400);
    writeFileSync(networkIn(folder), JSON.stringify(writeNetwork(params)));
    const supply = await stockUp(folder, { params, count, length });
    const size = ((supply.fresh[0]?.length ?? 0) / 2e6).toFixed(2);
    console.log(`Node ${process.versions.node}; blocks of ${count} payments, ${size} MB each`);
    await measure(folder, supply);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (values.part === 'serve') await serve(values.folder);
else if (values.part === 'ask') await ask(values.folder);
else await run();
