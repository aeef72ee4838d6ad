/**
 * Parameters: what a method asks for, and how foreign JSON becomes it. Counts, names, types and
 * messages are Core's, for programs were written against those.
 */
import { coin, maxMoney, parseAmount } from '../primitives/amount.ts';
import { DecodeError, type Hash, parseHash, parseHex } from '../primitives/codec.ts';
import { Exact, type Fields, isFields, isList, type Value } from './exact.ts';
import { badParameter, codes, Failure } from './failure.ts';

export interface Parameter {
  /** The name first, then others that it goes by. */
  readonly names: readonly string[];
  readonly type: string;
  readonly isOptional: boolean;
}

/** The parameters in a notation like `hash:string verbosity|verbose:any?`. */
export function parameters(notation: string): readonly Parameter[] {
  return notation
    .split(' ')
    .filter((each) => each !== '')
    .map((each) => {
      const [names = '', type = ''] = each.split(':');
      const isOptional = type.endsWith('?');
      return { names: names.split('|'), type: type.replace('?', ''), isOptional };
    });
}

/** Core: RPCHelpMan::ToString, its first line. */
export function usage(method: string, wanted: readonly Parameter[]): string {
  const told = wanted.map(({ names: [name = ''], type, isOptional }) => {
    const shown = type === 'string' ? `"${name}"` : name;
    return isOptional ? `( ${shown} )` : shown;
  });
  return [method, ...told].join(' ').replaceAll(' ) ( ', ' ');
}

/** By position, whichever way they were given. Core: transformNamedArguments. */
export function inOrder(
  wanted: readonly Parameter[],
  given: readonly Value[] | Fields,
): readonly Value[] {
  if (isList(given)) return given;
  const { args: first = [], ...named } = given;
  if (!isList(first)) throw badParameter('Parameter args must be an array');
  const left = new Map(Object.entries(named));
  const places = wanted.map(({ names }, i) => {
    const known = names.filter((name) => left.has(name));
    const isTwice = known.length > 1 || (known.length === 1 && i < first.length);
    if (isTwice) throw badParameter(`Parameter ${known[0]} specified twice`);
    const value = known[0] === undefined ? first[i] : left.get(known[0]);
    for (const name of known) left.delete(name);
    return value;
  });
  for (const name of left.keys()) throw badParameter(`Unknown named parameter ${name}`);
  const last = places.findLastIndex((value) => value !== undefined);
  return [...places.slice(0, last + 1).map((value) => value ?? null), ...first.slice(last + 1)];
}

/** What a method was called with. */
export class Arguments {
  readonly #values: ReadonlyMap<string, Value>;

  /** Throws a `Failure` where the types are wrong; that there are enough was seen before. */
  constructor(wanted: readonly Parameter[], values: readonly Value[]) {
    const wrong = wanted.flatMap(({ names: [name], type, isOptional }, i) => {
      const value = values[i] ?? null;
      if ((isOptional && value === null) || isOfType(value, type)) return [];
      const problem = `JSON value of type ${typeOf(value)} is not of expected type ${type}`;
      return `    "Position ${i + 1} (${name})": "${problem}"`;
    });
    if (wrong.length > 0) {
      throw new Failure(codes.type, `Wrong type passed:\n{\n${wrong.join(',\n')}\n}`);
    }
    this.#values = new Map(wanted.map(({ names: [name = ''] }, i) => [name, values[i] ?? null]));
  }

  has(name: string): boolean {
    return this.value(name) !== null;
  }

  value(name: string): Value {
    return this.#values.get(name) ?? null;
  }

  text(name: string, otherwise = ''): string {
    const value = this.value(name);
    return typeof value === 'string' ? value : otherwise;
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.value(name);
    return typeof value === 'boolean' ? value : otherwise;
  }

  /** A whole number of 32 bits, with a sign. */
  whole(name: string, otherwise = 0): number {
    const value = this.value(name);
    return value instanceof Exact ? wholeOf(value) : otherwise;
  }

  /** A whole number that a double can hold exactly, where Core takes 64 bits. */
  long(name: string, otherwise = 0): number {
    const value = this.value(name);
    if (!(value instanceof Exact)) return otherwise;
    const number = Number(value.digits);
    if (Number.isSafeInteger(number)) return number;
    throw new Failure(codes.misc, 'JSON integer out of range');
  }

  /** A number, or the older yes and no for 1 and 0. Core: ParseVerbosity. */
  verbosity(name: string, otherwise: number): number {
    const value = this.value(name);
    if (typeof value === 'boolean') return Number(value);
    if (value === null) return otherwise;
    if (value instanceof Exact) return wholeOf(value);
    const problem = `JSON value of type ${typeOf(value)} is not of expected type number`;
    throw new Failure(codes.type, problem);
  }

