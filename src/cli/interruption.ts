/**
 * Interruption: ctrl-C or a polite kill while a command works. The command is told, and ends where
 * it can be left; then the process dies of that same signal, so that a shell sees what happened.
 */
import { Fault } from '../primitives/fault.ts';

const names = ['SIGINT', 'SIGTERM'] as const;

/** How long a command has to find its end. Who asks twice does not wait. */
const patienceMs = 800;

export interface Interruption {
  /** Aborted when somebody interrupts. */
  readonly signal: AbortSignal;
  /** Called when all is put away: from here on a signal does what it always does. */
  readonly end: () => void;
}

export function watchInterruption(): Interruption {
  const controller = new AbortController();
  let came: NodeJS.Signals | undefined;
  const end = () => {
    for (const name of names) process.off(name, interrupt);
    // Of its default action no process comes back.
    if (came) process.kill(process.pid, came);
  };
  const interrupt = (name: NodeJS.Signals) => {
    if (came) return end();
    came = name;
    controller.abort(new Fault('interrupted', 'you broke off'));
    setTimeout(end, patienceMs).unref();
  };
  for (const name of names) process.on(name, interrupt);
  return { signal: controller.signal, end };
}
