/**
 * JSON without floating point: a number is kept as the digits that stood there, or that are to
 * stand there. So 50 coins are 50.00000000, as Core writes them, and 0.1 is a tenth.
 */
import { formatAmount } from '../primitives/amount.ts';

/** A number by its digits. */
export class Exact {
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }
}

/** Whatever JSON can hold. A `bigint` is a whole number; an `undefined` field is left out. */
export type Value = null | boolean | number | bigint | string | Exact | readonly Value[] | Fields;

/** A JSON object. */
export interface Fields {
  readonly [name: string]: Value | undefined;
}

/** An amount in coins, with all eight places. Core: ValueFromAmount. */
export function coins(amount: bigint): Exact {
  return new Exact(formatAmount(amount));
}

export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

export function isFields(value: Value | undefined): value is Fields {
  const isObject = typeof value === 'object' && value !== null;
  return isObject && !Array.isArray(value) && !(value instanceof Exact);
}

/**
 * Reads JSON, numbers as `Exact`. Throws a `SyntaxError`, or a `RangeError` if it is too deep. What
 * stood there is told since V8 11.4, and so by every Node from 22 on.
 */
export function parseJson(text: string): Value {
  return JSON.parse(text, (_name, value: Value, context?: { readonly source?: string }) =>
    typeof value === 'number' ? new Exact(context?.source ?? String(value)) : value,
  );
}

/** One line, without spaces, as Core answers. */
export function writeJson(value: Value): string {
  if (value instanceof Exact) return value.digits;
  if (typeof value === 'bigint') return value.toString();
  if (isList(value)) return `[${value.map(writeJson).join(',')}]`;
  if (!isFields(value)) return JSON.stringify(value);
  const fields = Object.entries(value).flatMap(([name, field]) =>
    field === undefined ? [] : `${JSON.stringify(name)}:${writeJson(field)}`,
  );
  return `{${fields.join(',')}}`;
}

/** Many lines, for people. */
export function printJson(value: Value, margin = ''): string {
  const inner = `${margin}  `;
  const block = (open: string, parts: readonly string[], close: string) =>
    parts.length === 0
      ? open + close
      : `${open}\n${parts.map((part) => inner + part).join(',\n')}\n${margin}${close}`;
  if (isList(value)) {
    const parts = value.map((each) => printJson(each, inner));
    return block('[', parts, ']');
  }
  if (!isFields(value)) return writeJson(value);
  const parts = Object.entries(value).flatMap(([name, field]) =>
    field === undefined ? [] : `${JSON.stringify(name)}: ${printJson(field, inner)}`,
  );
  return block('{', parts, '}');
}
