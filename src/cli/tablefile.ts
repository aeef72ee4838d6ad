/**
 * LevelDB's table files, looked at from outside, before it opens them.
 *
 * Every block of a table carries a CRC-32C, and LevelDB, as we have it, never looks at it. A bit
 * that turned in a record's number or in a filter hides the record, and what an older table has
 * under the same key is found in its place: a coin that was spent, a tip of last week. A key that
 * is out of order ends the whole process when tables are merged. No check of what is read can see
 * that, so the files are checked as they lie, at 5 ms a megabyte.
 *
 *   table    blocks, filter, list of the filter, list of the blocks, footer
 *   block    its bytes, how they are compressed (1), CRC-32C of both, masked (4)
 *   list     of each: shared bytes, own bytes, length of value (varints), own bytes, value: a place
 *            packed by Snappy or not, as every block
 *   footer   the places of both lists, zeros up to 40 bytes, a magic number (8)
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { damaged } from '../chain/database.ts';

const footerBytes = 48;
const trailerBytes = 5;
const magic = '57fb808b247547db';

/** Where a block lies in its file. */
interface Place {
  readonly offset: number;
  readonly size: number;
}

/** Throws if a table in this folder, which no process uses, is not as it was written. */
export function checkTables(folder: string): void {
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.ldb'))) {
    const bytes = readFileSync(join(folder, name));
    const isEnded = bytes.subarray(-8).toString('hex') === magic;
    // Without an end it was never in use, or LevelDB itself will say that it is broken.
    if (isEnded && !isWhole(bytes)) throw damaged(`${name} does not match its checksums`);
  }
}

function isWhole(bytes: Buffer): boolean {
  const lists = readPlaces(bytes.subarray(-footerBytes), 2)?.places ?? [];
  return lists.length === 2 && lists.every((list) => isListWhole(bytes, list));
}

function isListWhole(bytes: Buffer, list: Place): boolean {
  if (!isBlockWhole(bytes, list)) return false;
  const stored = bytes.subarray(list.offset, list.offset + list.size);
  const isPlain = bytes[list.offset + list.size] === 0;
  const block = isPlain ? stored : unpack(stored);
  const restarts = block.readUInt32LE(block.length - 4);
  const entries = block.subarray(0, block.length - 4 * (restarts + 1));
  for (let at = 0; at < entries.length; ) {
    const header = readNumbers(entries.subarray(at), 3);
    const [, own = 0, length = 0] = header?.numbers ?? [];
    const value = at + (header?.end ?? 0) + own;
    const place = readPlaces(entries.subarray(value, value + length), 1)?.places[0];
    if (!place || !isBlockWhole(bytes, place)) return false;
    at = value + length;
  }
  return true;
}

function isBlockWhole(bytes: Buffer, { offset, size }: Place): boolean {
  const end = offset + size + trailerBytes;
  if (size < 4 || end > bytes.length - footerBytes) return false;
  const crc = crc32c(bytes.subarray(offset, end - 4));
  // LevelDB's mask, for it deems a CRC over bytes that hold CRCs a poor one.
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282_ead8) >>> 0;
  return bytes.readUInt32LE(end - 4) === masked;
}

function readPlaces(bytes: Buffer, count: number) {
  const read = readNumbers(bytes, 2 * count);
  if (!read) return undefined;
  const places = Array.from({ length: count }, (_, i): Place => {
    return { offset: read.numbers[2 * i] ?? 0, size: read.numbers[2 * i + 1] ?? 0 };
  });
  return { places };
}

/** Numbers of seven bits a byte, the lowest first; the highest bit says that more follow. */
function readNumbers(bytes: Buffer, count: number) {
  const numbers: number[] = [];
  let number = 0;
  let scale = 1;
  for (const [i, byte] of bytes.entries()) {
    number += (byte & 0x7f) * scale;
    scale *= 0x80;
    if (byte >= 0x80) continue;
    numbers.push(number);
    if (numbers.length === count) return { numbers, end: i + 1 };
    [number, scale] = [0, 1];
  }
  return undefined;
}

/** Snappy: runs of bytes as they are, and copies of what came before. Trusted, by its checksum. */
function unpack(packed: Buffer): Buffer {
  const header = readNumbers(packed, 1);
  const block = Buffer.alloc(header?.numbers[0] ?? 0);
  let to = 0;
  for (let at = header?.end ?? packed.length; at < packed.length; ) {
    const tag = packed[at++] ?? 0;
    const kind = tag & 3;
    const upper = tag >> 2;
    if (kind === 0) {
      // From 60 on it says how many bytes the length takes.
      const extra = Math.max(upper - 59, 0);
      const length = (extra > 0 ? packed.readUIntLE(at, extra) : upper) + 1;
      to += packed.copy(block, to, at + extra, at + extra + length);
      at += extra + length;
    } else {
      const width = kind === 3 ? 4 : kind;
      const low = packed.readUIntLE(at, width);
      const back = kind === 1 ? ((tag >> 5) << 8) | low : low;
      const length = kind === 1 ? (upper & 7) + 4 : upper + 1;
      // Byte by byte, for a copy may begin in what it copies.
      for (const end = to + length; to < end; to++) block[to] = block[to - back] ?? 0;
      at += width;
    }
  }
  return block;
}

/** What each byte does to a CRC-32C, lowest bit first. */
const steps = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0);
  return crc >>> 0;
});

function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (let i = 0; i < bytes.length; i++) {
    crc = (crc >>> 8) ^ (steps[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0);
  }
  return ~crc >>> 0;
}
