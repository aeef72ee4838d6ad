/** The signature checks of this process: who does them, and in how many threads. */
import { availableParallelism } from 'node:os';
import { signatureEngine } from './bestengine.ts';
import { breathe } from './breath.ts';
import { newSignatureThreads, SignaturePool } from './signaturepool.ts';

export const signatures = new SignaturePool({
  threads: newSignatureThreads(availableParallelism()),
  engine: signatureEngine,
  breathe,
});
