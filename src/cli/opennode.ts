/** Opens a node on this machine: LevelDB beneath it, an engine beside, and whoever searches. */
import { join } from 'node:path';
import type { VerifyAll } from '../chain/chain.ts';
import type { Params } from '../consensus/params.ts';
import { type DoorParts, LocalDoor } from '../node/localdoor.ts';
import { Node, type NodeOptions } from '../node/node.ts';
import { type SignatureEngine, verify } from '../primitives/signature.ts';
import { checksum, type OpenDatabase, openDatabase } from './leveldb.ts';
import { now, random } from './machine.ts';
import { checkAllTables } from './tablecheck.ts';

export interface OpenNode {
  readonly node: Node;
  readonly close: () => Promise<void>;
}

export interface NodeSettings {
  readonly params: Params;
  /** What is not said stays as it is; a new database has indexes. */
  readonly hasIndex?: boolean;
  /** Whether a write must outlive a loss of power; see `ChainOptions`. */
  readonly isSynced?: () => boolean;
  /** The time in seconds since 1970; the machine's where nothing is said. */
  readonly now?: () => number;
  /** Who searches for nonces; only a node that has one can mine. */
  readonly search?: NodeOptions['search'];
  /** What waiting payments may take of the memory. */
  readonly maxMempoolBytes?: number;
}

export async function openNode(folder: string, settings: NodeSettings): Promise<OpenNode> {
  return openNodeOn(await openDatabase(folder), settings);
}

/** A node on a database that is open already; it is closed with the node. */
export async function openNodeOn(open: OpenDatabase, settings: NodeSettings): Promise<OpenNode> {
  const { database, last } = open;
  try {
    const outside = { database, last, checksum, random, verifyAll, now, search: noSearch };
    const node = await Node.open({ ...outside, ...settings });
    const { chain } = node;
    if (settings.hasIndex === false && (await chain.store.indexTip()) !== undefined) {
      await chain.writer.dropIndexes();
    }
    return { node, close: open.close };
  } catch (error) {
    await open.close();
    throw error;
  }
}

/** A door to a node that is opened for it. */
export async function openLocalDoor(folder: string, settings: NodeSettings) {
  const { node, close } = await openNode(folder, settings);
  const door = new LocalDoor({
    ...beneath(folder),
    node,
    submitBlock: (block) => node.submitBlock(block),
    submitPayment: (transaction) => node.submitPayment(transaction),
    mine: (script, signal) => node.mine(script, signal),
  });
  return { door, close };
}

/** What this machine does for the door to a node on this folder. */
export function beneath(folder: string) {
  return {
    now,
    verifyAll,
    checkFiles: () => checkAllTables(join(folder, 'chain')),
    engine: async () => (await signatureEngine()).name,
  } satisfies Partial<DoorParts>;
}

const noSearch: NodeOptions['search'] = () => {
  throw new Error('assertion failed: this node was opened by somebody who does not mine');
};

let engine: Promise<SignatureEngine> | undefined;

/** The engine of this process, loaded when it is first needed. */
export function signatureEngine(): Promise<SignatureEngine> {
  engine ??= loadBestEngine();
  return engine;
}

async function loadBestEngine(): Promise<SignatureEngine> {
  const { chooseEngine, loadEngines } = await import('./engine.ts');
  return chooseEngine(await loadEngines());
}

const verifyAll: VerifyAll = async (checks) => {
  if (checks.length === 0) return undefined;
  const chosen = await signatureEngine();
  return checks.find((check) => !verify(check, chosen));
};
