/**
 * A race: how long one block takes through a simulated network, and what that costs every link.
 *
 * All nodes are whole ones, with the same payments waiting; the block comes in at one of them. Each
 * signature is checked once for all, and checking takes no virtual time: what is measured is the
 * relay alone.
 */

import { sow, strangerScript } from '../scripts/bench/payments.ts';
import { nextBlock } from '../scripts/bench/site.ts';
import { Chain } from '../src/chain/chain.ts';
import { isReject } from '../src/consensus/reject.ts';
import { Chance } from '../src/lab/chance.ts';
import { Disk } from '../src/lab/disk.ts';
import type { Weather } from '../src/lab/wire.ts';
import { searchNonce } from '../src/miner/kernel.ts';
import { Node } from '../src/node/node.ts';
import { type Block, totalBlockBytes } from '../src/primitives/block.ts';
import type { Transaction } from '../src/primitives/transaction.ts';
import { type Owned, pay } from './forge.ts';
import { grass, machine, noon, verifyOnce } from './grove.ts';
import { Village, type Villager } from './village.ts';

const verifyAll = verifyOnce();
/** Of each payment, in base units: enough to be let into a mempool. */
const fee = 1_000n;

/** A chain with many coins, and the block that spends all of them. */
export interface Track {
  readonly disk: Disk;
  readonly block: Block;
  readonly payments: readonly Transaction[];
}

/** With so many payments in the block, of two inputs and two outputs each: 373 bytes. */
export async function buildTrack(count: number): Promise<Track> {
  const disk = new Disk();
  const place = { ...machine, database: disk.boot(), last: disk.last };
  const chain = await Chain.open({ ...place, params: grass, verifyAll, hasIndex: false });
  const timeAt = (height: number) => noon - 10_000 + height;
  const coins = await sow({ chain, count: 2 * count, timeAt });
  const payments = Array.from({ length: count }, (_, i) => payFrom(coins.slice(2 * i, 2 * i + 2)));
  const time = timeAt(chain.tip.height + 1);
  const block = await nextBlock(chain, { script: strangerScript('race'), time, payments });
  disk.halt();
  return { disk, block, payments };
}

function payFrom(coins: readonly Owned[]): Transaction {
  const sum = coins.reduce((all, { coin }) => all + coin.amount, 0n) - fee;
  const amounts = [sum / 4n, sum - sum / 4n];
  const outputs = amounts.map((amount, i) => {
    return { amount, script: strangerScript(`${amount} ${i}`) };
  });
  return pay(coins, { outputs });
}

/** The disk of a node at which these payments wait. */
async function diskWith(track: Track, payments: readonly Transaction[]): Promise<Disk> {
  const disk = track.disk.copy();
  const node = await Node.open({
    ...machine,
    ...{ database: disk.boot(), last: disk.last, params: grass, verifyAll },
    now: () => noon,
    search: async (search) => searchNonce(search),
  });
  for (const payment of payments) {
    const answer = await node.submitPayment(payment);
    if (isReject(answer)) throw new Error(`a payment was refused: ${answer.reason}`);
  }
  disk.halt();
  return disk;
}

export interface RaceOptions {
  readonly seed: string;
  readonly nodes: number;
  /** How many of those before it each node dials: a link has two ends. */
  readonly dials: number;
  readonly weather: Partial<Weather>;
  /** The payments that wait at every node. */
  readonly waiting: readonly Transaction[];
}

export interface Result {
  /** When the block was at each node, in milliseconds, the first first. */
  readonly times: readonly number[];
  /** What went over each link in both directions, in bytes. */
  readonly links: readonly number[];
  /** How often the whole block was sent over a link in one direction, for those where it was. */
  readonly bodies: readonly number[];
  /** How often each method was asked. */
  readonly asked: ReadonlyMap<string, number>;
}

/** Long enough for all to meet, and for any block. */
const mostMs = 120_000;

/** Runs the block of the track through a network that has come to rest. */
export async function runRace(track: Track, options: RaceOptions): Promise<Result> {
  const wholeBytes = totalBlockBytes(track.block);
  const [bodies, asked] = [new Map<string, number>(), new Map<string, number>()];
  const observe = (what: string, bytes?: Uint8Array) => {
    const [, method] = /is asked for (\w+)/.exec(what) ?? [];
    if (method) count(asked, method);
    if (what.includes(' answers blocks ') && (bytes?.length ?? 0) >= wholeBytes)
      count(bodies, what);
  };
  const village = new Village(options.seed, { weather: options.weather, verifyAll, observe });
  const villagers = await gather(village, track, options);
  const before = traffic(villagers);
  asked.clear();
  const times = await send(village, villagers, track.block);
  // What is still under way costs too.
  await village.clock.run(5_000);
  const links = [...traffic(villagers)].map(([link, bytes]) => bytes - (before.get(link) ?? 0));
  await Promise.all(villagers.map(({ online }) => online.stop()));
  return { times, links, bodies: [...bodies.values()], asked };
}

/** Lets them come one after another, and waits until they know each other. */
async function gather(village: Village, track: Track, options: RaceOptions) {
  const { nodes, dials, waiting, seed } = options;
  const chance = new Chance(seed).stream('links');
  const disk = await diskWith(track, waiting);
  const villagers: Villager[] = [];
  for (let i = 0; i < nodes; i++) {
    const peers = new Set<string>();
    while (peers.size < Math.min(dials, i)) peers.add(`node${chance.below(i)}`);
    villagers.push(await village.settle(`node${i}`, [...peers], disk.copy()));
    await village.clock.run(1_000);
  }
  await village.clock.run(60_000);
  return villagers;
}

/** Hands the block to the first of them; answers when it was at each. */
async function send(village: Village, villagers: readonly Villager[], block: Block) {
  const { clock } = village;
  const [first] = villagers;
  const began = clock.nowMs();
  const times: number[] = [];
  for (const { node } of villagers) {
    node.events.listen(({ kind }) => {
      if (kind === 'block') times.push(clock.nowMs() - began);
    });
  }
  if (first) await clock.finish(first.node.submitBlock(block));
  if (await clock.run(mostMs, () => times.length === villagers.length)) return times;
  throw new Error(`the block came to ${times.length} of ${villagers.length} nodes`);
}

/** What went over each link so far, by the names of its ends; counted where it was dialled. */
function traffic(villagers: readonly Villager[]): ReadonlyMap<string, number> {
  const all = villagers.flatMap(({ name, online }) => {
    const dialled = online.transport.peers().filter(({ isInbound }) => !isInbound);
    return dialled.map(
      ({ id, bytesIn, bytesOut }) => [`${name} ${id}`, bytesIn + bytesOut] as const,
    );
  });
  return new Map(all);
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

/** The one below which so large a part of them lies. */
export function quantile(numbers: readonly number[], part: number): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[Math.max(Math.ceil(sorted.length * part) - 1, 0)] ?? 0;
}
