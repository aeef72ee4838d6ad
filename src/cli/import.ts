/** `chain import`: takes the blocks of a file, by the same rules as from anywhere else. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import type { BlockFile } from '../chain/bootstrap.ts';
import { hashOf } from '../chain/entry.ts';
import { type Imported, importBlocks } from '../chain/intake.ts';
import { magicOf } from '../consensus/params.ts';
import { describeReject } from '../consensus/reject.ts';
import { Fault } from '../primitives/fault.ts';
import { hashFast } from './bestengine.ts';
import type { DeskWithoutWallets } from './desk.ts';

export interface ImportOptions {
  /** Whether to keep transaction and address indexes, where there are some. */
  readonly index: boolean;
}

export async function importChain(
  desk: DeskWithoutWallets,
  path: string,
  { index }: ImportOptions,
): Promise<void> {
  const file = openFile(path);
  try {
    await hashFast();
    const source = sourceOf(file, path);
    const { door } = await desk.openDoor(index ? {} : { hasIndex: false });
    const imported = await importBlocks({
      source,
      magic: magicOf(desk.params),
      submit: (block) => door.submitBlock(block),
      onProgress: progressOf(desk, source.size),
    }).finally(() => desk.progress(''));
    const fault = faultOf(imported, path);
    if (fault) throw fault;
    const { tip } = await door.status();
    const hash = hashOf(tip);
    const { read, taken } = imported;
    const count = `${read} block${read === 1 ? '' : 's'}`;
    desk.answer(
      `imported ${count} from ${path}, ${taken} new; the tip is at height ${tip.height}: ${hash}`,
      { height: tip.height, hash, checked: read },
    );
  } finally {
    closeSync(file);
  }
}

function openFile(path: string): number {
  try {
    // First, for to open a pipe is to wait for whoever writes into it.
    if (statSync(path).isFile()) return openSync(path, 'r');
  } catch (error) {
    throw cannotRead(path, error);
  }
  throw cannotRead(path, 'it is not a file');
}

function sourceOf(file: number, path: string): BlockFile {
  const { size } = fstatSync(file);
  const read = async (offset: number, length: number) => {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
    try {
      const got = readSync(file, bytes, { position: offset });
      return bytes.subarray(0, got);
    } catch (error) {
      throw cannotRead(path, error);
    }
  };
  return { size, read };
}

function cannotRead(path: string, error: unknown): Fault {
  const problem = error instanceof Error ? error.message : String(error);
  return new Fault('cannot-read', `cannot read ${path}: ${problem}`, error);
}

/** Says how far it is, once a second. */
function progressOf(desk: DeskWithoutWallets, size: number): (offset: number) => void {
  let last = desk.now();
  return (offset) => {
    const now = desk.now();
    if (now === last) return;
    last = now;
    desk.progress(`importing, ${Math.floor((offset * 100) / size)} % …`);
  };
}

/** What is wrong, where it is: the file itself first, then its blocks, then those that it lacks. */
function faultOf(imported: Imported, path: string): Fault | undefined {
  const { tear, firstRefused, missing } = imported;
  if (tear) return new Fault(tear.code, `${path}: ${tear.problem}${tally(imported)}`);
  if (firstRefused) {
    const { offset, hash, reject } = firstRefused;
    const what = `block ${hash} at offset ${offset} is refused: ${describeReject(reject)}`;
    return new Fault(reject.reason, `${path}: ${what}${tally(imported)}`);
  }
  if (missing === undefined) return undefined;
  const what = `there is no parent ${missing}, neither here nor in the file`;
  return new Fault('prev-blk-not-found', `${path}: ${what}${tally(imported)}`);
}

function tally({ read, taken, known, refused, waiting }: Imported): string {
  if (read === 0) return '';
  const parts = [
    `${taken} new and taken`,
    `${known} known`,
    ...(refused > 0 ? [`${refused} refused`] : []),
    ...(waiting > 0 ? [`${waiting} without their parents`] : []),
  ];
  return `; of ${read} read: ${parts.join(', ')}`;
}
