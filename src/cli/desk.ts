/**
 * The desk: what a command may ask of the world, and how it answers.
 *
 * The answer goes to stdout, as text or with `--json` as JSON. All else, progress and remarks, goes
 * to stderr.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readNetwork } from '../consensus/network.ts';
import { builtIn, type Params } from '../consensus/params.ts';
import type { Node } from '../node/node.ts';
import { DecodeError } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import type { Keyring } from './keyring.ts';
import { cipher, defaultDatadir, now, random } from './machine.ts';
import type { DoorSettings, OpenDoor } from './opendoor.ts';
import type { WalletFiles } from './walletfiles.ts';

/** The options that every command has. */
export interface GlobalOptions {
  readonly network: string;
  readonly datadir?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** What a command may say of the node that it opens. */
type DeskNodeSettings = Omit<DoorSettings, 'params'>;

/** What knows wallets, and many libraries beneath: handed in where a command asks for wallets. */
export interface WalletClasses {
  readonly Keyring: typeof Keyring;
  readonly WalletFiles: typeof WalletFiles;
}

/** What a desk offers to a command that asks for no wallet. */
export type DeskWithoutWallets = Omit<Desk, 'wallets' | 'keyring' | 'lockWallets'>;

export class Desk {
  readonly params: Params;
  /** Where all of this network lies. */
  readonly folder: string;
  readonly datadir: string;
  readonly cipher = cipher;
  readonly random = random;
  /** The time in seconds since 1970, or what it is said to be. */
  readonly now = () => this.#saidTime || now();
  #saidTime = 0;
  readonly options: GlobalOptions;
  readonly #classes: WalletClasses | undefined;
  readonly #wallets: WalletFiles | undefined;
  readonly #closers: (() => Promise<unknown>)[] = [];
  #isProgressing = false;

  constructor(options: GlobalOptions, classes?: WalletClasses) {
    this.options = options;
    this.#classes = classes;
    this.params = findNetwork(options.network);
    this.datadir = options.datadir ?? defaultDatadir();
    this.folder = join(this.datadir, this.params.name);
    this.#wallets = classes && new classes.WalletFiles(this.folder, this.params);
  }

  get wallets(): WalletFiles {
    if (!this.#wallets) throw new Error('assertion failed: this command asks for no wallet');
    return this.#wallets;
  }

  /** From now on the clock stands at this time; 0 lets it run again. */
  setTime(time: number): void {
    this.#saidTime = time;
  }

  /** Is the answer to be JSON? */
  get isForPrograms(): boolean {
    return this.options.json === true;
  }

  keyring(): Keyring {
    if (!this.#classes) throw new Error('assertion failed: this command asks for no wallet');
    return new this.#classes.Keyring(this.wallets.all(), this.params);
  }

  /** Opens the door to the chain, whoever has it; it is closed when the command ends. */
  async openDoor(settings: DeskNodeSettings = {}): Promise<OpenDoor> {
    const { openDoor } = await import('./opendoor.ts');
    const opened = await openDoor(this.folder, { params: this.params, ...settings });
    this.#closers.push(opened.close);
    return opened;
  }

  /** Opens the database, which no node may have; it is closed when the command ends. */
  async openNode(settings: DeskNodeSettings = {}): Promise<Node> {
    const { openNode } = await import('./opennode.ts');
    const { params } = this;
    const { node, close } = await openNode(this.folder, { params, now: this.now, ...settings });
    this.#closers.push(close);
    return node;
  }

  /**
   * Keeps other processes from writing wallets until it is let go of, or the command ends; what was
   * read before counts no more. Who needs the database too opens it first, so that nobody waits in
   * a circle.
   */
  async lockWallets(): Promise<() => Promise<void>> {
    const release = await this.wallets.lock();
    this.#closers.push(release);
    return release;
  }

  /** Does this when the command ends, however it does. */
  atEnd(closer: () => Promise<unknown>): void {
    this.#closers.push(closer);
  }

  /** Lets go of all that the command opened. */
  async close(): Promise<void> {
    this.#endProgress();
    for (const close of this.#closers.splice(0).toReversed()) await close();
  }

  /** The answer: lines for people, or the value for programs. */
  answer(lines: string | readonly string[], value: unknown): void {
    this.#endProgress();
    const text = this.options.json
      ? JSON.stringify(value, undefined, 2)
      : [lines].flat().join('\n');
    if (text !== '') process.stdout.write(`${text}\n`);
  }

  /** An answer that is the same for people and for programs. */
  print(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /** A line of the answer for people, as soon as it is known. */
  say(line: string): void {
    if (!this.options.json) process.stdout.write(`${line}\n`);
  }

  /** A remark beside the answer. */
  note(line: string): void {
    if (!this.options.quiet && !this.options.json) process.stderr.write(`${line}\n`);
  }

  /** What is going on, on a terminal only, on a line that the next one replaces. */
  progress(line: string): void {
    if (!process.stderr.isTTY || this.options.quiet || this.options.json) return;
    process.stderr.write(`\r\u001b[K${line}`);
  }

  /** Progress that counts, of a total where it is known. The line is gone before the answer. */
  counter(what: string, total?: number): (count: number) => void {
    let last = 0;
    return (count) => {
      const time = performance.now();
      if (time - last < progressMs) return;
      last = time;
      this.progress(`${what} ${count}${total === undefined ? '' : ` of ${total}`} …`);
      this.#isProgressing = true;
    };
  }

  /** Takes the line of progress away, where there is one. */
  #endProgress(): void {
    if (this.#isProgressing) this.progress('');
    this.#isProgressing = false;
  }

  /** Says what is going on while this work lasts. */
  patiently<T>(line: string, work: () => T): T {
    this.progress(line);
    try {
      return work();
    } finally {
      this.progress('');
    }
  }
}

/** Often enough to be seen moving. */
const progressMs = 200;

function findNetwork(name: string): Params {
  const known = builtIn.find((each) => each.name === name);
  if (known) return known;
  if (!existsSync(name)) {
    const names = builtIn.map((each) => each.name).join(', ');
    throw new Fault('unknown-network', `there is no network or file '${name}'; built in: ${names}`);
  }
  try {
    return readNetwork(readFileSync(name, 'utf8'));
  } catch (error) {
    if (error instanceof DecodeError) throw new Fault('bad-network', error.message, error);
    throw new Fault('bad-network', `cannot read ${name}: ${String(error)}`, error);
  }
}
