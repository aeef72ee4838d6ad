/**
 * How fast are blocks full of payments taken? Hands blocks of P2WPKH payments, one input and two
 * outputs each, to a new chain on the disk: from their bytes to the tip, with the fastest signature
 * engine. Tells payments per second of CPU time, that of LevelDB's threads included, as medians of
 * rounds in which chains with indexes and without take turns.
 *
 *   npm run bench:connect -- --payments 2000 --blocks 10 --rounds 3 --profile folder
 *
 * With `--profile` each run leaves a profile that a browser's developer tools can open.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { now } from '../../src/cli/machine.ts';
import { readNetwork, writeNetwork } from '../../src/consensus/network.ts';
import { Block } from '../../src/primitives/block.ts';
import { decode, encode, list } from '../../src/primitives/codec.ts';
import { harvest } from './payments.ts';
import { easyNetwork, openSite, submit } from './site.ts';

const { values } = parseArgs({
  options: {
    payments: { type: 'string', default: '2000' },
    blocks: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    profile: { type: 'string' },
    /** For a process that this one starts: a folder with the blocks, and whether to index them. */
    replay: { type: 'string' },
    index: { type: 'boolean', default: false },
  },
});
const Blocks = list(Block);
const count = Number(values.payments);

/** Builds the blocks, and leaves them in this folder beside their network. */
async function prepare(folder: string): Promise<void> {
  const begin = now() - 86_400;
  const params = easyNetwork(begin);
  const { chain, close } = await openSite(join(folder, 'built'), { params });
  const timeAt = (height: number) => begin + 15 * height;
  await harvest({ chain, count, timeAt }, Number(values.blocks));
  const blocks: Block[] = [];
  for (let height = 1; height <= chain.tip.height; height++) {
    blocks.push(await chain.store.block(await chain.store.activeEntry(height)));
  }
  await close();
  writeFileSync(join(folder, 'blocks'), encode(Blocks, blocks));
  writeFileSync(join(folder, 'network.json'), JSON.stringify(writeNetwork(params)));
}

/** Takes the blocks, and prints how many payments it took in a second of CPU time. */
async function replay(folder: string): Promise<void> {
  const params = readNetwork(readFileSync(join(folder, 'network.json'), 'utf8'));
  const datadir = mkdtempSync(join(folder, 'replayed-'));
  const site = await openSite(datadir, { params, hasIndex: values.index });
  const bytes = decode(Blocks, readFileSync(join(folder, 'blocks'))).map((b) => encode(Block, b));
  let payments = 0;
  let microseconds = 0;
  for (const each of bytes) {
    const begin = process.cpuUsage();
    const block = decode(Block, each);
    await submit(site.chain, block);
    const { user, system } = process.cpuUsage(begin);
    if (block.transactions.length <= count) continue;
    payments += count;
    microseconds += user + system;
  }
  await site.close();
  console.log((payments * 1_000_000) / microseconds);
}

/** One replay in a process of its own. */
function run(folder: string, hasIndex: boolean): number {
  const profile = values.profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir'];
  const where = values.profile === undefined ? [] : [join(values.profile, `index-${hasIndex}`)];
  const words = [import.meta.filename, '--replay', folder, '--payments', `${count}`];
  const all = [...profile, ...where, ...words, ...(hasIndex ? ['--index'] : [])];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`a replay ended with ${status}: ${stderr}`);
  return Number(stdout);
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'chain-connect-'));
  try {
    await prepare(folder);
    const rates = { with: [] as number[], without: [] as number[] };
    for (let round = 0; round < Number(values.rounds); round++) {
      rates.with.push(run(folder, true));
      rates.without.push(run(folder, false));
    }
    for (const [name, each] of Object.entries(rates)) {
      console.log(`${median(each).toFixed(0)} payments a CPU second, ${name} indexes`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (values.replay === undefined) await compare();
else await replay(values.replay);
