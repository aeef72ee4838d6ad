/**
 * Output scripts: the three kinds there are here, as the bytes that Bitcoin gives them.
 *
 * Bitcoin runs a script as a program. Here there is no interpreter: an output is one of these
 * patterns or it is refused, so what a coin asks of its spender is known from its first bytes.
 */
import { concatBytes } from '@noble/hashes/utils.js';
import { DecodeError, Reader } from './codec.ts';

/** What an output asks of its spender. */
export type OutputKind =
  /** A signature by the key with this HASH160. BIP141. */
  | { readonly kind: 'p2wpkh'; readonly program: Uint8Array }
  /** A Schnorr signature by this key. BIP341. */
  | { readonly kind: 'p2tr'; readonly program: Uint8Array }
  /** Nothing can spend it: it carries these pushes of bytes. */
  | { readonly kind: 'carrier'; readonly pushes: readonly Uint8Array[] };

const opReturn = 0x6a;

/** The longest script of a data carrier, in bytes. Core's default for -datacarriersize. */
export const maxCarrierBytes = 83;

/** Which kind of output this is; `undefined` where it is none of ours. */
export function outputKind(script: Uint8Array): OutputKind | undefined {
  const [version, length] = script;
  if (script.length === 22 && version === 0x00 && length === 20) {
    return { kind: 'p2wpkh', program: script.slice(2) };
  }
  if (script.length === 34 && version === 0x51 && length === 32) {
    return { kind: 'p2tr', program: script.slice(2) };
  }
  if (version !== opReturn || script.length > maxCarrierBytes) return undefined;
  const pushes = readPushes(script.subarray(1));
  return pushes && { kind: 'carrier', pushes };
}

/** Can no witness ever spend it? Then it is no coin, and is never kept. Core: IsUnspendable. */
export function isUnspendable(script: Uint8Array): boolean {
  return script[0] === opReturn;
}

/** The script that the key with this HASH160 spends. */
export function p2wpkhScript(keyHash: Uint8Array): Uint8Array {
  return Uint8Array.of(0x00, 20, ...keyHash);
}

/** The script that this output key spends: x only, already tweaked. */
export function p2trScript(outputKey: Uint8Array): Uint8Array {
  return Uint8Array.of(0x51, 32, ...outputKey);
}

/** The script that carries these bytes, and takes its amount out of circulation. */
export function carrierScript(bytes: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(opReturn), push(bytes));
}

/** These bytes as one push, in the shortest form that their length asks for. */
export function push(bytes: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.from(pushHead(bytes.length)), bytes);
}

function pushHead(length: number): readonly number[] {
  if (length < 0x4c) return [length];
  if (length <= 0xff) return [0x4c, length];
  if (length <= 0xffff) return [0x4d, length & 0xff, length >> 8];
  return [0x4e, length & 0xff, (length >> 8) & 0xff, (length >> 16) & 0xff, length >>> 24];
}

/**
 * The pushes that make up this script; `undefined` where it holds anything else. A byte inside a
 * push is data, whatever operation it would be outside.
 */
export function readPushes(script: Uint8Array): readonly Uint8Array[] | undefined {
  const from = new Reader(script);
  const pushes: Uint8Array[] = [];
  try {
    while (from.remaining > 0) {
      const pushed = readPush(from);
      if (!pushed) return undefined;
      pushes.push(pushed);
    }
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
  return pushes;
}

function readPush(from: Reader): Uint8Array | undefined {
  const operation = from.u8();
  if (operation < 0x4c) return from.take(operation);
  if (operation === 0x4c) return from.take(from.u8());
  if (operation === 0x4d) return from.take(from.u16());
  if (operation === 0x4e) return from.take(from.u32());
  if (operation === 0x4f) return Uint8Array.of(0x81);
  if (operation > 0x50 && operation <= 0x60) return Uint8Array.of(operation - 0x50);
  return undefined;
}

/** A height as the coinbase script begins with it: the shortest push of the number. BIP34. */
export function heightPush(height: number): Uint8Array {
  if (height === 0) return Uint8Array.of(0x00);
  if (height <= 16) return Uint8Array.of(0x50 + height);
  const bytes: number[] = [];
  for (let rest = height; rest > 0; rest = Math.floor(rest / 256)) bytes.push(rest % 256);
  // The top bit is the sign, so a number that needs it takes a byte more.
  if ((bytes.at(-1) ?? 0) & 0x80) bytes.push(0);
  return Uint8Array.of(bytes.length, ...bytes);
}
