/**
 * Messages: what peers say to one another, byte by byte. PROTOCOL.md has it with examples.
 *
 * Counts are CompactSize, numbers little end first, hashes and transactions as Bitcoin writes them.
 * Whatever has a number in it has a bound too, and reading refuses what is above.
 */
import { U256 } from '../chain/entry.ts';
import { Header } from '../primitives/block.ts';
import {
  Bytes,
  type Codec,
  CompactSize,
  DecodeError,
  decode,
  encode,
  Hash,
  list,
  struct,
  U32,
  type ValueOf,
} from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import {
  maxAgentBytes,
  maxBlockBytes,
  maxBlocksAsked,
  maxGossipBytes,
  maxHeaders,
  maxIds,
  maxLocator,
  maxPaymentsAsked,
  maxRecordBytes,
  maxRecords,
} from './limits.ts';

/** What these bytes are; `undefined` where they are no such thing. */
export function tryDecode<T>(codec: Codec<T>, bytes: Uint8Array): T | undefined {
  try {
    return decode(codec, bytes);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** At most so many items. */
export function bounded<T>(item: Codec<T>, most: number): Codec<readonly T[]> {
  const { write } = list(item);
  return {
    write,
    read: (from) => {
      const count = CompactSize.read(from);
      if (count > most) throw new DecodeError(`${count} items, above ${most}`);
      return Array.from({ length: count }, () => item.read(from));
    },
  };
}

/** At most so many bytes. */
function short(most: number): Codec<Uint8Array> {
  return {
    write: Bytes.write,
    read: (from) => {
      const length = CompactSize.read(from);
      if (length > most) throw new DecodeError(`${length} bytes, above ${most}`);
      return from.take(length);
    },
  };
}

/** What two peers say first. Nothing else is heard before. */
export const Status = struct({
  genesis: Hash,
  tip: Hash,
  height: U32,
  /** Of the tip: what it claims, and proves by its headers. */
  work: U256,
  /** Of its clock, in seconds since 1970. */
  time: U32,
  /** What program it is, in UTF-8; for people alone. */
  agent: short(maxAgentBytes),
});
export interface Status extends ValueOf<typeof Status> {}

/** Blocks known to whoever asks, the latest first: what comes after the first common one? */
export const Locator = bounded(Hash, maxLocator);

/** In order, each the parent of the next. */
export const Headers = bounded(Header, maxHeaders);

export const BlocksQuestion = struct({
  /** 0: whole. 1: compact, of one block alone. */
  form: { read: (from) => from.u8(), write: (form, to) => to.u8(form) } satisfies Codec<number>,
  hashes: bounded(Hash, maxBlocksAsked),
});

/** As many of those asked for as there are in a row from the first, each as its bytes. */
export const Bodies = bounded(short(maxBlockBytes), maxBlocksAsked);

/** The ids (BIP141's wtxid) of payments. */
export const Ids = bounded(Hash, maxIds);

/** Nothing: which payments wait? Else: these, please. */
export const MempoolQuestion = bounded(Hash, maxPaymentsAsked);

/** Those that are there of the payments that were asked for, in order, each as its bytes. */
export const Payments = bounded(short(maxGossipBytes), maxPaymentsAsked);

/** Signed records of peers. */
export const Records = bounded(short(maxRecordBytes), maxRecords);

/** The first byte of every answer. */
export const answerCodes = { ok: 0, busy: 1, unknown: 2, malformed: 3 } as const;
export type AnswerCode = keyof typeof answerCodes;

/** An answer with what was asked for. */
export function encodeAnswer<T>(codec: Codec<T>, value: T): Uint8Array {
  const body = encode(codec, value);
  const answer = new Uint8Array(1 + body.length);
  answer.set(body, 1);
  return answer;
}

/** An answer that says why there is none. */
export function encodeNo(code: Exclude<AnswerCode, 'ok'>): Uint8Array {
  return Uint8Array.of(answerCodes[code]);
}

/** What is in an answer; a no is a `Fault`, `peer-busy` or `peer-unknown`. */
export function decodeAnswer<T>(codec: Codec<T>, answer: Uint8Array): T {
  const [code] = answer;
  if (code === answerCodes.ok) return decode(codec, answer.subarray(1));
  if (answer.length !== 1) throw new DecodeError(`answer code ${code}, ${answer.length} bytes`);
  if (code === answerCodes.busy) throw new Fault('peer-busy', 'the peer is busy');
  if (code === answerCodes.unknown) throw new Fault('peer-unknown', 'the peer does not have it');
  throw new DecodeError(`answer code ${code}`);
}
