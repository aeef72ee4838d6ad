/** How a thread stands behind others where there are fewer cores than threads. */
import { constants, setPriority } from 'node:os';

const { PRIORITY_LOW, PRIORITY_BELOW_NORMAL } = constants.priority;

/** This thread works with what others leave. */
export function workLast(): void {
  lower(PRIORITY_LOW);
}

/** This thread lets those go first that somebody waits for. */
export function workLater(): void {
  lower(PRIORITY_BELOW_NORMAL);
}

/** On Linux it is a thread's own; elsewhere all of the program would fall behind. */
function lower(priority: number): void {
  if (process.platform === 'linux') setPriority(priority);
}
