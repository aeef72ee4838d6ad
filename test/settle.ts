/** Lets every promise go on that can: the one thing that the lab asks of the machine. */
import type { Settle } from '../src/lab/clock.ts';

/** The next turn of the event loop comes after all promises that wait for nothing else. */
export const settle: Settle = () => new Promise((resolve) => setImmediate(resolve));
