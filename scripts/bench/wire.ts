/**
 * How fast do blocks come over libp2p? Two processes on this machine: one answers each question
 * with two megabytes, as full answers of blocks are, and the other asks, one to four at once.
 *
 *   node scripts/bench/wire.ts --answers 200
 */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import type { Handlers, Timers, Transport } from '../../src/network/boundary.ts';
import { openLibp2p } from '../../src/network/libp2p.ts';
import { identityBytes } from '../../src/network/libp2phost.ts';
import { answerBudgetBytes } from '../../src/network/limits.ts';

const { values } = parseArgs({
  options: {
    answers: { type: 'string', default: '200' },
    serve: { type: 'boolean', default: false },
  },
});
const answers = Number(values.answers);

const timers: Timers = {
  nowMs: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

async function open(onRequest: Handlers['onRequest']): Promise<Transport> {
  const transport = await openLibp2p({
    genesis: '0'.repeat(64),
    identity: randomBytes(identityBytes),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    isOnLan: false,
    timers,
    tell: () => {},
  });
  await transport.start({
    onPeer: () => {},
    onFound: () => {},
    onOffence: () => {},
    onGossip: async () => 'ignore',
    onRequest,
  });
  return transport;
}

async function serve(): Promise<void> {
  const answer = randomBytes(answerBudgetBytes);
  const transport = await open(async () => answer);
  process.send?.(transport.addresses()[0]);
  process.once('disconnect', () => transport.stop());
}

/** Asks so many questions, so many of them at once. */
async function ask(transport: Transport, peer: string, atOnce: number): Promise<void> {
  const began = performance.now();
  const cpu = process.cpuUsage();
  let left = answers;
  const nothing = new Uint8Array(1);
  const options = { timeoutMs: 60_000, maxBytes: answerBudgetBytes };
  const one = async () => {
    while (left-- > 0) await transport.request(peer, 'blocks', nothing, options);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const speed = (answers * answerBudgetBytes) / 1e6 / seconds;
  const busy = (user + system) / 1e6 / seconds;
  process.stdout.write(`${atOnce} at once: ${speed.toFixed(0)} MB/s, ${busy.toFixed(2)} cores\n`);
}

async function measure(): Promise<void> {
  const server = fork(import.meta.filename, ['--serve']);
  const [address] = await once(server, 'message');
  const transport = await open(async () => new Uint8Array(0));
  const peer = await transport.dial(String(address), { timeoutMs: 10_000 });
  for (const atOnce of [1, 2, 4]) await ask(transport, peer, atOnce);
  await transport.stop();
  server.disconnect();
}

await (values.serve ? serve() : measure());
