/** Fresh nodes over libp2p: each of them completes. `npm run soak` starts more. */
import { expect, test } from 'vitest';
import { startFresh } from './freshstarts.ts';

test('5 of 5 fresh nodes take a thousand blocks from one peer, and ask for each once', async () => {
  expect(await startFresh(5)).toEqual([]);
});
