/**
 * Files of blocks, as Bitcoin's bootstrap.dat and blk*.dat: how blocks go from one chain to another
 * without a wire.
 *
 * Such a file is records and no more: four bytes of magic, the size in four bytes, little end
 * first, and a block in that many bytes. It has no index and no end mark, and may be longer than
 * memory; whoever reads it believes nothing in it, the sizes least of all.
 */
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { builtIn, magicOf } from '../consensus/params.ts';
import { maxBlockWeight } from '../consensus/transaction.ts';
import { Block } from '../primitives/block.ts';
import { type Codec, DecodeError, decode, encode, struct, U32 } from '../primitives/codec.ts';

/** Bytes that can be read from anywhere: a file. */
export interface BlockFile {
  readonly size: number;
  /** The bytes from this offset on; fewer where the source ends. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A block where it lies in a file. */
export interface BlockRecord {
  readonly offset: number;
  readonly block: Block;
  /** The block as it was read, without what stands before it. */
  readonly bytes: Uint8Array;
}

/** Why a file is read no further. What stood before is good. */
export interface Tear {
  readonly code:
    | 'file-empty'
    | 'not-blocks'
    | 'wrong-network'
    | 'file-garbled'
    | 'file-cut'
    | 'bad-size'
    | 'not-a-block';
  readonly offset: number;
  readonly problem: string;
}

const Magic: Codec<string> = {
  read: (from) => bytesToHex(from.take(4)),
  write: (magic, to) => to.put(hexToBytes(magic)),
};
/** What stands before every block. */
const Preface = struct({ magic: Magic, sizeBytes: U32 });
export const prefaceBytes = 8;

/** No byte of a block weighs less than one unit. */
const maxBlockBytes = maxBlockWeight;

/** What the files of Bitcoin's own networks begin with. Regtest is among ours. */
const bitcoinMagics: Readonly<Record<string, string>> = {
  f9beb4d9: "Bitcoin's main network",
  '0b110907': "Bitcoin's testnet3",
  '1c163f28': "Bitcoin's testnet4",
  '0a03cf40': "Bitcoin's signet",
};

/** A block as it stands in a file. */
export function encodeRecord(magic: string, block: Block): Uint8Array {
  const bytes = encode(Block, block);
  return concatBytes(encode(Preface, { magic, sizeBytes: bytes.length }), bytes);
}

/** The blocks of a file as they stand there; last, where it is not one to its end, why. */
export async function* readRecords(
  source: BlockFile,
  magic: string,
): AsyncIterable<BlockRecord | Tear> {
  if (source.size === 0) yield { code: 'file-empty', offset: 0, problem: 'there is nothing in it' };
  for (let offset = 0; offset < source.size; ) {
    const record = await readRecord(source, offset, magic);
    if (!isTear(record)) {
      yield record;
      offset += prefaceBytes + record.bytes.length;
      continue;
    }
    // Core makes its files longer than they need to be for the time, and the rest is zeros.
    if (offset > 0 && (await isZeroFrom(source, offset))) return;
    yield offset === 0 ? await explainBeginning(source, magic, record) : record;
    return;
  }
}

/** The block that begins at this offset, or why none does. */
export async function readRecord(
  source: BlockFile,
  offset: number,
  magic: string,
): Promise<BlockRecord | Tear> {
  const tear = (code: Tear['code'], problem: string): Tear => ({ code, offset, problem });
  const cut = (got: number, expected: number) =>
    tear('file-cut', `the block at offset ${offset} has ${got} of its ${expected} bytes`);

  const preface = await source.read(offset, prefaceBytes);
  const found = bytesToHex(preface.subarray(0, 4));
  if (!magic.startsWith(found)) {
    const problem = `a block begins with ${magic}, but at offset ${offset} is ${found}`;
    return tear('file-garbled', problem);
  }
  if (preface.length < prefaceBytes) return cut(preface.length, prefaceBytes);
  const { sizeBytes } = decode(Preface, preface);
  if (sizeBytes === 0 || sizeBytes > maxBlockBytes) {
    const allowed = `a block has 1 to ${maxBlockBytes}`;
    return tear('bad-size', `the block at offset ${offset} claims ${sizeBytes} bytes; ${allowed}`);
  }
  const bytes = await source.read(offset + prefaceBytes, sizeBytes);
  if (bytes.length < sizeBytes) return cut(bytes.length, sizeBytes);
  try {
    return { offset, block: decode(Block, bytes), bytes };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return tear('not-a-block', `what is at offset ${offset} is not a block: ${error.message}`);
  }
}

/** Is this why a file is read no further, rather than a block of it? */
export function isTear(record: BlockRecord | Tear): record is Tear {
  return 'code' in record;
}

async function isZeroFrom(source: BlockFile, offset: number): Promise<boolean> {
  const step = 65_536;
  for (let at = offset; at < source.size; at += step) {
    if ((await source.read(at, step)).some((byte) => byte !== 0)) return false;
  }
  return true;
}

/** What a file is that begins with no block of this network. */
async function explainBeginning(source: BlockFile, magic: string, tear: Tear): Promise<Tear> {
  if (tear.code !== 'file-garbled') return tear;
  const found = bytesToHex(await source.read(0, 4));
  const ours = builtIn.find((each) => magicOf(each) === found);
  const known = ours ? `the network ${ours.name}` : bitcoinMagics[found];
  const isForeign = known !== undefined || !isTear(await readRecord(source, 0, found));
  const here = `blocks of this network begin with ${magic}`;
  if (isForeign) {
    const whose = known ?? 'another network';
    return {
      ...tear,
      code: 'wrong-network',
      problem: `it begins with ${found}, ${whose}; ${here}`,
    };
  }
  const remedy = 'Bitcoin Core since 28 scrambles its blk*.dat unless begun with -blocksxor=0';
  return {
    ...tear,
    code: 'not-blocks',
    problem: `it is no file of blocks, for it begins with ${found}; ${here}; ${remedy}`,
  };
}
