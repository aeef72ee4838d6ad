/**
 * Steps: work that can be left between two of them and taken up again, so that what is long need
 * not hold up all else. The work knows nothing of time: whoever takes the steps decides when to
 * pause, and nobody sees what is half done.
 */
export type Steps<T> = Generator<undefined, T>;

/** Takes all steps, one after the other. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
