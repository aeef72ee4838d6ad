/** Opens a node on this machine: LevelDB beneath it, an engine and a mining thread beside. */
import type { VerifyAll } from '../chain/chain.ts';
import type { Params } from '../consensus/params.ts';
import { Node } from '../node/node.ts';
import { type SignatureEngine, verify } from '../primitives/signature.ts';
import { chooseEngine, loadEngines } from './engine.ts';
import { checksum, type OpenDatabase, openDatabase } from './leveldb.ts';
import { now, random } from './machine.ts';
import { MiningThread } from './miningthread.ts';

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
}

export async function openNode(folder: string, settings: NodeSettings): Promise<OpenNode> {
  return openNodeOn(await openDatabase(folder), settings);
}

/** A node on a database that is open already; it is closed with the node. */
export async function openNodeOn(open: OpenDatabase, settings: NodeSettings): Promise<OpenNode> {
  const { database, last } = open;
  const thread = new MiningThread();
  const close = async () => {
    await thread.stop();
    await open.close();
  };
  try {
    const search = thread.search.bind(thread);
    const outside = { database, last, checksum, random, verifyAll, now, search };
    const node = await Node.open({ ...outside, ...settings });
    const { chain } = node;
    if (settings.hasIndex === false && (await chain.store.indexTip()) !== undefined) {
      await chain.writer.dropIndexes();
    }
    return { node, close };
  } catch (error) {
    await close();
    throw error;
  }
}

let engine: Promise<SignatureEngine> | undefined;

/** The engine of this process, loaded when it is first needed. */
export function signatureEngine(): Promise<SignatureEngine> {
  engine ??= loadEngines().then(chooseEngine);
  return engine;
}

export const verifyAll: VerifyAll = async (checks) => {
  if (checks.length === 0) return undefined;
  const chosen = await signatureEngine();
  return checks.find((check) => !verify(check, chosen));
};
