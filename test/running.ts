/** A node that runs in a process of its own, and what it tells. */
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { start } from './terminal.ts';

const deadlineMs = 40_000;

export interface Started {
  readonly child: ChildProcess;
  readonly datadir: string;
  /** The next record of its log with this message. */
  readonly hear: (message: string) => Promise<Record<string, unknown>>;
}

/** Starts a node on any port, and waits until it says that it runs. */
export async function startNode(datadir: string, ...words: readonly string[]): Promise<Started> {
  const child = start(['startnode', '--http-port', '0', '--json', ...words], { datadir });
  const input = child.stdout ?? process.stdin;
  const reader = createInterface({ input, signal: AbortSignal.timeout(deadlineMs) });
  const records = reader[Symbol.asyncIterator]();
  const hear = async (message: string) => {
    for (;;) {
      const { value, done } = await records.next();
      if (done) throw new Error(`the node ended before it said: ${message}`);
      const record = JSON.parse(value);
      if (record.message === message) return record;
    }
  };
  await hear('the node runs');
  return { child, datadir, hear };
}

/** Where something of this folder's network lies. */
export function fileIn(datadir: string, name: string, network = 'regtest'): string {
  return join(datadir, network, name);
}
