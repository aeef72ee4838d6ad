/** The script: what is to happen in a story, drawn from its seed before it begins. */
import type { Chance } from './chance.ts';
import type { Death } from './disk.ts';
import { type LieName, lies } from './liars.ts';
import type { Doom } from './simnode.ts';
import type { Weather } from './wire.ts';

/** Something that happens. Nodes are named by their numbers. */
export type Scene =
  /** A wall with these on one side of it, for so long. */
  | { readonly kind: 'wall'; readonly apart: readonly number[]; readonly forMs: number }
  /** A node dies in a write to come. */
  | { readonly kind: 'doom'; readonly node: number; readonly doom: Doom }
  /** A node dies at once, and after so long is started again, perhaps to die once more in that. */
  | {
      readonly kind: 'crash';
      readonly node: number;
      readonly death: Death;
      readonly forMs: number;
      readonly doom: Doom | undefined;
    }
  /** A person ends a node, and starts it again after so long. */
  | { readonly kind: 'stop'; readonly node: number; readonly forMs: number }
  /** Somebody sets a clock, so far off the true time. */
  | { readonly kind: 'clock'; readonly node: number; readonly seconds: number }
  | { readonly kind: 'payment'; readonly from: number; readonly to: number };

interface Timed {
  readonly atMs: number;
  readonly scene: Scene;
}

export interface Script {
  readonly hours: number;
  /** Of each honest node: its part of the hashes, and whom it knows to begin with. */
  readonly cast: readonly { readonly share: number; readonly peers: readonly number[] }[];
  readonly liars: readonly LieName[];
  /** Blocks that the first node has to begin with. */
  readonly past: number;
  readonly weather: Weather;
  readonly scenes: readonly Timed[];
}

/** What is not a matter of chance. */
export interface Wishes {
  readonly hours?: number;
  readonly nodes?: number;
  readonly liars?: readonly LieName[];
  readonly past?: number;
}

const minuteMs = 60_000;
/** How often something happens to a node, and how often somebody pays. */
const troubleMs = [minuteMs, 3 * minuteMs, 5 * minuteMs];
const paymentMs = [minuteMs / 4, minuteMs, 3 * minuteMs];
/** How far a clock is set off: less than makes two of them differ by five minutes. */
const maxSkewSeconds = 100;
/** Enough for several batches of blocks from several peers at once. */
const maxPast = 200;

export function drawScript(chance: Chance, wishes: Wishes): Script {
  const { hours = 1, nodes = chance.between(4, 8) } = wishes;
  const { liars = drawLiars(chance.stream('liars')) } = wishes;
  const { past = drawPast(chance.stream('past')) } = wishes;
  const cast = drawCast(chance.stream('cast'), nodes);
  const scenes = drawScenes(chance.stream('scenes'), { hours, nodes });
  return { hours, cast, liars, past, weather: drawWeather(chance.stream('weather')), scenes };
}

/** In some stories all but one node have everything still to fetch. */
function drawPast(chance: Chance): number {
  return chance.is(0.25) ? chance.below(maxPast) : 0;
}

function drawLiars(chance: Chance): readonly LieName[] {
  const names = Object.keys(lies).filter((name): name is LieName => name in lies);
  return chance.shuffle(names).slice(0, chance.between(0, 3));
}

/** Everyone knows the one before it, so that all hang together, and some others. */
function drawCast(chance: Chance, nodes: number): Script['cast'] {
  const weights = Array.from({ length: nodes }, () => 0.1 + chance.fraction());
  const total = weights.reduce((sum, each) => sum + each, 0);
  return weights.map((weight, node) => {
    const before = (node + nodes - 1) % nodes;
    const others = Array.from({ length: nodes }, (_, i) => i).filter(
      (each) => each !== node && each !== before && chance.is(0.3),
    );
    return { share: weight / total, peers: [before, ...others] };
  });
}

function drawWeather(chance: Chance): Weather {
  return {
    delayMs: chance.between(5, 400),
    jitterMs: chance.between(0, 500),
    bytesPerSecond: 10 ** (4 + 3 * chance.fraction()),
    loss: chance.is(0.5) ? chance.fraction() * 0.3 : 0,
    duplication: chance.is(0.5) ? chance.fraction() * 0.3 : 0,
    reordering: chance.is(0.5) ? chance.fraction() * 0.3 : 0,
  };
}

interface Extent {
  readonly hours: number;
  readonly nodes: number;
}

function drawScenes(chance: Chance, { hours, nodes }: Extent): readonly Timed[] {
  const anyNode = () => chance.below(nodes);
  const forMs = () => chance.wait(5 * minuteMs);
  const drawn: readonly (() => Scene)[] = [
    () => {
      const apart = Array.from({ length: nodes }, (_, i) => i).filter(() => chance.is(0.5));
      return { kind: 'wall', apart, forMs: chance.wait(15 * minuteMs) };
    },
    () => {
      const doom = chance.is(0.3) ? drawDoom(chance) : undefined;
      return { kind: 'crash', node: anyNode(), death: drawDeath(chance), forMs: forMs(), doom };
    },
    () => ({ kind: 'doom', node: anyNode(), doom: drawDoom(chance) }),
    () => ({ kind: 'stop', node: anyNode(), forMs: forMs() }),
    () => {
      const seconds = chance.between(-maxSkewSeconds, maxSkewSeconds);
      return { kind: 'clock', node: anyNode(), seconds };
    },
  ];
  const pay = (): Scene => ({ kind: 'payment', from: anyNode(), to: anyNode() });
  return [
    ...drawTimes(chance, hours, chance.pick(troubleMs)).map((atMs) => ({
      atMs,
      scene: chance.pick(drawn)(),
    })),
    ...drawTimes(chance, hours, chance.pick(paymentMs)).map((atMs) => ({ atMs, scene: pay() })),
  ];
}

function drawDeath(chance: Chance): Death {
  return chance.is(0.5) ? 'kill' : 'power';
}

function drawDoom(chance: Chance): Doom {
  return { write: chance.below(8), death: drawDeath(chance) };
}

/** Times of what happens every so often. */
function drawTimes(chance: Chance, hours: number, meanMs: number): readonly number[] {
  const times: number[] = [];
  for (let at = chance.wait(meanMs); at < hours * 60 * minuteMs; at += chance.wait(meanMs)) {
    times.push(at);
  }
  return times;
}
