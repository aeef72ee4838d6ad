/**
 * Salvaging: what can still be read of a database that is damaged, however much of it is.
 *
 * Nothing that is found here is believed. A block proves itself: its header has its work, and the
 * body its header's root. So blocks are all that is taken, and they go through every rule again.
 */
import { concatBytes } from '@noble/hashes/utils.js';
import { Block } from '../primitives/block.ts';
import { type Codec, DecodeError, decode, encode, type Hash } from '../primitives/codec.ts';
import { type Database, U32Sorted } from './database.ts';
import { isUnreadable } from './reader.ts';
import { HeightAndHash } from './tables.ts';

/** A record of the table of blocks: with its block, if there still is one in it. */
export interface Salvaged {
  readonly height: number;
  readonly hash: Hash;
  readonly block: Block | undefined;
}

/** A stretch that cannot be read is given up after so many heights without a record. */
const longestGap = 100_000;

const blockLetter = 'b'.charCodeAt(0);

/** Every block record that can be read, the lowest first. Some may come twice. */
export async function* salvageBlocks(
  database: Pick<Database, 'iterator'>,
): AsyncIterable<Salvaged> {
  let height = 0;
  for (let gap = 0; gap < longestGap; gap++) {
    try {
      const gte = concatBytes(Uint8Array.of(blockLetter), encode(U32Sorted, height));
      const records = database.iterator({ gte, lt: Uint8Array.of(blockLetter + 1) });
      for await (const [key, value] of records) {
        const name = tryDecode(HeightAndHash, key.subarray(1));
        if (!name) continue;
        yield { ...name, block: readValue(Block, value) };
        height = Math.max(height, name.height);
        gap = 0;
      }
      return;
    } catch (error) {
      // LevelDB goes no further: on from the next height, past what it cannot read.
      if (!isUnreadable(error)) throw error;
      height++;
    }
  }
}

/** Every value of a table that can be read, in order; the first unreadable stretch ends it. */
export async function* salvageValues<T>(
  database: Pick<Database, 'iterator'>,
  letter: string,
  codec: Codec<T>,
): AsyncIterable<T> {
  const first = letter.charCodeAt(0);
  const records = database.iterator({ gte: Uint8Array.of(first), lt: Uint8Array.of(first + 1) });
  try {
    for await (const [, value] of records) {
      const found = readValue(codec, value);
      if (found !== undefined) yield found;
    }
  } catch (error) {
    if (!isUnreadable(error)) throw error;
  }
}

/** What lies before the checksum, whether or not that fits. */
function readValue<T>(codec: Codec<T>, record: Uint8Array): T | undefined {
  return tryDecode(codec, record.subarray(0, Math.max(record.length - 4, 0)));
}

function tryDecode<T>(codec: Codec<T>, bytes: Uint8Array): T | undefined {
  try {
    return decode(codec, bytes);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
