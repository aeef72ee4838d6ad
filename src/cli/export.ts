/**
 * `chain export`: the blocks of the chain, in a file that other nodes take them from.
 *
 * Under its name the file is whole or not there: it is written as a draft beside it first.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { encodeRecord } from '../chain/bootstrap.ts';
import { type Entry, hashOf } from '../chain/entry.ts';
import { magicOf } from '../consensus/params.ts';
import type { Door } from '../node/door.ts';
import { Fault } from '../primitives/fault.ts';
import type { DeskWithoutWallets } from './desk.ts';

export async function exportChain(desk: DeskWithoutWallets, path: string): Promise<void> {
  const draft = new Draft(path);
  try {
    const { door } = await desk.openDoor();
    const { tip } = await door.status();
    const checked = await writeBlocks(desk, door, { tip, draft });
    draft.publish();
    const { height } = tip;
    const hash = hashOf(tip);
    const count = `${checked} block${checked === 1 ? '' : 's'}`;
    const line = `exported ${count} to ${path}, the last at height ${height}: ${hash}`;
    desk.answer(line, { height, hash, checked });
  } finally {
    draft.drop();
  }
}

/** Writes the chain from genesis to this tip; answers how many blocks it has. */
async function writeBlocks(
  desk: DeskWithoutWallets,
  door: Door,
  { tip, draft }: { readonly tip: Entry; readonly draft: Draft },
): Promise<number> {
  const magic = magicOf(desk.params);
  const progress = desk.counter('exporting block', tip.height + 1);
  // A node may leave the tip meanwhile: what leads to it is then a side branch, and still there.
  const last = hashOf(tip);
  let count = 0;
  while (count <= tip.height) {
    for (const block of await door.branch({ last, from: count })) {
      draft.write(encodeRecord(magic, block));
      progress(++count);
    }
  }
  return count;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A file that is being written, and gets its name once it is whole. */
class Draft {
  readonly #path: string;
  readonly #place: string;
  readonly #file: number;
  #isOpen = true;
  /** Ends as the signal asks, but not without clearing up. */
  readonly #leave = (signal: NodeJS.Signals): void => {
    this.drop();
    process.kill(process.pid, signal);
  };

  constructor(path: string) {
    this.#path = path;
    this.#place = `${path}.tmp`;
    if (existsSync(path)) throw fileExists(path, 'choose another name');
    this.#file = this.#open();
    for (const signal of signals) process.once(signal, this.#leave);
  }

  write(bytes: Uint8Array): void {
    // Unlike writeSync, this goes on until all is written.
    this.#try(() => writeFileSync(this.#file, bytes));
  }

  /** Gives the file its name; both are on the disk then. */
  publish(): void {
    // A rename would put it in the place of what came there meanwhile.
    if (existsSync(this.#path)) throw fileExists(this.#path, 'choose another name');
    this.#try(() => {
      fsyncSync(this.#file);
      renameSync(this.#place, this.#path);
      const folder = openSync(dirname(this.#path), 'r');
      fsyncSync(folder);
      closeSync(folder);
    });
    this.#close();
  }

  /** Leaves nothing behind of a file that did not become whole. */
  drop(): void {
    if (!this.#isOpen) return;
    this.#close();
    // By its other name it is there already, where only the last step of all failed.
    rmSync(this.#place, { force: true });
  }

  #open(): number {
    try {
      // Fails where there is one: another export is writing it, or it is somebody's own.
      return openSync(this.#place, 'wx');
    } catch (error) {
      const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
      if (isThere) throw fileExists(this.#place, 'remove it if no export is running');
      throw this.#fault(error);
    }
  }

  #close(): void {
    for (const signal of signals) process.off(signal, this.#leave);
    closeSync(this.#file);
    this.#isOpen = false;
  }

  #try(step: () => void): void {
    try {
      step();
    } catch (error) {
      throw this.#fault(error);
    }
  }

  #fault(error: unknown): Fault {
    const problem = error instanceof Error ? error.message : String(error);
    return new Fault('cannot-write', `cannot write ${this.#path}: ${problem}`, error);
  }
}

function fileExists(path: string, remedy: string): Fault {
  return new Fault('file-exists', `there is a ${path} already; ${remedy}`);
}
