/**
 * Tagged JSON: our own values from one process of this program to another, and back as they were.
 *
 * What JSON has not is an object of one field whose name begins with a dollar: `{"$bigint":"-1f"}`
 * (hexadecimal), `{"$bytes":"00ff"}`, `{"$map":[[key,value]]}`, `{"$set":[value]}`. A field of a
 * record whose own name begins so gets a further dollar. `null` is `undefined`.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import { DecodeError, parseHex } from '../primitives/codec.ts';

/** Plain values: nothing that lives, waits or can be called. */
export type Plain =
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Plain[]
  | ReadonlyMap<Plain, Plain>
  | ReadonlySet<Plain>
  | Fields;

interface Fields {
  readonly [name: string]: Plain;
}

/** No value of ours is nearly as deep; without a bound a few bytes could exhaust the stack. */
const maxDepth = 64;

export function encodeTagged(value: unknown): string {
  return JSON.stringify(toJson(value));
}

/** Reads what `encodeTagged` wrote, and nothing else but for spaces. */
export function decodeTagged(text: string): Plain {
  return fromJson(parse(text), 0);
}

export function isFields(value: Plain): value is Fields {
  const isObject = typeof value === 'object' && !Array.isArray(value);
  const isOther = value instanceof Uint8Array || value instanceof Map || value instanceof Set;
  return isObject && !isOther;
}

function toJson(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'bigint') return { $bigint: value.toString(16) };
  if (value instanceof Uint8Array) return { $bytes: bytesToHex(value) };
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Map) return { $map: [...value].map((pair) => pair.map(toJson)) };
  if (value instanceof Set) return { $set: [...value].map(toJson) };
  if (typeof value !== 'object' || value === null || !isRecord(value)) {
    throw new Error(`assertion failed: ${String(value)} is no plain value`);
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name.startsWith('$') ? `$${name}` : name,
      toJson(field),
    ]),
  );
}

function isRecord(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DecodeError(`this is no JSON: ${String(error)}`);
  }
}

function fromJson(value: unknown, depth: number): Plain {
  if (depth > maxDepth) throw new DecodeError(`it is more than ${maxDepth} deep`);
  if (value === null) return undefined;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value !== 'object') throw new DecodeError(`${String(value)} is out of range`);
  if (Array.isArray(value)) return value.map((each) => fromJson(each, depth + 1));
  const fields: readonly [string, unknown][] = Object.entries(value);
  const tagged = fields.find(([name]) => /^\$(?!\$)/.test(name));
  if (!tagged) {
    const named = fields.map(([name, field]): [string, Plain] => [
      name.replace(/^\$/, ''),
      fromJson(field, depth + 1),
    ]);
    return Object.fromEntries(named);
  }
  const [tag, content] = tagged;
  if (fields.length > 1) throw new DecodeError(`beside ${tag} stands another field`);
  return fromTag(tag, content, depth);
}

function fromTag(tag: string, content: unknown, depth: number): Plain {
  if (tag === '$bigint') return bigintFrom(content);
  if (tag === '$bytes' && typeof content === 'string' && /^[0-9a-f]*$/.test(content)) {
    return parseHex(content);
  }
  const items = fromJson(content, depth + 1);
  if (tag === '$set' && Array.isArray(items)) {
    const set = new Set(items);
    if (set.size === items.length) return set;
  }
  if (tag === '$map' && Array.isArray(items)) {
    const map = new Map(items.map(pairFrom));
    if (map.size === items.length) return map;
  }
  throw new DecodeError(`it has a wrong ${tag}`);
}

/** Hexadecimal, for to read so many decimal digits takes the square of the time. */
function bigintFrom(content: unknown): bigint {
  const isRight = typeof content === 'string' && /^(0|-?[1-9a-f][0-9a-f]*)$/.test(content);
  if (!isRight) throw new DecodeError('it has a wrong $bigint');
  return content.startsWith('-') ? -BigInt(`0x${content.slice(1)}`) : BigInt(`0x${content}`);
}

function pairFrom(pair: Plain): [Plain, Plain] {
  if (!Array.isArray(pair) || pair.length !== 2) throw new DecodeError('it has a wrong $map');
  return [pair[0], pair[1]];
}
