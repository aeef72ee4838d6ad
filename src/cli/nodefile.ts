/**
 * The file of a running node: how other commands find it.
 *
 * `node.json` says which process it is and where it listens, `.cookie` is what one must know to ask
 * it. Who finds a file whose process is gone finds no node: a crash removes nothing.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../primitives/fault.ts';

/** A node that runs. */
export interface RunningNode {
  readonly pid: number;
  /** When it began, as ISO 8601 has it. */
  readonly started: string;
  /** Where it listens: `http://127.0.0.1:18443`. */
  readonly http: string;
}

const fileOf = (folder: string) => join(folder, 'node.json');
const cookieOf = (folder: string) => join(folder, '.cookie');

/** Writes both files; the cookie first, for who finds the one reads the other. */
export function writeNodeFiles(folder: string, node: RunningNode, credentials: string): void {
  writeSecretly(cookieOf(folder), credentials);
  writeSecretly(fileOf(folder), `${JSON.stringify(node)}\n`);
}

/** A file that only its owner can read, whole from the moment it is there. */
export function writeSecretly(path: string, text: string): void {
  const fresh = `${path}.new`;
  rmSync(fresh, { force: true });
  writeFileSync(fresh, text, { mode: 0o600 });
  renameSync(fresh, path);
}

export function removeNodeFiles(folder: string): void {
  rmSync(fileOf(folder), { force: true });
  rmSync(cookieOf(folder), { force: true });
}

/** The node that this folder's file names, where its process is there. */
export function findNode(folder: string): RunningNode | undefined {
  const path = fileOf(folder);
  if (!existsSync(path)) return undefined;
  const node = parse(readFileSync(path, 'utf8'));
  return node && isAlive(node.pid) ? node : undefined;
}

/** The secret of this folder's node. */
export function readCookie(folder: string): string {
  const path = cookieOf(folder);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Fault('no-cookie', `cannot read ${path}: are you its owner?`, error);
  }
}

/** What a command hears that cannot go on beside a node. */
export function nodeRunning({ pid, http }: RunningNode, cause?: unknown): Fault {
  const problem = `a node runs here (process ${pid}, ${http})`;
  const remedy = 'this needs the database for itself: run chain stop first';
  return new Fault('node-running', `${problem}, and ${remedy}`, cause);
}

/** A file that somebody cut short or wrote himself names no node. */
function parse(text: string): RunningNode | undefined {
  try {
    const { pid, started, http } = JSON.parse(text);
    const isSound = Number.isInteger(pid) && pid > 0 && typeof started === 'string';
    return isSound && typeof http === 'string' ? { pid, started, http } : undefined;
  } catch {
    return undefined;
  }
}

/** Is there such a process? It is sent nothing. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
