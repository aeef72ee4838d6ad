/**
 * How fast does a fresh node take a chain from another? Two processes over libp2p on this machine,
 * beside the raw transfer of the same bytes over libp2p and the validation of the same blocks with
 * nobody else there. Tells blocks and megabytes a second, CPU time and peak memory of each side.
 *
 *   npm run bench:sync -- --blocks 10000 --payments 20000 --rounds 3 --profile folder
 *
 * With `--profile` each process leaves a profile that a browser's developer tools can open.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { now } from '../../src/cli/machine.ts';
import { writeNetwork } from '../../src/consensus/network.ts';
import { Block } from '../../src/primitives/block.ts';
import { encode } from '../../src/primitives/codec.ts';
import { reap, sow } from './payments.ts';
import { easyNetwork, openSite, submit } from './site.ts';
import { Bodies, fetch, fetchRaw, serve, serveRaw, type Took, validate } from './synced.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    blocks: { type: 'string', default: '10000' },
    payments: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '1' },
    profile: { type: 'string' },
    /** The folder of a chain that an earlier run left, or that this one is to leave. */
    chain: { type: 'string' },
  },
});
const length = Number(values.blocks);
const payments = Number(values.payments);
const spacingSeconds = 15;
/** So many coins are spent by turns, so that what each pays on stays worth its fee. */
const coinCount = 1_000;

/** Builds the chain that is served, and writes down its network and the bytes of its blocks. */
async function build(folder: string): Promise<void> {
  const begin = now() - spacingSeconds * (length + 1);
  const params = easyNetwork(begin);
  const { chain, close } = await openSite(join(folder, 'served'), { params });
  const timeAt = (height: number) => begin + spacingSeconds * height;
  let coins = await sow({ chain, timeAt, count: coinCount });
  const bare = chain.tip.height;
  while (chain.tip.height < length) {
    const done = (chain.tip.height - bare) / (length - bare);
    const next = (chain.tip.height + 1 - bare) / (length - bare);
    const count = Math.round(payments * next) - Math.round(payments * done);
    const reaped = await reap({ chain, timeAt, count }, coins.slice(0, count));
    await submit(chain, reaped.block);
    coins = [...coins.slice(count), ...reaped.coins];
  }
  const bodies: Uint8Array[] = [];
  for (let height = 1; height <= chain.tip.height; height++) {
    bodies.push(encode(Block, await chain.store.block(await chain.store.activeEntry(height))));
  }
  await close();
  writeFileSync(join(folder, 'blocks'), encode(Bodies, bodies));
  writeFileSync(join(folder, 'network.json'), JSON.stringify(writeNetwork(params)));
}

/** One side, in a process of its own. */
function startSide(name: string, ...words: readonly string[]): ChildProcess {
  const { profile } = values;
  const execArgv = profile
    ? ['--cpu-prof', '--cpu-prof-dir', profile, '--cpu-prof-name', `${name}.cpuprofile`]
    : [];
  return fork(import.meta.filename, [name, ...words], { execArgv });
}

async function answerOf(side: ChildProcess): Promise<unknown> {
  const { promise: died, reject } = Promise.withResolvers<never>();
  side.once('exit', (code) => reject(new Error(`a side ended with ${code}`)));
  const [answer] = await Promise.race([once(side, 'message'), died]);
  return answer;
}

const tookOf = async (side: ChildProcess) => (await answerOf(side)) as Took;

/** One side that gives and one that takes; what each took meanwhile. */
async function pair(giver: string, taker: string, folder: string, ...words: readonly string[]) {
  const serving = startSide(giver, folder);
  const address = String(await answerOf(serving));
  const taking = startSide(taker, folder, ...words, address);
  const taken = await tookOf(taking);
  await once(taking, 'exit');
  serving.send('what did it take?');
  const given = await tookOf(serving);
  serving.disconnect();
  await once(serving, 'exit');
  return { taken, given };
}

interface Round {
  readonly name: string;
  readonly wallMs: number;
  readonly sides: readonly Took[];
}

async function measure(folder: string, fresh: () => string): Promise<readonly Round[]> {
  const raw = await pair('serveRaw', 'fetchRaw', folder);
  const validating = startSide('validate', folder, fresh());
  const alone = await tookOf(validating);
  await once(validating, 'exit');
  const synced = await pair('serve', 'fetch', folder, fresh());
  return [
    { name: 'raw libp2p', wallMs: raw.taken.wallMs, sides: [raw.taken, raw.given] },
    { name: 'validation', wallMs: alone.wallMs, sides: [alone] },
    { name: 'sync', wallMs: synced.taken.wallMs, sides: [synced.taken, synced.given] },
  ];
}

function tellRound(rounds: readonly Round[], bytes: number): void {
  const table = rounds.map(({ name, wallMs, sides: [taker, giver] }) => ({
    name,
    'wall, s': Number((wallMs / 1000).toFixed(2)),
    'blocks/s': Math.round((length * 1000) / wallMs),
    'MB/s': Number((bytes / 1000 / wallMs).toFixed(2)),
    'CPU of who takes, s': Number(((taker?.cpuMs ?? 0) / 1000).toFixed(2)),
    'of who gives': giver && Number((giver.cpuMs / 1000).toFixed(2)),
    'peak of who takes, MB': Math.round((taker?.peakBytes ?? 0) / 1e6),
    'of who gives, MB': giver && Math.round(giver.peakBytes / 1e6),
  }));
  console.table(table);
  const [raw, alone, sync] = rounds.map(({ wallMs }) => wallMs);
  const [cpuRaw, cpuAlone, cpuSync] = rounds.map(({ sides }) => sides[0]?.cpuMs ?? 0);
  const least = Math.max(raw ?? 0, alone ?? 0);
  const ratio = ((sync ?? 0) / least).toFixed(2);
  const cpuRatio = ((cpuSync ?? 0) / ((cpuRaw ?? 0) + (cpuAlone ?? 0))).toFixed(2);
  console.log(`sync takes ${ratio} times the longer of raw transfer and validation,`);
  console.log(`and its taker ${cpuRatio} times the CPU time of both together`);
}

async function run(): Promise<void> {
  const own = mkdtempSync(join(tmpdir(), 'chain-sync-'));
  const folder = values.chain ?? join(own, 'built');
  let places = 0;
  try {
    if (!existsSync(join(folder, 'blocks'))) await build(folder);
    const { size } = statSync(join(folder, 'blocks'));
    console.log(`${length} blocks with ${payments} payments, ${(size / 1e6).toFixed(1)} MB`);
    for (let round = 0; round < Number(values.rounds); round++) {
      tellRound(await measure(folder, () => join(own, `place ${places++}`)), size);
    }
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

const [side = 'run', folder = '', ...words] = positionals;
const [first = '', second = ''] = words;
const tell = (took: Took) => new Promise((resolve) => process.send?.(took, resolve));
if (side === 'serve') await serve(folder);
else if (side === 'serveRaw') await serveRaw(folder);
else if (side === 'fetch') await tell(await fetch(folder, first, second));
else if (side === 'fetchRaw') await tell(await fetchRaw(folder, first));
else if (side === 'validate') await tell(await validate(folder, first));
else await run();
if (process.connected && !side.startsWith('serve')) process.disconnect();
