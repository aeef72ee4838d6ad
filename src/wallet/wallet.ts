/**
 * A wallet: its words, and how many addresses it has given out.
 *
 * The number is kept so that an address is given to one person only, and so that its keys can be
 * listed without guessing. Coins and balances are not here: they are the chain's to tell.
 */
import { bech32, bech32m } from '@scure/base';
import { DecodeError, type Hash, parseHash } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import type { KeyKind, KeyPath } from './keys.ts';
import { readWords } from './words.ts';

/** How many addresses of a kind have been given out: the index of the next. */
interface Next {
  readonly receive: number;
  readonly change: number;
}

export interface Wallet {
  readonly label: string;
  /** The first block of the chain that its coins are on. */
  readonly genesis: Hash;
  readonly words: string;
  /** In seconds since 1970: the first wallet is the one that was made first. */
  readonly created: number;
  readonly next: { readonly p2wpkh: Next; readonly p2tr: Next };
}

/** More addresses of one kind than any person needs; a bound on what a damaged file can ask for. */
const maxAddresses = 1_000_000;

/** A wallet that has given out its first address. */
export function newWallet(wallet: Omit<Wallet, 'next'>): Wallet {
  checkLabel(wallet.label);
  const next = { p2wpkh: { receive: 1, change: 0 }, p2tr: { receive: 0, change: 0 } };
  return { ...wallet, next };
}

/** Gives out the next address. What is returned must be saved before the address is shown. */
export function takeAddress(
  wallet: Wallet,
  kind: KeyKind,
  isChange: boolean,
): { readonly wallet: Wallet; readonly path: KeyPath } {
  const { receive, change } = wallet.next[kind];
  const index = isChange ? change : receive;
  if (index >= maxAddresses) {
    throw new Fault(
      'wallet-full',
      `'${wallet.label}' has given out ${index} addresses of one kind`,
    );
  }
  const taken = isChange ? { receive, change: index + 1 } : { receive: index + 1, change };
  return {
    wallet: { ...wallet, next: { ...wallet.next, [kind]: taken } },
    path: { kind, isChange, index },
  };
}

/** The paths of all addresses given out: P2WPKH before P2TR, receiving before change. */
export function pathsOf({ next }: Wallet): readonly KeyPath[] {
  return [
    ...paths('p2wpkh', false, next.p2wpkh.receive),
    ...paths('p2wpkh', true, next.p2wpkh.change),
    ...paths('p2tr', false, next.p2tr.receive),
    ...paths('p2tr', true, next.p2tr.change),
  ];
}

function paths(kind: KeyKind, isChange: boolean, count: number): readonly KeyPath[] {
  return Array.from({ length: count }, (_, index) => ({ kind, isChange, index }));
}

/** Throws a `Fault` where this cannot be a wallet's name, which is also the name of its file. */
export function checkLabel(label: string): void {
  const problem = labelProblem(label);
  if (problem) throw new Fault('bad-label', `'${label}' cannot be a label: ${problem}`);
}

function labelProblem(label: string): string | undefined {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/.test(label)) {
    return "write 1 to 32 letters, digits, '.', '_' or '-', a letter or a digit first";
  }
  // Or money meant for an address could go to whoever made a wallet of that name.
  if (bech32.decodeUnsafe(label) ?? bech32m.decodeUnsafe(label)) return 'it looks like an address';
  return undefined;
}

/** The form of a wallet's file; another form gets another number. */
const format = 1;

/**
 * The wallet's file: an object with the fields of `Wallet`, under their names, and `format`.
 *
 * Every field must be there, and no other: what is not understood cannot be kept when the file is
 * written anew. The words stand in it as they are.
 */
export function writeWallet({ label, genesis, words, created, next }: Wallet): string {
  const fields = { format, label, genesis, words, created, next };
  return `${JSON.stringify(fields, undefined, 2)}\n`;
}

/**
 * The wallet in this file. Throws a `DecodeError` that names the field that is wrong, and never
 * quotes a value: it could be the secret.
 */
export function readWallet(text: string): Wallet {
  const file = objectOf(parseJson(text), 'the whole');
  if (file.get('format') !== format) wrong('format', `expected ${format}: is it a newer one?`);
  checkNames(file, ['format', 'label', 'genesis', 'words', 'created', 'next']);
  const next = objectOf(file.get('next'), 'next');
  checkNames(next, ['p2wpkh', 'p2tr'], 'next.');
  const label = textOf(file, 'label');
  const problem = labelProblem(label);
  if (problem) wrong('label', problem);
  return {
    label,
    genesis: parsed(file, 'genesis', parseHash),
    words: parsed(file, 'words', readWords),
    created: wholeOf(file.get('created'), 'created', Number.MAX_SAFE_INTEGER),
    next: { p2wpkh: readNext(next, 'p2wpkh'), p2tr: readNext(next, 'p2tr') },
  };
}

type Fields = ReadonlyMap<string, unknown>;

function readNext(next: Fields, kind: KeyKind): Next {
  const place = `next.${kind}`;
  const counts = objectOf(next.get(kind), place);
  checkNames(counts, ['receive', 'change'], `${place}.`);
  return {
    receive: wholeOf(counts.get('receive'), `${place}.receive`, maxAddresses),
    change: wholeOf(counts.get('change'), `${place}.change`, maxAddresses),
  };
}

function wholeOf(value: unknown, field: string, most: number): number {
  const isWhole = typeof value === 'number' && Number.isInteger(value);
  if (isWhole && value >= 0 && value <= most) return value;
  return wrong(field, `expected a whole number up to ${most}`);
}

function textOf(fields: Fields, field: string): string {
  const value = fields.get(field);
  return typeof value === 'string' ? value : wrong(field, 'expected text');
}

function parsed<T>(fields: Fields, field: string, parse: (text: string) => T): T {
  const text = textOf(fields, field);
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof DecodeError) return wrong(field, 'damaged');
    throw error;
  }
}

function checkNames(fields: Fields, names: readonly string[], place = ''): void {
  for (const name of names) if (!fields.has(name)) wrong(place + name, 'is missing');
  for (const name of fields.keys()) {
    if (!names.includes(name)) wrong(place + name, 'there is no such field');
  }
}

function objectOf(value: unknown, field: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return new Map(Object.entries(value));
  }
  return wrong(field, 'expected an object');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes what lies around the mistake.
    return wrong('the whole', 'not JSON');
  }
}

function wrong(field: string, problem: string): never {
  throw new DecodeError(`wallet file: ${field}: ${problem}`);
}
