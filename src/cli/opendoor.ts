/**
 * Opens the door to the chain: through the node that runs on this folder, or else on the database
 * itself, which no other process can then have.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Params } from '../consensus/params.ts';
import type { Door } from '../node/door.ts';
import type { NodeOptions } from '../node/node.ts';
import { Fault } from '../primitives/fault.ts';
import { findNode, nodeRunning, type RunningNode } from './nodefile.ts';

export interface DoorSettings {
  readonly params: Params;
  /** What is not said stays as it is; a new database has indexes. */
  readonly hasIndex?: boolean;
  /** Who searches for nonces, where no node does. */
  readonly search?: NodeOptions['search'];
}

export interface OpenDoor {
  readonly door: Door;
  /** The node that it leads to; `undefined` where the database was opened. */
  readonly running: RunningNode | undefined;
  readonly close: () => Promise<void>;
}

/** How long to try where a node is about to come or to go. */
const patienceMs = 10_000;

export async function openDoor(folder: string, settings: DoorSettings): Promise<OpenDoor> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const running = findNode(folder);
    const asked = running && (await goThrough(folder, running, settings));
    if (asked && !(asked instanceof Fault)) return asked;
    const opened = await openHere(folder, settings);
    if (!(opened instanceof Fault)) return opened;
    const why = asked && asked.code !== 'no-node' ? asked : opened;
    // Else it began since we looked, or is about to end.
    const isFinal = why.code !== 'node-running' && why.code !== 'node-silent';
    if (isFinal || Date.now() >= deadline) throw why;
    await wait(50);
  }
}

/** The door to this node, or why it is none: its file may be that of one which was killed. */
async function goThrough(
  folder: string,
  running: RunningNode,
  { hasIndex }: DoorSettings,
): Promise<OpenDoor | Fault> {
  const { HttpDoor } = await import('./httpdoor.ts');
  const door = new HttpDoor(folder, running);
  try {
    await door.greet();
  } catch (error) {
    if (error instanceof Fault && error.code !== 'other-version') return error;
    throw error;
  }
  if (hasIndex === false) throw nodeRunning(running);
  return { door, running, close: async () => {} };
}

/** The door to the database, or why there is none while a node has it. */
async function openHere(folder: string, settings: DoorSettings): Promise<OpenDoor | Fault> {
  const { openLocalDoor } = await import('./opennode.ts');
  try {
    const { door, close } = await openLocalDoor(folder, settings);
    return { door, close, running: undefined };
  } catch (error) {
    if (error instanceof Fault && error.code === 'node-running') return error;
    throw error;
  }
}
