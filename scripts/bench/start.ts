/**
 * What does it take to ask a question? Runs bare Node and the program by turns, and compares what
 * each command lasts and what CPU time it takes, user and system, as medians of rounds. A first
 * round, which fills Node's compile cache, is not counted.
 *
 *   npm run bench:start -- --rounds 15 --json start.json
 *
 * The folder with the chain is removed at the end.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    blocks: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '15' },
    json: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
/** A question starts, answers and ends in this time. */
const longestMs = 250;

const datadir = mkdtempSync(join(tmpdir(), 'chain-start-'));
const launcher = join(import.meta.dirname, '../chain.js');
const questions = ['--version', 'status', 'getbalance', 'printchain', 'listaddresses'];

interface Run {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Runs Node with these words, and takes its time. */
function runNode(words: readonly string[]): Run {
  const script = 'TIMEFORMAT="%3R %3U %3S"; time "$@" > /dev/null';
  const env = { ...process.env, CHAIN_DATADIR: datadir, CHAIN_NETWORK: 'regtest' };
  const all = ['-c', script, 'time', process.execPath, ...words];
  const { status, stderr } = spawnSync('bash', all, { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}: ${stderr}`);
  const times = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  const [wall = 0, user = 0, system = 0] = times;
  return { wallMs: wall * 1000, cpuMs: (user + system) * 1000 };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;
}

const commands = new Map<string, readonly string[]>([
  ['bare node', ['--eval', '']],
  ...questions.map((each) => [each, [launcher, each]] as const),
]);

try {
  runNode([launcher, 'createwallet']);
  runNode([launcher, 'mine', '--blocks', values.blocks]);
  for (const words of commands.values()) runNode(words);
  const runs = new Map<string, Run[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, words] of commands) {
      runs.set(name, [...(runs.get(name) ?? []), runNode(words)]);
    }
  }
  const medians = [...runs].map(([name, all]) => ({
    name,
    wallMs: median(all.map(({ wallMs }) => wallMs)),
    cpuMs: median(all.map(({ cpuMs }) => cpuMs)),
  }));
  const [bare] = medians;
  const table = medians.map(({ name, wallMs, cpuMs }) => ({
    name,
    'wall, ms': Math.round(wallMs),
    'of bare node': Number((wallMs / (bare?.wallMs ?? 1)).toFixed(1)),
    'CPU, ms': Math.round(cpuMs),
    'of bare node’s': Number((cpuMs / (bare?.cpuMs ?? 1)).toFixed(1)),
  }));
  console.log(`Node ${process.versions.node}, ${rounds} rounds on ${values.blocks} blocks`);
  console.table(table);
  const slow = medians.filter(({ wallMs }) => wallMs > longestMs).map(({ name }) => name);
  if (slow.length > 0) console.log(`longer than a quarter of a second: ${slow.join(', ')}`);
  if (values.json) writeFileSync(values.json, JSON.stringify({ rounds, medians }, undefined, 2));
  process.exitCode = slow.length > 0 ? 1 : 0;
} finally {
  rmSync(datadir, { recursive: true, force: true });
}
