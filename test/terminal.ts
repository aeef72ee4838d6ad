/**
 * A terminal for tests: it starts the real program in a process of its own, as a person would.
 *
 * Everything is waited for, with a deadline, and every folder is removed when its file is done.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect } from 'vitest';
import { type Params, regtest } from '../src/consensus/params.ts';
import { addressOf } from '../src/primitives/address.ts';
import { readWallet } from '../src/wallet/file.ts';
import { Keys, PublicKeys } from '../src/wallet/keys.ts';

/** The way in, as `npx chain` finds it. */
export const launcher = join(import.meta.dirname, '../scripts/chain.js');

/** Longer than any command takes, the ten seconds of waiting for another one included. */
const deadlineMs = 40_000;

/** Where a command is typed. */
export interface Place {
  readonly datadir: string;
  /** Beside PATH and the like; regtest unless it says otherwise. */
  readonly env?: Readonly<Record<string, string>>;
  /** Which Node it is typed with; else this one. */
  readonly node?: string;
  /** What is piped into it. */
  readonly input?: string;
  /** Who types it; else who runs the tests. */
  readonly uid?: number;
  /** In which folder; else where the tests are run. */
  readonly cwd?: string;
}

/** What the program said, and how it ended. */
export interface Said {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

const folders: string[] = [];
const started: ChildProcess[] = [];
afterAll(() => {
  // Only a test that failed has left one running.
  for (const { pid, exitCode, signalCode } of started.splice(0)) {
    if (pid !== undefined && exitCode === null && signalCode === null)
      process.kill(-pid, 'SIGKILL');
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A new empty folder. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chain-test-'));
  folders.push(folder);
  return folder;
}

/** A folder of one's own with what is in this one, which nobody may be using. */
export function copyOf(folder: string): string {
  const copy = newFolder();
  cpSync(folder, copy, { recursive: true });
  return copy;
}

/** Types a command, and answers what came of it. */
export function run(words: readonly string[], place: Place): Promise<Said> {
  const { node = process.execPath, uid, cwd } = place;
  const options = {
    env: environment(place),
    timeout: deadlineMs,
    maxBuffer: 2 ** 26,
    ...(cwd === undefined ? {} : { cwd }),
    ...(uid === undefined ? {} : { uid, cwd: '/' }),
  };
  return new Promise((resolve, reject) => {
    const child = execFile(node, [launcher, ...words], options, (error, stdout, stderr) => {
      const code = child.exitCode;
      if (code === null) reject(error ?? new Error(`chain ${words.join(' ')} did not end`));
      else resolve({ stdout, stderr, code });
    });
    child.stdin?.end(place.input ?? '');
  });
}

/** Types a command that must do, and answers its lines. */
export async function lines(words: readonly string[], place: Place): Promise<readonly string[]> {
  const { stdout, stderr, code } = await run(words, place);
  expect(code, stderr).toBe(0);
  return stdout.trimEnd().split('\n');
}

/** Types a command that must do with `--json`, and answers its value. */
export async function ask<T>(words: readonly string[], place: Place): Promise<T> {
  const { stdout, stderr, code } = await run([...words, '--json'], place);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

/** Types a wrong command, plainly and with `--json`, and expects this refusal of both. */
export async function refused(
  words: readonly string[],
  place: Place,
  code: string,
  says = '',
): Promise<void> {
  const answers = [run(words, place), run(['--json', ...words], place)];
  const [plain, json] = await Promise.all(answers);
  if (plain && json) expectRefusal(plain, json, code, says);
}

/** Starts a command in a process group of its own, as a terminal does, and leaves it running. */
export function start(words: readonly string[], place: Place): ChildProcess {
  const { node = process.execPath } = place;
  const env = environment(place);
  const child = spawn(node, [launcher, ...words], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return track(child);
}

/** Sees to it that a process, which leads a group of its own, does not outlive its tests. */
export function track<T extends ChildProcess>(child: T): T {
  started.push(child);
  return child;
}

/** The first lines that a running command prints. */
export async function firstLines(child: ChildProcess, count: number): Promise<readonly string[]> {
  const input = child.stdout ?? process.stdin;
  const seen: string[] = [];
  for await (const line of createInterface({ input, signal: AbortSignal.timeout(deadlineMs) })) {
    seen.push(line);
    if (seen.length === count) return seen;
  }
  throw new Error(`there were ${seen.length} lines, not ${count}`);
}

/** Sends a signal to a command's whole process group, as ctrl-C does, and answers how it ended. */
export async function signalGroup(child: ChildProcess, signal: NodeJS.Signals): Promise<unknown[]> {
  const ended = once(child, 'exit', { signal: AbortSignal.timeout(deadlineMs) });
  if (child.pid !== undefined) process.kill(-child.pid, signal);
  return await ended;
}

/** On regtest, two wallets, alice and bob; alice has mined 101 blocks, so that 2 are mature. */
export async function grownFolder(): Promise<string> {
  const datadir = newFolder();
  await lines(['createwallet', '--label', 'alice'], { datadir });
  await lines(['createwallet', '--label', 'bob'], { datadir });
  await lines(['mine', '--blocks', '101', '--to', 'alice'], { datadir });
  return datadir;
}

/** The wallets' files by name, with all that is in them. */
export function walletFiles(datadir: string, network = 'regtest'): ReadonlyMap<string, string> {
  const folder = join(datadir, network, 'wallets');
  const names = readdirSync(folder).toSorted();
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** The first address of a wallet, grown from what its file tells without a password. */
export function addressOfWallet(label: string, datadir: string): string {
  const text = walletFiles(datadir).get(`${label}.json`) ?? '';
  const { accounts } = readWallet(text, regtest.coinType);
  return addressOf(new PublicKeys(accounts).key(firstPath).script, regtest.prefix) ?? '';
}

const firstPath = { kind: 'p2wpkh', isChange: false, index: 0 } as const;

/** The first address that grows from these words. */
export function firstAddress(words: string, { coinType, prefix }: Params): string {
  return addressOf(new Keys(words, coinType).key(firstPath).script, prefix) ?? '';
}

/** What tests look at of a block of `printchain --json`. */
export interface PrintedBlock {
  readonly hash: string;
  readonly height: number;
  readonly previousblockhash?: string;
  readonly tx: readonly {
    readonly txid: string;
    readonly fee?: string;
    readonly vin: readonly {
      readonly txid?: string;
      readonly vout?: number;
      readonly prevout?: PrintedOutput;
    }[];
    readonly vout: readonly PrintedOutput[];
  }[];
}

interface PrintedOutput {
  readonly value: string;
  readonly scriptPubKey: { readonly address?: string; readonly asm: string };
}

/** What `getbalance --json` answers. */
export interface PrintedBalance {
  readonly confirmed: string;
  readonly pending: string;
  readonly immature: string;
  readonly total: string;
}

/** One line on stderr, or the same as JSON on stdout, and the exit code that goes with it. */
function expectRefusal(plain: Said, json: Said, code: string, says: string): void {
  const exit = code === 'usage' ? 2 : 1;
  expect(plain).toMatchObject({ stdout: '', code: exit });
  expect(plain.stderr).toMatch(new RegExp(`^error: ${code}: [^\\n]+\\n$`));
  expect(plain.stderr).toContain(says);
  const message = plain.stderr.trimEnd().slice(`error: ${code}: `.length);
  expect(json).toMatchObject({ stderr: '', code: exit });
  expect(JSON.parse(json.stdout)).toEqual({ error: { code, message } });
}

/** The variables of this place: our own, and none that someone set for their `chain`. */
export function environment({ datadir, env = {} }: Place): NodeJS.ProcessEnv {
  const mine = Object.entries(process.env).filter(([name]) => !name.startsWith('CHAIN_'));
  return { ...Object.fromEntries(mine), CHAIN_NETWORK: 'regtest', CHAIN_DATADIR: datadir, ...env };
}
