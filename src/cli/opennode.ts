/** Opens a node on this machine: LevelDB beneath it, an engine and a mining thread beside. */
import type { VerifyAll } from '../chain/chain.ts';
import type { Params } from '../consensus/params.ts';
import { Node } from '../node/node.ts';
import { type SignatureEngine, verify } from '../primitives/signature.ts';
import { chooseEngine, loadEngines } from './engine.ts';
import { checksum, now, openDatabase, random } from './machine.ts';
import { MiningThread } from './miningthread.ts';

export interface OpenNode {
  readonly node: Node;
  readonly close: () => Promise<void>;
}

export async function openNode(folder: string, params: Params): Promise<OpenNode> {
  const { database, last, close: closeDatabase } = await openDatabase(folder);
  const thread = new MiningThread();
  const close = async () => {
    await thread.stop();
    await closeDatabase();
  };
  try {
    const search = thread.search.bind(thread);
    const guarded = { database, last, checksum, random };
    const node = await Node.open({ ...guarded, params, verifyAll, now, search });
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

const verifyAll: VerifyAll = async (checks) => {
  if (checks.length === 0) return undefined;
  const chosen = await signatureEngine();
  return checks.find((check) => !verify(check, chosen));
};
