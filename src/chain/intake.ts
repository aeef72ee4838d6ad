/**
 * The intake: takes the blocks of a file in whichever order they stand there.
 *
 * A block that comes before its parent is forgotten but for its place in the file, where it is read
 * again once the parent was taken: so a file of any size needs little memory.
 */
import { isReject } from '../consensus/reject.ts';
import { type Block, Header, hashHeader, headerBytes } from '../primitives/block.ts';
import { decode, type Hash } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import {
  type BlockFile,
  type BlockRecord,
  isTear,
  prefaceBytes,
  readRecord,
  readRecords,
  type Tear,
} from './bootstrap.ts';
import type { Accepted, BlockReject } from './chain.ts';

export interface ImportOptions {
  readonly source: BlockFile;
  /** What every block of this network begins with in a file. */
  readonly magic: string;
  readonly submit: (block: Block) => Promise<Pick<Accepted, 'status'> | BlockReject>;
  /** Hears after each block up to which offset the file is done. */
  readonly onProgress?: (offset: number) => void;
  /** Blocks that may wait for their parents, each for some 200 bytes of memory. */
  readonly maxWaiting?: number;
}

/** What became of a file of blocks. */
export interface Imported extends Report {
  /** How many blocks stand in it, up to where it could be read. */
  readonly read: number;
  /** Why it was read no further, where it was not read to its end. */
  readonly tear: Tear | undefined;
}

interface Report {
  /** Blocks that were new, and broke no rule. */
  readonly taken: number;
  readonly known: number;
  readonly refused: number;
  readonly firstRefused: Refused | undefined;
  /** Blocks whose parents never came, or were refused. */
  readonly waiting: number;
  /** The first parent that was waited for in vain. */
  readonly missing: Hash | undefined;
}

/** A block of a file that broke a rule. */
interface Refused {
  readonly offset: number;
  readonly hash: Hash;
  readonly reject: BlockReject;
}

/** Takes all blocks of a file that break no rule. */
export async function importBlocks(options: ImportOptions): Promise<Imported> {
  const { source, magic, onProgress } = options;
  const intake = new Intake(options);
  let read = 0;
  let tear: Tear | undefined;
  for await (const record of readRecords(source, magic)) {
    if (isTear(record)) {
      tear = record;
      break;
    }
    await intake.take(record);
    read++;
    onProgress?.(record.offset + prefaceBytes + record.bytes.length);
  }
  return { read, tear, ...(await intake.report()) };
}

class Intake {
  readonly #options: ImportOptions;
  /** The offsets of blocks, by the parent that they wait for. */
  readonly #waiting = new Map<Hash, number[]>();
  #taken = 0;
  #known = 0;
  #refused = 0;
  #waitingCount = 0;
  #firstRefused: Refused | undefined;

  constructor(options: ImportOptions) {
    this.#options = options;
  }

  /** Takes a block, then those that waited for it, and those that waited for them. */
  async take({ offset, block }: BlockRecord): Promise<void> {
    const ready = [...(await this.#submit(offset, block))];
    for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
      for (const freed of await this.#submit(next, await this.#blockAt(next))) ready.push(freed);
    }
  }

  async report(): Promise<Report> {
    return {
      taken: this.#taken,
      known: this.#known,
      refused: this.#refused,
      firstRefused: this.#firstRefused,
      waiting: this.#waitingCount,
      missing: await this.#findMissing(),
    };
  }

  /** Hands a block over. Answers the offsets of those that waited for it. */
  async #submit(offset: number, block: Block): Promise<readonly number[]> {
    const hash = hashHeader(block.header);
    const answer = await this.#options.submit(block);
    if (!isReject(answer)) {
      if (answer.status === 'known') this.#known++;
      else this.#taken++;
      return this.#release(hash);
    }
    if (answer.reason === 'prev-blk-not-found') this.#keep(offset, block.header.parent);
    else {
      this.#refused++;
      this.#firstRefused ??= { offset, hash, reject: answer };
    }
    return [];
  }

  #keep(offset: number, parent: Hash): void {
    const { maxWaiting = 1_000_000 } = this.#options;
    if (this.#waitingCount >= maxWaiting) {
      const problem = `${maxWaiting} blocks before offset ${offset} wait for blocks behind it`;
      throw new Fault('too-many-waiting', `${problem}; put the file in the order of heights`);
    }
    this.#waitingCount++;
    const offsets = this.#waiting.get(parent);
    if (offsets) offsets.push(offset);
    else this.#waiting.set(parent, [offset]);
  }

  #release(parent: Hash): readonly number[] {
    const offsets = this.#waiting.get(parent) ?? [];
    this.#waiting.delete(parent);
    this.#waitingCount -= offsets.length;
    return offsets;
  }

  async #blockAt(offset: number): Promise<Block> {
    const record = await readRecord(this.#options.source, offset, this.#options.magic);
    if (!isTear(record)) return record.block;
    throw new Fault('file-changed', `the file changed while it was read: ${record.problem}`);
  }

  /** The first of the parents that blocks wait for which does not itself wait here. */
  async #findMissing(): Promise<Hash | undefined> {
    const missing = new Set(this.#waiting.keys());
    for (const offsets of this.#waiting.values()) {
      for (const offset of offsets) {
        const bytes = await this.#options.source.read(offset + prefaceBytes, headerBytes);
        missing.delete(hashHeader(decode(Header, bytes)));
      }
    }
    const [first] = missing;
    return first;
  }
}
