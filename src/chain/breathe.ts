/**
 * Breath: long work pauses now and then, so that what came meanwhile gets its turn.
 *
 * Work in a turn may pause anywhere: who reads has a view of before, and whoever would change
 * something waits for the turn.
 */
import type { Steps } from '../primitives/steps.ts';

/** Pauses, where it is time to. Called often: once for each of many things. */
export type Breathe = () => Promise<void>;

/** For whoever works alone. */
export const breathless: Breathe = () => Promise.resolve();

/** Takes all steps, with a breath between any two. */
export async function inSteps<T>(steps: Steps<T>, breathe: Breathe): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await breathe();
  }
}