  list(name: string): readonly Value[] {
    const value = this.value(name);
    return isList(value) ? value : [];
  }

  /** A hash of 64 digits; `called` is its name in messages. */
  hash(name: string, called = name): Hash {
    return hashOfText(this.text(name), called);
  }

  /** An amount in coins, as a number or as text. */
  amount(name: string, otherwise: bigint): bigint {
    return this.has(name) ? amountOf(this.value(name)) : otherwise;
  }
}

/** A member of a list, or a field of an object, that must be text. */
export function textOf(value: Value | undefined): string {
  if (typeof value === 'string') return value;
  const problem = `JSON value of type ${typeOf(value ?? null)} is not of expected type string`;
  throw new Failure(codes.type, problem);
}

/** Core: ParseHashV. */
export function hashOfText(text: string, called: string): Hash {
  if (text.length !== 64) {
    throw badParameter(`${called} must be of length 64 (not ${text.length}, for '${text}')`);
  }
  try {
    return parseHash(text);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw badParameter(`${called} must be hexadecimal string (not '${text}')`);
  }
}

/** Core: AmountFromValue. */
export function amountOf(value: Value | undefined): bigint {
  const digits = value instanceof Exact ? value.digits : value;
  if (typeof digits !== 'string') throw new Failure(codes.type, 'Amount is not a number or string');
  try {
    return parseAmount(withoutExponent(digits));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const isOutside = Number(digits) < 0 || Number(digits) > Number(maxMoney / coin);
    throw new Failure(codes.type, isOutside ? 'Amount out of range' : 'Invalid amount');
  }
}

/** Programs write a small float as `1e-05`. */
function withoutExponent(digits: string): string {
  const [, whole, fraction = '', exponent] =
    /^(\d{1,20})(?:\.(\d{1,20}))?[eE]([+-]?\d{1,2})$/.exec(digits) ?? [];
  if (whole === undefined) return digits;
  const at = whole.length + Number(exponent);
  const all = `${'0'.repeat(Math.max(-at, 0))}${whole}${fraction}`.padEnd(at, '0');
  const point = Math.max(at, 0);
  const before = all.slice(0, point).replace(/^0+(?=\d)/, '') || '0';
  const behind = all.slice(point).replace(/0+$/, '');
  return behind === '' ? before : `${before}.${behind}`;
}

/** Is this some hex, and not nothing? Core: IsHex. */
export function isHex(text: string): boolean {
  return text.length > 0 && text.length % 2 === 0 && /^[0-9a-f]*$/i.test(text);
}

/** What this hex says, or Core's word for what cannot be read. */
export function decoded<T>(hex: string, read: (bytes: Uint8Array) => T, problem: string): T {
  try {
    return read(parseHex(hex));
  } catch (error) {
    if (error instanceof DecodeError) throw new Failure(codes.decoding, problem);
    throw error;
  }
}

/** A field of an object within a parameter. */
export function wholeIn(fields: Fields, name: string, most: number): number {
  const value = fields[name];
  const number = value instanceof Exact ? Number(value.digits) : -1;
  if (Number.isInteger(number) && number >= 0 && number <= most) return number;
  throw badParameter(`Invalid parameter, ${name} must be a whole number from 0 to ${most}`);
}

/** A hash in a field of an object within a parameter. */
export function hashIn(fields: Fields, name: string): Hash {
  return hashOfText(textOf(fields[name]), name);
}

/** The members of a list that must all be objects. */
export function objectsIn(values: readonly Value[]): readonly Fields[] {
  return values.map((value) => {
    if (isFields(value)) return value;
    const problem = `JSON value of type ${typeOf(value)} is not of expected type object`;
    throw new Failure(codes.type, problem);
  });
}

function wholeOf({ digits }: Exact): number {
  const number = Number(digits);
  if (Number.isInteger(number) && number === (number | 0)) return number;
  throw new Failure(codes.misc, 'JSON integer out of range');
}

function isOfType(value: Value, type: string): boolean {
  if (type === 'any') return value !== null;
  if (type === 'amount') return value instanceof Exact || typeof value === 'string';
  return typeOf(value) === type;
}

/** Core's names for the types of JSON. */
function typeOf(value: Value): string {
  if (value === null) return 'null';
  if (isList(value)) return 'array';
  if (value instanceof Exact) return 'number';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : 'object';
}
