/**
 * Does a command cost more on a long chain than on a short one? Runs the real program on both, by
 * turns, and compares the CPU time that its process took, user and system, as medians of rounds.
 * Tells as well what a block and a payment take on the disk.
 *
 *   npm run bench:growth -- --blocks 100000 --rounds 9 --json growth.json
 *
 * The folder with the chains is removed at the end.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { now } from '../../src/cli/machine.ts';
import { writeNetwork } from '../../src/consensus/network.ts';
import { addressOf, scriptOf } from '../../src/primitives/address.ts';
import { harvest, strangerScript } from './payments.ts';
import { easyNetwork, grow, openSite } from './site.ts';

const { values } = parseArgs({
  options: {
    blocks: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '9' },
    json: { type: 'string' },
  },
});
const lengths = { short: 100, long: Number(values.blocks) };
const rounds = Number(values.rounds);
/** Above this a command grows with the chain. */
const highestRatio = 1.5;
const spacingSeconds = 15;

const begin = now();
const params = easyNetwork(begin - spacingSeconds * (lengths.long + 1));
const folder = mkdtempSync(join(tmpdir(), 'chain-growth-'));
const network = join(folder, 'network.json');
writeFileSync(network, JSON.stringify(writeNetwork(params)));
const launcher = join(import.meta.dirname, '../chain.js');
const stranger = addressOf(strangerScript('stranger'), params.prefix) ?? '';

interface Run {
  readonly answer: string;
  /** The process's CPU time, user and system. */
  readonly ms: number;
}

