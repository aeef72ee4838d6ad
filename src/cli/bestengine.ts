/** The signature engine of this process, loaded when it is first needed. */
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
