/**
 * The soak: crashes, damage, full disks and whole networks, drawn anew for as long as one likes.
 *
 *   npm run soak -- --seconds 60 --seed 7 --flood 300
 *   npm run soak -- --seconds 600 --only networks
 *
 * Before that, a node is flooded for so many seconds while it serves an honest one.
 * It prints what it did, and where something went wrong the seed that does it again.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { grass, heath, runStory } from '../src/lab/story.ts';
import { Graveyard } from '../test/crash.ts';
import { growGarden, type State, Tally, tryDamage, turnOneBit } from '../test/damage.ts';
import { soakFlood } from '../test/flood.ts';
import { diceOf } from '../test/forest.ts';
import { startFresh } from '../test/freshstarts.ts';
import { hashesIn, lossesOf, type, wrongWith } from '../test/fulldisk.ts';
import { attachTo } from '../test/lab.attach.ts';
import { settle } from '../test/settle.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    flood: { type: 'string', default: '300' },
    only: { type: 'string' },
  },
});
const { only } = values;
if (only !== undefined && only !== 'disks' && only !== 'networks') {
  throw new Error(`--only takes disks or networks, not ${only}`);
}
const failures: string[] = [];

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(what: string): void {
  failures.push(what);
  say(`WRONG: ${what}`);
}

let stories = 0;

/** Stories of many lengths; one that goes wrong says the call that tells it again. */
async function soakNetworks(seed: number): Promise<void> {
  for (const [i, params] of [grass, heath, grass].entries()) {
    const hours = (diceOf(seed * 3 + i)(10) + 1) / 10;
    const wishes = { settle, attach: attachTo(), params, hours };
    const told = runStory(`soak ${seed}.${i}`, wishes);
    await told.catch((error: Error) => fail(`network, seed ${seed}: ${error.message}`));
    stories++;
  }
}

const states: readonly State[] = ['closed', 'killed'];
const garden = await growGarden();
const tally = new Tally();

async function soakDamage(seed: number): Promise<void> {
  for (const state of states) {
    const damage = (place: string) => turnOneBit(place, seed);
    const outcome = await tryDamage(garden, state, { seed, damage });
    tally.add(outcome);
    const wrong = outcome.wrong.slice(0, 3).join('; ');
    if (wrong !== '') fail(`damage, seed ${seed}, ${state}, ${outcome.what}: ${wrong}`);
  }
}

let kills = 0;

async function soakCrash(seed: number): Promise<void> {
  const depth = [0, 10] as const;
  const graveyard = new Graveyard({ seed, rounds: 4, stretch: 8, depth });
  try {
    await graveyard.killAtRandom(5, seed);
  } catch (error) {
    fail(`crash, seed ${seed}: ${String(error)}`);
  }
  kills += graveyard.kills;
  graveyard.remove();
}

const root = mkdtempSync(join(tmpdir(), 'chain-soak-'));
let fullDisks = 0;

/** A folder with a wallet and a few blocks, for all full disks. */
async function growPurse(): Promise<string> {
  const datadir = join(root, 'purse');
  await type(['createwallet', '--label', 'alice'], datadir);
  await type(['mine', '--blocks', '40', '--to', 'alice'], datadir);
  return datadir;
}

const purse = await growPurse();

/** Mines until the disk is full, then goes on with more room. */
async function soakFullDisk(seed: number, datadir: string, limitKib?: number): Promise<void> {
  fullDisks++;
  const said = await type(['mine', '--blocks', '20000', '--to', 'alice'], datadir, limitKib);
  const wrong = wrongWith(said);
  if (wrong) fail(`full disk, seed ${seed}, ${limitKib ?? 'all'} KiB: ${wrong}`);
  const roomy = join(root, `roomy ${seed}`);
  cpSync(datadir, roomy, { recursive: true });
  const lost = await lossesOf(roomy, { blocks: hashesIn(said), payments: [] });
  if (lost.length > 0) fail(`full disk, seed ${seed}: ${lost.length} lost, ${lost[0]}`);
  rmSync(roomy, { recursive: true });
}

async function soakLimit(seed: number): Promise<void> {
  const datadir = join(root, `limited ${seed}`);
  cpSync(purse, datadir, { recursive: true });
  await soakFullDisk(seed, datadir, diceOf(seed)(150));
  rmSync(datadir, { recursive: true });
}

/** A small file system of its own, where this machine lets us make one. */
async function soakSmallDisk(seed: number): Promise<void> {
  const place = mkdtempSync(join(tmpdir(), 'chain-small-'));
  try {
    const options = { stdio: 'ignore' } as const;
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', place], options);
  } catch {
    rmSync(place, { recursive: true });
    return say('a small file system cannot be made here: skipped');
  }
  try {
    const datadir = join(place, 'data');
    cpSync(purse, datadir, { recursive: true });
    await soakFullDisk(seed, datadir);
    say('a small file system was filled');
  } finally {
    execFileSync('umount', [place]);
    rmSync(place, { recursive: true });
  }
}

async function soakDisks(seed: number): Promise<void> {
  for (let i = 0; i < 10; i++) await soakDamage(seed * 10 + i);
  await soakCrash(seed);
  if (seed % 3 === first % 3) await soakLimit(seed);
}

if (only !== 'disks') {
  for (const wrong of await soakFlood(Number(values.flood), say)) fail(`flood: ${wrong}`);
  for (const wrong of await startFresh(20)) fail(`fresh starts: ${wrong}`);
}
const first = Number(values.seed);
let seed = first;
const end = Date.now() + Number(values.seconds) * 1000;
try {
  if (only !== 'networks') await soakSmallDisk(first);
  for (; seed === first || Date.now() < end; seed++) {
    if (only !== 'disks') await soakNetworks(seed);
    if (only !== 'networks') await soakDisks(seed);
  }
} finally {
  garden.remove();
  rmSync(root, { recursive: true, force: true });
}
say(`${tally}`);
say(`${kills} processes were killed, ${fullDisks} disks were full`);
say(`${stories} stories of networks were told`);
say(`seeds ${first} to ${seed - 1}: ${failures.length} went wrong`);
process.exitCode = failures.length > 0 ? 1 : 0;
