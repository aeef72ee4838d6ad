/** Breath on this machine: who works for long pauses, and whatever came meanwhile gets its turn. */
import { setImmediate as letOthers, setTimeout as rest } from 'node:timers/promises';
import type { Breathe } from '../chain/breathe.ts';

/** How long work may go on at a stretch. */
const stretchMs = 2;
/**
 * How long it rests while a question is open. An answer reads from the disk some ten times, one
 * after the other: after a bare pause it would wait for the next one at each of them.
 */
const restMs = 1;
/** A question that is open for longer waits for something to happen, not for its answer's work. */
const patienceMs = 500;

let begin = performance.now();
let questions = 0;
let lastAsked = 0;

/** Work rests longer until this question is answered. */
export async function attend<T>(answer: () => Promise<T>): Promise<T> {
  questions++;
  lastAsked = performance.now();
  try {
    return await answer();
  } finally {
    questions--;
  }
}

export const breathe: Breathe = async () => {
  const now = performance.now();
  if (now - begin < stretchMs) return;
  const isAsked = questions > 0 && now - lastAsked < patienceMs;
  await (isAsked ? rest(restMs) : letOthers());
  begin = performance.now();
};
