/** A node that was started as a person would, and is heard as a program would. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Place, start } from './terminal.ts';

const deadlineMs = 40_000;

export interface Started {
  readonly child: ChildProcess;
  readonly datadir: string;
  /** The next record of its log with this message. */
  readonly hear: (message: string) => Promise<Record<string, unknown>>;
  /** All that it has said so far. */
  readonly said: () => string;
}

/** Whatever else runs on this machine, a node of a test is by itself. */
export const alone = ['--port', '0', '--listen', '127.0.0.1', '--no-lan'] as const;

/** Starts a node on any port, and waits until it says that it runs. */
export async function startNode(
  place: string | Place,
  ...words: readonly string[]
): Promise<Started> {
  const { datadir, env = {} } = typeof place === 'string' ? { datadir: place } : place;
  const all = ['startnode', ...alone, '--http-port', '0', '--json', ...words];
  const child = start(all, { datadir, env });
  const input = child.stdout ?? process.stdin;
  const reader = createInterface({ input, signal: AbortSignal.timeout(deadlineMs) });
  const records = reader[Symbol.asyncIterator]();
  const said: string[] = [];
  reader.on('line', (line) => said.push(line));
  const hear = async (message: string) => {
    for (;;) {
      const { value, done } = await records.next();
      if (done) throw new Error(`the node ended before it said: ${message}`);
      const record = JSON.parse(value);
      if (record.message === message) return record;
    }
  };
  await hear('the node runs');
  return { child, datadir, hear, said: () => said.join('\n') };
}

/** A file of the node's network. */
export function fileIn(datadir: string, name: string, network = 'regtest'): string {
  return join(datadir, network, name);
}

/** Where the node of this folder listens. */
export function portIn(datadir: string): number {
  return Number(new URL(JSON.parse(readFileSync(fileIn(datadir, 'node.json'), 'utf8')).http).port);
}
