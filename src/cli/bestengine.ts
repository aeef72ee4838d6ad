/** The engines of this process, for signatures and for hashes, loaded when they are needed. */
import { useHasher } from '../primitives/hasher.ts';
import type { SignatureEngine } from '../primitives/signature.ts';

let engine: Promise<SignatureEngine> | undefined;

export function signatureEngine(): Promise<SignatureEngine> {
  engine ??= loadBestEngine();
  return engine;
}

async function loadBestEngine(): Promise<SignatureEngine> {
  const { chooseEngine, loadEngines } = await import('./engine.ts');
  return chooseEngine(await loadEngines());
}

/** From now on much is hashed at a time, by the fastest way that this machine has. */
export async function hashFast(): Promise<void> {
  const { chooseHasher } = await import('../primitives/batchhasher.ts');
  useHasher(chooseHasher());
}
