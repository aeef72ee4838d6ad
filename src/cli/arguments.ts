/** Words of the command line, made into values before any command sees them. */
import { InvalidArgumentError } from 'commander';
import { parseAmount } from '../primitives/amount.ts';
import { DecodeError, type Hash, parseHash } from '../primitives/codec.ts';

/** An amount above nothing, in base units, or all there is. */
export function amount(text: string): bigint | 'all' {
  if (text === 'all') return 'all';
  try {
    const parsed = parseAmount(text);
    if (parsed > 0n) return parsed;
  } catch (error) {
    if (error instanceof DecodeError) throw new InvalidArgumentError(error.message);
    throw error;
  }
  throw new InvalidArgumentError('an amount is above zero');
}

/** Base units a virtual byte, with at most three places, as base units per 1,000. */
export function feeRate(text: string): bigint {
  const [, whole, fraction = ''] = /^(\d{1,6})(?:\.(\d{1,3}))?$/.exec(text) ?? [];
  const rate = whole === undefined ? 0n : BigInt(whole + fraction.padEnd(3, '0'));
  if (rate >= 1_000n) return rate;
  throw new InvalidArgumentError(`'${text}' is not a fee rate: write 1 or more, like 2.5`);
}

/** A block by its hash, or by its height on the active chain. */
export function block(text: string): Hash | number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  if (isHash.test(text)) return parseHash(text);
  const ways = 'write its height, or the 64 hex digits of its hash';
  throw new InvalidArgumentError(`'${text}' is no block: ${ways}`);
}

/** A transaction by its id. */
export function transactionId(text: string): Hash {
  if (isHash.test(text)) return parseHash(text);
  throw new InvalidArgumentError(`'${text}' is not a txid: write its 64 hex digits`);
}

const isHash = /^[0-9a-f]{64}$/i;

/** A file: not the nameless one. */
export function file(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('a file has a name');
}

/** A folder: not the nameless one where one stands, nor an option where a name should be. */
export function folder(text: string): string {
  if (text !== '' && !text.startsWith('-')) return text;
  throw new InvalidArgumentError(`'${text}' is not a folder`);
}

/** The addresses of nodes, one more with each time that the option is given. */
export function peer(text: string, before: readonly string[] = []): readonly string[] {
  const [, port = '0'] =
    /^\/(?:ip4|ip6|dns|dns4|dns6)\/[^/\s]+\/tcp\/(\d{1,5})(?:\/\S+)?$/.exec(text) ?? [];
  if (Number(port) > 0 && Number(port) <= 65_535) return [...before, text];
  throw new InvalidArgumentError(`'${text}' is no address like /ip4/10.0.0.1/tcp/3000`);
}

/** A whole number from `least` on. */
export function whole(least: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : -1;
    if (number >= least) return number;
    throw new InvalidArgumentError(`'${text}' is not a whole number from ${least} on`);
  };
}

/** A port, or where `least` is 0 any one that is free. */
export function port(least: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,5}$/.test(text) ? Number(text) : -1;
    if (number >= least && number <= 65_535) return number;
    throw new InvalidArgumentError(`'${text}' is not a port: they go from ${least} to 65535`);
  };
}
