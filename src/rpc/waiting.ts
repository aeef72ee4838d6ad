/** Waiting: methods that answer once the chain has changed. */
import type { Entry } from '../chain/entry.ts';
import type { Context } from './method.ts';

export interface Awaited {
  readonly isWanted: (tip: Entry) => boolean;
  /** How long it is waited for at most; 0 for ever. */
  readonly ms: number;
}

/** The first tip from now on that is wanted; or the tip at the end of the time or the signal. */
export async function untilTip(
  { node, wait }: Context,
  { isWanted, ms }: Awaited,
  signal: AbortSignal,
): Promise<Entry> {
  const done = new AbortController();
  let isOver = signal.aborted;
  let wake = () => {};
  const stop = () => {
    isOver = true;
    wake();
  };
  const leave = node.events.listen(({ kind }) => {
    if (kind !== 'tx') wake();
  });
  signal.addEventListener('abort', stop, { once: true });
  if (ms > 0) void wait(ms, AbortSignal.any([signal, done.signal])).then(stop);
  try {
    for (;;) {
      // Before the tip is read, so that no change can come between unnoticed.
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const tip = await node.read(async (view) => view.tip);
      if (isOver || isWanted(tip)) return tip;
      await promise;
    }
  } finally {
    leave();
    signal.removeEventListener('abort', stop);
    done.abort();
  }
}
