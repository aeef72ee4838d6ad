/**
 * LevelDB's table files, looked at from outside, before it opens them.
 *
 * Every block of a table carries a CRC-32C, and LevelDB, as we have it, never looks at it. A bit
 * that turned in a record's number or in a filter hides the record, and what an older table has
 * under the same key is found in its place: a coin that was spent, a tip of last week. A key that
 * is out of order ends the whole process when tables are merged. No check of what is read can see
 * that.
 *
 *   table    blocks, filter, list of the filter, list of the blocks, footer
 *   block    its bytes, how they are compressed (1), CRC-32C of both, masked (4)
 *   list     of each: shared bytes, own bytes, length of value (varints), own bytes, value: a place
 *            packed by Snappy or not, as every block
 *   footer   the places of both lists, zeros up to 40 bytes, a magic number (8)
 */
const footerBytes = 48;
const trailerBytes = 5;
const magic = '57fb808b247547db';

/** Where a block lies in its file. */
interface Place {
  readonly offset: number;
  readonly size: number;
}

/** Is this table as it was written? One without an end was never in use. */
export function isTableWhole(bytes: Buffer): boolean {
  if (bytes.subarray(-8).toString('hex') !== magic) return true;
  const lists = readPlaces(bytes.subarray(-footerBytes), 2)?.places ?? [];
  return lists.length === 2 && lists.every((list) => isListWhole(bytes, list));
}

/** The records in those blocks of a broken table that are whole; of each key the newest first. */
export function readTable(bytes: Buffer): [Uint8Array, Uint8Array][] {
  const [, list] = readPlaces(bytes.subarray(-footerBytes), 2)?.places ?? [];
  if (!list || !isBlockWhole(bytes, list)) return [];
  const sound = readEntries(readBlock(bytes, list))
    .flatMap(({ value }) => readPlaces(value, 1)?.places ?? [])
    .filter((place) => isBlockWhole(bytes, place));
  const entries = sound.flatMap((place) => readEntries(readBlock(bytes, place)));
  // Behind each key are its number and its kind, of which 1 is a value and 0 that it is gone.
  const values = entries.filter(({ key }) => key.at(-8) === 1);
  return values.map(({ key, value }) => [key.subarray(0, -8), value]);
}

function isListWhole(bytes: Buffer, list: Place): boolean {
  if (!isBlockWhole(bytes, list)) return false;
  return readEntries(readBlock(bytes, list)).every(({ value }) => {
    const place = readPlaces(value, 1)?.places[0];
    return place !== undefined && isBlockWhole(bytes, place);
  });
}

function readBlock(bytes: Buffer, { offset, size }: Place): Buffer {
  const stored = bytes.subarray(offset, offset + size);
  return bytes[offset + size] === 0 ? stored : unpack(stored);
}

/** What is in a block whose checksum holds. */
function readEntries(block: Buffer) {
  const restarts = block.readUInt32LE(block.length - 4);
  const entries = block.subarray(0, block.length - 4 * (restarts + 1));
  const found: { readonly key: Buffer; readonly value: Buffer }[] = [];
  let before = Buffer.alloc(0);
  for (let at = 0; at < entries.length; ) {
    const header = readNumbers(entries.subarray(at), 3);
    const [shared = 0, own = 0, length = 0] = header?.numbers ?? [];
    const start = at + (header?.end ?? 0);
    const value = start + own;
    const key = Buffer.concat([before.subarray(0, shared), entries.subarray(start, value)]);
    found.push({ key, value: entries.subarray(value, value + length) });
    before = key;
    at = value + length;
  }
  return found;
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
