/**
 * A member of a demonstration: one node in a process of its own, with free ports and a folder that
 * is removed at the end. What its log and its `/ws` say is kept.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { WebSocket } from 'ws';

const program = join(import.meta.dirname, 'chain.js');
const folder = mkdtempSync(join(tmpdir(), 'chain-fork-'));
const deadline = Date.now() + 60_000;

/** What `/ws` tells of a change of branch. */
export interface ReorgTold {
  readonly fork: { readonly height: number; readonly hash: string };
  readonly disconnected: readonly string[];
  readonly connected: readonly string[];
  /** The payments of what was disconnected that wait again. */
  readonly waiting: readonly string[];
}

/** One node, and what is heard of it. */
export interface Member {
  readonly name: string;
  readonly log: string[];
  /** The changes of branch that its `/ws` told of. */
  readonly reorgs: ReorgTold[];
  /** Where others find it, with its key at the end. */
  readonly address: string;
}

export const members: Member[] = [];
const children: ChildProcess[] = [];
const sockets: WebSocket[] = [];

/** The story ends where something is not so. */
export function expectThat(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`this did not come out as told: ${what}`);
}

export async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  while (!(await isSo())) {
    expectThat(Date.now() < deadline, `${what}, within a minute`);
    await wait(100);
  }
}

function environmentOf(name: string): NodeJS.ProcessEnv {
  const mine = Object.entries(process.env).filter(([key]) => !key.startsWith('CHAIN_'));
  const ours = { CHAIN_NETWORK: 'regtest', CHAIN_DATADIR: join(folder, name) };
  return { ...Object.fromEntries(mine), ...ours };
}

/** Types a command at a node, and answers what it says. */
export async function chain(name: string, ...words: readonly string[]): Promise<string> {
  const env = environmentOf(name);
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...words], { env });
  return stdout.trim();
}

export async function ask(name: string, ...words: readonly string[]) {
  return JSON.parse(await chain(name, ...words, '--json'));
}

/** Starts a node at free ports, and listens to its log and to its `/ws`. */
export async function start(name: string, ...words: readonly string[]): Promise<Member> {
  const free = ['--port', '0', '--http-port', '0', '--listen', '127.0.0.1', '--no-lan'];
  const all = [program, 'startnode', ...free, '--threads', '1', ...words];
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const child = spawn(process.execPath, all, { env: environmentOf(name), stdio: [...stdio] });
  children.push(child);
  const log: string[] = [];
  createInterface({ input: child.stdout ?? process.stdin }).on('line', (line) => log.push(line));
  const find = (fact: string) =>
    log.map((line) => new RegExp(` ${fact}=(\\S+)`).exec(line)?.[1]).find(Boolean) ?? '';
  await until(() => find('address') !== '', `${name} starts`);
  const reorgs: ReorgTold[] = [];
  await listen(new URL('/ws', find('http')), (told) => reorgs.push(told));
  const member = { name, log, reorgs, address: find('address') };
  members.push(member);
  return member;
}

/** Settled once the node has said that it will tell. */
async function listen(url: URL, hear: (told: ReorgTold) => void): Promise<void> {
  url.protocol = 'ws:';
  const socket = new WebSocket(url);
  sockets.push(socket);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.on('error', reject);
  socket.on('open', () => socket.send('{"subscribe":["reorg"]}'));
  socket.on('message', (bytes) => {
    const told = JSON.parse(String(bytes));
    if (told.event === 'reorg') hear(told);
    else resolve();
  });
  await promise;
}

/** Ends all nodes, and leaves nothing of them. */
export async function cleanUp(): Promise<void> {
  for (const socket of sockets) socket.terminate();
  await Promise.all(children.map(end));
  rmSync(folder, { recursive: true, force: true });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const impatient = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(impatient);
}