/** Runs Node with these words, and takes its time. */
function runNode(words: readonly string[], datadir = folder): Run {
  const script = 'TIMEFORMAT="%3U %3S"; time "$@"';
  const env = { ...process.env, CHAIN_DATADIR: datadir, CHAIN_NETWORK: network, CHAIN_QUIET: '1' };
  const all = ['-c', script, 'time', process.execPath, ...words];
  const { status, stdout, stderr } = spawnSync('bash', all, { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}: ${stderr}`);
  const [user = 0, system = 0] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return { answer: stdout, ms: (user + system) * 1000 };
}

/** Builds a chain of empty blocks, of which a wallet minted five, and answers where. */
async function build(name: string, length: number): Promise<string> {
  const datadir = join(folder, name);
  const { answer } = runNode([launcher, 'createwallet', '--label', 'alice', '--json'], datadir);
  const { address } = JSON.parse(answer) as { address: string };
  const alice = scriptOf(address, params.prefix);
  const { chain, close } = await openSite(datadir, { params });
  const wall = performance.now();
  const cpu = process.cpuUsage();
  for (let height = 1; height <= length; height++) {
    const isOurs = length - height < 60 && height % 10 === 0 && length - height >= 10;
    const script = isOurs ? alice : strangerScript(`block ${height}`);
    await grow(chain, { script, time: begin - spacingSeconds * (length - height) });
  }
  await close();
  const { user, system } = process.cpuUsage(cpu);
  const seconds = [performance.now() - wall, (user + system) / 1000].map((ms) => ms / 1000);
  const [lasted = 0, worked = 0] = seconds;
  console.log(`${name}: ${length} blocks in ${lasted.toFixed(1)} s, CPU ${worked.toFixed(1)} s`);
  return datadir;
}

/** Bytes of all files in a folder. */
function bytesIn(place: string): number {
  return readdirSync(place, { recursive: true, encoding: 'utf8' })
    .map((each) => statSync(join(place, each)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
}

const subjects = {
  'bare node': ['-e', '0'],
  status: [launcher, 'status'],
  getbalance: [launcher, 'getbalance', 'alice'],
  printchain: [launcher, 'printchain'],
  send: [launcher, 'send', '--from', 'alice', '--to', stranger, '--amount', '1'],
} as const;

interface Comparison {
  readonly short: number;
  readonly long: number;
  readonly ratio: number;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

/** Every command on both chains, the short one and the long one by turns. */
function compare(chains: Readonly<Record<keyof typeof lengths, string>>) {
  const times = new Map<string, number[]>();
  const measure = (name: string, words: readonly string[], datadir: string) => {
    const found = times.get(name) ?? [];
    times.set(name, found);
    found.push(runNode(words, datadir).ms);
  };
  for (let round = 0; round <= rounds; round++) {
    // The first round warms up.
    if (round === 1) times.clear();
    // A payment leaves its trace, so each round begins with the chains as they were built.
    const copies = Object.entries(chains).map(([name, datadir]) => {
      const copy = join(folder, `${name}-copy`);
      cpSync(datadir, copy, { recursive: true });
      // The tables of a copy are all new to this machine, and are checked when it is first opened.
      runNode(subjects.status, copy);
      return [name, copy] as const;
    });
    for (const [subject, words] of Object.entries(subjects)) {
      for (const [name, copy] of copies) measure(`${subject} ${name}`, words, copy);
    }
    for (const [, copy] of copies) rmSync(copy, { recursive: true });
  }
  const told = (name: string) => median(times.get(name) ?? []);
  return Object.keys(subjects).map((name): [string, Comparison] => {
    const [short, long] = [told(`${name} short`), told(`${name} long`)];
    return [name, { short, long, ratio: long / short }];
  });
}

/** What a block takes on the disk, and a payment, once the program has opened the chain again. */
async function weigh(hasIndex: boolean, blocks: number, count: number) {
  const sizes: number[] = [];
  for (const length of [0, blocks]) {
    const datadir = join(folder, `weighed-${hasIndex}-${count}-${length}`);
    const soil = { params, hasIndex };
    const site = await openSite(datadir, soil);
    const timeAt = (height: number) => begin - spacingSeconds * (lengths.long - height);
    if (count > 0) await harvest({ chain: site.chain, count, timeAt }, length);
    else {
      for (let height = 1; height <= length; height++) {
        const script = strangerScript(`block ${height}`);
        await grow(site.chain, { script, time: timeAt(height) });
      }
    }
    await site.close();
    // What lay in the log moves into a table when the chain is opened.
    await (await openSite(datadir, soil)).close();
    sizes.push(bytesIn(datadir));
    rmSync(datadir, { recursive: true });
  }
  const [before = 0, after = 0] = sizes;
  return (after - before) / blocks;
}

async function weighAll() {
  const told: Record<string, number> = {};
  for (const hasIndex of [true, false]) {
    const where = hasIndex ? 'with indexes' : 'without indexes';
    const empty = await weigh(hasIndex, Math.min(lengths.long, 10_000), 0);
    const full = await weigh(hasIndex, 10, 1_000);
    told[`bytes an empty block, ${where}`] = empty;
    told[`bytes a payment, ${where}`] = (full - empty) / 1_000;
  }
  return told;
}

try {
  const chains = {
    short: await build('short', lengths.short),
    long: await build('long', lengths.long),
  };
  const first = runNode([launcher, 'status'], chains.long).ms;
  console.log(`\nstatus, the first after ${lengths.long} blocks: ${first.toFixed(0)} ms`);
  const ratios = compare(chains);
  console.log(`\n${'CPU ms'.padEnd(12)}${'short'.padStart(8)}${'long'.padStart(8)}   ratio`);
  for (const [name, { short, long, ratio }] of ratios) {
    const numbers = [short.toFixed(0), long.toFixed(0), ratio.toFixed(2)];
    const verdict = ratio > highestRatio ? `  above ${highestRatio}` : '';
    console.log(name.padEnd(12) + numbers.map((each) => each.padStart(8)).join('') + verdict);
  }
  const disk = await weighAll();
  console.log('');
  for (const [name, bytes] of Object.entries(disk)) console.log(`${bytes.toFixed(0)} ${name}`);
  if (values.json !== undefined) {
    const told = { lengths, rounds, first, commands: Object.fromEntries(ratios), disk };
    writeFileSync(values.json, `${JSON.stringify(told, undefined, 2)}\n`);
  }
  if (ratios.some(([, { ratio }]) => ratio > highestRatio)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
