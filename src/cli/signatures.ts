/** The signature checks of this process: who does them, and in how many threads. */
import { availableParallelism } from 'node:os';
import { signatureEngine } from './bestengine.ts';
import { breathe } from './breath.ts';
import { threadCount } from './miningpool.ts';
import { SignaturePool } from './signaturepool.ts';
import { SignatureThread } from './signaturethread.ts';

/** The first check to come starts a thread, and all cores but one have theirs. */
export const signatures = new SignaturePool({
  threads: Array.from({ length: threadCount(undefined, availableParallelism()) }, () => {
    return new SignatureThread();
  }),
  engine: signatureEngine,
  breathe,
});
