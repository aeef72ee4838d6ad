/**
 * Crashes: a real process on a real disk, killed without a warning, and what must be true of the
 * folder that it leaves.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import { Chain } from '../src/chain/chain.ts';
import { type Entry, hashOf } from '../src/chain/entry.ts';
import { demandDigest } from '../src/chain/missing.ts';
import type { Store } from '../src/chain/store.ts';
import { type Block, hashHeader } from '../src/primitives/block.ts';
import { encode } from '../src/primitives/codec.ts';
import { openDisk } from './disk.ts';
import { diceOf, Forest, type ForestPlan, Wood } from './forest.ts';
import { grass, machine, memory, noon } from './grove.ts';

/** What a child is told. */
export interface Life {
  /** Of the database. */
  readonly folder: string;
  /** The file of what it hands in. */
  readonly forest: string;
  /** It dies before or after this batch, counted from one. */
  readonly batch?: number;
  readonly when?: 'before' | 'after';
}

const childFile = join(import.meta.dirname, 'crash.child.ts');
const deadlineMs = 30_000;

/** Lives this life until it ends by itself, or is killed after so many lines of news. */
async function live(life: Life, newsUntilKilled = Number.POSITIVE_INFINITY): Promise<string[]> {
  const words = [childFile, JSON.stringify(life)];
  // So that no child has to read the same sources anew.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(dirname(life.forest), 'compiled') };
  const child = spawn(process.execPath, words, { timeout: deadlineMs, stdio: 'pipe', env });
  const errors = text(child.stderr);
  const lines: string[] = [];
  let news = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (!line.startsWith('known')) news++;
    // What it goes on to do until the signal is there is left to chance.
    if (news >= newsUntilKilled || line === 'done') child.kill('SIGKILL');
  }
  await demandKilled(child, errors);
  return lines;
}

async function demandKilled(child: ChildProcess, errors: Promise<string>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  const { exitCode, signalCode } = child;
  if (signalCode === 'SIGKILL') return;
  throw new Error(`the child ended with ${exitCode ?? signalCode}: ${await errors}`);
}

/** A history, the file in which children read it, and the folders that they leave. */
export class Graveyard {
  readonly blocks: readonly Block[];
  kills = 0;
  readonly #root = mkdtempSync(join(tmpdir(), 'chain-crash-'));
  /** The coins at each tip that was looked at. */
  readonly #coins = new Map<string, readonly unknown[]>();
  #folders = 0;

  constructor(plan: ForestPlan) {
    this.blocks = new Wood(plan).blocks;
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }

  newFolder(from?: string): string {
    const folder = join(this.#root, `folder ${this.#folders++}`);
    if (from) cpSync(from, folder, { recursive: true });
    return folder;
  }

  /** Kills children at moments of chance; those that come after go on where they were. */
  async killAtRandom(kills: number, seed: number): Promise<void> {
    const roll = diceOf(seed);
    const forest = this.#write(0, this.blocks.length);
    let folder = this.newFolder();
    let acknowledged: string[] = [];
    for (let i = 0; i < kills; i++) {
      const lines = await live({ folder, forest }, 1 + roll(24));
      this.kills++;
      acknowledged = [...acknowledged, ...readAcknowledged(lines)];
      await this.check(folder, acknowledged);
      if (!lines.includes('done')) continue;
      folder = this.newFolder();
      acknowledged = [];
    }
  }

  /** A folder with the first blocks, closed as is proper. */
  async grow(count: number): Promise<string> {
    const folder = this.newFolder();
    const { node, close } = await openDisk(folder);
    for (const block of this.blocks.slice(0, count)) await node.submitBlock(block);
    await close();
    return folder;
  }

  /**
   * Lets a child die at this batch, in a copy of the folder, while it hands in the block of this
   * number. Answers what it left, or nothing where there are fewer batches than that.
   */
  async dieAt(
    from: string,
    number: number,
    { batch, when }: Required<Pick<Life, 'batch' | 'when'>>,
  ): Promise<string | undefined> {
    const folder = this.newFolder(from);
    const lines = await live({ folder, forest: this.#write(number, 1), batch, when });
    this.kills++;
    const known = this.blocks.slice(0, number).map(({ header }) => hashHeader(header));
    const copy = this.newFolder(folder);
    await this.check(folder, [...known, ...readAcknowledged(lines)]);
    return lines.includes('done') ? undefined : copy;
  }

  /** Opens what a crash left: nothing is lost or torn, and the heaviest block is the tip. */
  async check(folder: string, acknowledged: readonly string[]): Promise<void> {
    const { node, close } = await openDisk(folder);
    try {
      const { store, tip } = node.chain;
      const known = await this.#readKnown(store);
      for (const hash of acknowledged) demand(known.has(hash), `${hash} is lost`);
      for (const { work } of known.values())
        demand(work <= tip.work, 'the tip is not the heaviest');
      demand(await store.hasIndex(), 'the index is behind');
      await demandDigest(store, node.chain.guard);
      const expected = await this.#coinsAt(store, tip);
      demand(isDeepStrictEqual(await coinsOf(store), expected), 'the coins are torn');
    } finally {
      await close();
    }
  }

  /** Every block that is known can be read, and none is deemed bad. */
  async #readKnown(store: Store): Promise<ReadonlyMap<string, Entry>> {
    const known = new Map<string, Entry>();
    for (const block of this.blocks) {
      const hash = hashHeader(block.header);
      const entry = await store.entry(hash);
      if (!entry) continue;
      known.set(hash, entry);
      demand(!entry.isFailed, `${hash} is deemed bad`);
      demand(isDeepStrictEqual(await store.block(entry), block), `${hash} is another block`);
    }
    return known;
  }

  /** The coins of a chain that was only ever handed the active blocks. */
  async #coinsAt(store: Store, tip: Entry): Promise<readonly unknown[]> {
    const found = this.#coins.get(hashOf(tip));
    if (found) return found;
    // Every signature was checked when it was drawn.
    const verifyAll = async () => undefined;
    const chain = await Chain.open({ database: memory(), ...machine, params: grass, verifyAll });
    for (let height = 1; height <= tip.height; height++) {
      await chain.accept(await store.block(await store.activeEntry(height)), noon);
    }
    demand(hashOf(chain.tip) === hashOf(tip), 'the active chain is torn');
    const coins = await coinsOf(chain.store);
    this.#coins.set(hashOf(tip), coins);
    return coins;
  }

  /** Writes the file of so many blocks, from this one on. */
  #write(first: number, count: number): string {
    const path = join(this.#root, `${count} from ${first}`);
    const blocks = this.blocks.slice(first, first + count);
    writeFileSync(path, encode(Forest, { blocks, waiting: [] }));
    return path;
  }
}

function demand(isTrue: boolean, problem: string): void {
  if (!isTrue) throw new Error(problem);
}

function readAcknowledged(lines: readonly string[]): string[] {
  return lines
    .filter((line) => /^(connected|side|known) /.test(line))
    .map((line) => line.split(' ')[1] ?? '');
}

async function coinsOf(store: Store): Promise<readonly unknown[]> {
  const coins: unknown[] = [];
  for await (const named of store.allCoins()) coins.push(named);
  return coins;
}
