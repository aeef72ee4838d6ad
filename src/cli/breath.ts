/** Breath on this machine: who works for long pauses, and whatever came meanwhile gets its turn. */
import { setImmediate as pause } from 'node:timers/promises';
import type { Breathe } from '../chain/breathe.ts';

/**
 * How long work may go on at a stretch. A question comes back to it some five times, for each of
 * its reads from the disk, and so waits as often.
 */
const stretchMs = 3;

let begin = performance.now();

export const breathe: Breathe = async () => {
  if (performance.now() - begin < stretchMs) return;
  await pause();
  begin = performance.now();
};
