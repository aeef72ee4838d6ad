/**
 * The flood: a node is besieged by all who are rude, while an honest one syncs from it, hears its
 * blocks and tells of its own. What the node keeps is weighed after collections, from when the
 * honest one has caught up.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Order, State } from './flood.child.ts';
import { settle } from './flood.node.ts';
import { realTimers } from './libp2p.world.ts';

/** What came of it. */
export interface Flood {
  /** Blocks that the honest one took from before, and heard of meanwhile. */
  readonly synced: number;
  readonly heard: number;
  /** Blocks of the honest one that the besieged one heard of. */
  readonly told: number;
  readonly banned: number;
  /** How often each of the rude ones did what he does. */
  readonly deeds: Readonly<Record<string, number>>;
  /** What it told of errors. */
  readonly failures: readonly string[];
  /** Whom the honest one banned. */
  readonly wronged: number;
  /** How much more it kept in the last third than in the middle one, in bytes; see `growthOf`. */
  readonly growth: number;
  readonly rssBytes: number;
}

/**
 * Within two minutes memory still grows a little and then no more: for so long gossipsub keeps the
 * id of every message, and each of the rude ones may send two hundred a second.
 */
const marginBytes = 16_000_000;

const deadlineMs = 60_000;
const earlier = 100;

function spawn(name: string, ...words: readonly string[]): ChildProcess {
  const path = join(import.meta.dirname, name);
  return fork(path, [...words], { execArgv: ['--expose-gc'], stdio: 'inherit' });
}

/** The next of its answers. */
async function answerOf(child: ChildProcess, what: string) {
  const answer = once(child, 'message', { signal: AbortSignal.timeout(deadlineMs) });
  child.send(what);
  const [told] = await answer;
  return told;
}

const order = (child: ChildProcess, what: Order): Promise<State> => answerOf(child, what);

/** Asks until it is so. */
async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = realTimers.nowMs() + deadlineMs;
  while (!(await isSo())) {
    if (realTimers.nowMs() > end) throw new Error(`it never came about that ${what}`);
    await new Promise<void>((resolve) => realTimers.after(50, resolve));
  }
}

/** The first third is to grow warm; of each other one the middle, for single looks vary. */
function growthOf(kept: readonly number[]): number {
  const third = Math.floor(kept.length / 3);
  const middleOf = (part: readonly number[]) =>
    part.toSorted((one, other) => one - other)[part.length >> 1] ?? 0;
  return middleOf(kept.slice(-third)) - middleOf(kept.slice(third, -third));
}

/** What is wrong with what came of it; nothing where all is well. */
export function wrongWith(came: Flood): readonly string[] {
  const { failures, wronged, heard, banned, growth } = came;
  return [
    ...failures,
    ...(wronged > 0 ? ['the honest one banned the node'] : []),
    ...(heard === 0 ? ['no block was heard of'] : []),
    ...(banned === 0 ? ['nobody was banned'] : []),
    ...(growth > marginBytes ? [`${growth} bytes more are kept at the end`] : []),
  ];
}

/** For the soak: says in a line what came of a flood, and answers what is wrong with it. */
export async function soakFlood(
  seconds: number,
  say: (line: string) => void,
): Promise<readonly string[]> {
  const came = await flood(seconds);
  const { heard, told, banned, deeds, growth, rssBytes } = came;
  const rudeness = Object.values(deeds).reduce((sum, each) => sum + each, 0);
  say(`a flood of ${seconds} s, ${rudeness} times rude: ${banned} were banned,`);
  say(`${heard} blocks were heard of and ${told} told; ${growth} bytes more, ${rssBytes} in all`);
  return wrongWith(came);
}

/** Floods a node for so long, and answers what came of it. */
export async function flood(seconds: number): Promise<Flood> {
  const besieged = spawn('flood.child.ts');
  for (let i = 0; i < earlier; i++) await order(besieged, 'mine');
  const { address } = await order(besieged, 'state');
  const rude = spawn('flood.rude.child.ts', address);
  const honest = await settle([address]);
  const { node } = honest;
  try {
    const end = realTimers.nowMs() + seconds * 1_000;
    await until(() => node.chain.tip.height === earlier, 'the honest one caught up');
    const looks: State[] = [];
    let [heard, told] = [0, 0];
    while (realTimers.nowMs() < end || looks.length < 6) {
      const { height } = await order(besieged, 'mine');
      await until(() => node.chain.tip.height === height, 'the honest one heard of a block');
      heard++;
      await honest.mine();
      const isTold = async () => (await order(besieged, 'state')).height === height + 1;
      await until(isTold, 'the besieged one heard of a block');
      told++;
      looks.push(await order(besieged, 'state'));
    }
    const { failures, banned } = looks.at(-1) ?? { failures: ['there was no look'], banned: 0 };
    let deeds: Flood['deeds'] = {};
    await until(async () => {
      deeds = await answerOf(rude, 'deeds');
      return Object.values(deeds).every((count) => count > 0);
    }, 'all were rude');
    return {
      deeds,
      ...{ synced: earlier, heard, told, banned, failures, wronged: honest.banned.size },
      growth: growthOf(looks.map(({ heapBytes, outsideBytes }) => heapBytes + outsideBytes)),
      rssBytes: looks.at(-1)?.rssBytes ?? 0,
    };
  } finally {
    rude.kill();
    await honest.stop();
    besieged.kill();
  }
}
