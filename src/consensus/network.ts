/**
 * A network of one's own: read from a file, and refused, with the field named, where its rules
 * could not carry a chain.
 */

import { bytesToHex } from '@noble/hashes/utils.js';
import { coin, formatAmount, isMoney, maxMoney, parseAmount } from '../primitives/amount.ts';
import { Block, hashHeader } from '../primitives/block.ts';
import { DecodeError, decode, encode, noHash, parseHex } from '../primitives/codec.ts';
import { checkMerkleRoot } from './block.ts';
import type { Difficulty } from './difficulty.ts';
import { checkHeader } from './header.ts';
import { builtIn, type Params } from './params.ts';
import { totalSubsidy } from './subsidy.ts';
import { decodeBits, encodeBits, targetFromBits } from './work.ts';

/** A network as its file has it. */
export function writeNetwork(params: Params): object {
  const { difficulty } = params;
  return {
    name: params.name,
    genesis: bytesToHex(encode(Block, params.genesis)),
    difficulty: difficulty.rule,
    ...(difficulty.rule === 'none' ? {} : { spacing: difficulty.spacingSeconds }),
    ...(difficulty.rule === 'asert' ? { halfLife: difficulty.halfLifeSeconds } : {}),
    limit: params.limitBits.toString(16).padStart(8, '0'),
    maxFuture: params.maxFutureSeconds,
    subsidy: formatAmount(params.subsidy),
    halving: params.halvingInterval,
    maturity: params.coinbaseMaturity,
    prefix: params.prefix,
    coinType: params.coinType,
    port: params.p2pPort,
    httpPort: params.httpPort,
    peers: params.peers,
  };
}

/** All of a network but its first block. */
export type Rules = Omit<Params, 'genesis'>;

/** The network in this text. Throws a `DecodeError` that names the field that is wrong. */
export function readNetwork(text: string): Params {
  const fields = new Fields(parseObject(text), (field) => `network file: ${field}`);
  const genesis = fields.parse('genesis', (hex) => decode(Block, parseHex(hex)));
  const params = { ...takeRules(fields), genesis };
  fields.finish();
  checkRules(params, fields);
  checkGenesis(params, fields);
  return params;
}

/**
 * The rules of a network that has no genesis block yet, in the fields of its file. Throws a
 * `DecodeError` that calls the field which is wrong as its writer does.
 */
export function readRules(value: object, nameOf: (field: string) => string): Rules {
  const fields = new Fields(value, nameOf);
  const rules = takeRules(fields);
  fields.finish();
  checkRules(rules, fields);
  return rules;
}

function takeRules(fields: Fields): Rules {
  return {
    name: fields.text('name', /^[a-z0-9-]{1,32}$/),
    difficulty: takeDifficulty(fields),
    limitBits: Number.parseInt(fields.text('limit', /^[0-9a-f]{8}$/), 16),
    maxFutureSeconds: fields.whole('maxFuture', 1, 86_400),
    subsidy: fields.parse('subsidy', parseAmount),
    halvingInterval: fields.whole('halving', 1, 0xffff_ffff),
    coinbaseMaturity: fields.whole('maturity', 1, 1_000_000),
    prefix: fields.text('prefix', /^[a-z]{1,20}$/),
    coinType: fields.whole('coinType', 0, 0x7fff_ffff),
    p2pPort: fields.whole('port', 1, 65_535),
    httpPort: fields.whole('httpPort', 1, 65_535),
    peers: fields.texts('peers'),
  };
}

function takeDifficulty(fields: Fields): Difficulty {
  const rule = fields.text('difficulty', /^(asert|bitcoin|none)$/);
  if (rule === 'none') return { rule };
  const spacingSeconds = fields.whole('spacing', 1, 86_400);
  if (rule === 'bitcoin') return { rule, spacingSeconds };
  return {
    rule: 'asert',
    spacingSeconds,
    halfLifeSeconds: fields.whole('halfLife', 1, 31_536_000),
  };
}

/** Refuses rules that contradict each other. */
function checkRules(rules: Rules, fields: Fields): void {
  const { name, difficulty, limitBits, maxFutureSeconds, prefix } = rules;
  if (builtIn.some((known) => known.name === name)) fields.wrong('name', `'${name}' is built in`);
  if (prefix === 'bc' || prefix === 'tb') fields.wrong('prefix', `'${prefix}' is Bitcoin's own`);
  if (rules.p2pPort === rules.httpPort) fields.wrong('httpPort', 'must not be the same as port');
  const total = totalSubsidy(rules);
  if (!isMoney(total)) {
    const problem = `${total / coin} coins in all, above ${maxMoney / coin}`;
    fields.wrong('subsidy', `${problem}: lower it or halving`);
  }
  if (difficulty.rule === 'asert' && maxFutureSeconds * 2 > difficulty.halfLifeSeconds) {
    const reason = 'or one stamp could set the difficulty';
    fields.wrong('maxFuture', `must not be above half of the half-life, ${reason}`);
  }
  const limit = targetFromBits(limitBits, 0x207f_ffff);
  if (limit === undefined || encodeBits(decodeBits(limitBits).target) !== limitBits) {
    fields.wrong('limit', 'is not the compact form of a target up to 207fffff');
  }
}

function checkGenesis(params: Params, fields: Fields): void {
  const { header, transactions } = params.genesis;
  const wrong = (problem: string) => fields.wrong('genesis', problem);
  if (header.parent !== noHash) wrong('it has a parent');
  if (transactions.length !== 1) wrong('it must hold one transaction');
  if (checkMerkleRoot(params.genesis)) wrong('its merkle root is not that of its transaction');
  if (header.bits !== params.limitBits) wrong('its bits are not the limit');
  if (checkHeader(header, params)) wrong(`its hash ${hashHeader(header)} has too little work`);
}

function parseObject(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DecodeError(`network file: not JSON: ${String(error)}`, { cause: error });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new DecodeError('network file: expected an object');
}

/** What stands there instead. Lists are not shown: those within lists can exhaust the stack. */
function show(value: unknown): string {
  return typeof value === 'object' ? 'a list, an object or null' : JSON.stringify(value);
}

/** The fields of a JSON object, each asked for once; what nobody asked for is a mistake. */
class Fields {
  readonly #fields: Map<string, unknown>;
  readonly #nameOf: (field: string) => string;

  constructor(value: object, nameOf: (field: string) => string) {
    this.#fields = new Map(Object.entries(value));
    this.#nameOf = nameOf;
  }

  wrong(field: string, problem: string): never {
    throw new DecodeError(`${this.#nameOf(field)}: ${problem}`);
  }

  text(field: string, pattern: RegExp): string {
    const value = this.#take(field);
    if (typeof value === 'string' && pattern.test(value)) return value;
    return this.wrong(field, `expected text like ${pattern.source}, got ${show(value)}`);
  }

  whole(field: string, least: number, most: number): number {
    const value = this.#take(field);
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) {
      return value;
    }
    return this.wrong(field, `expected ${least} to ${most}, got ${show(value)}`);
  }

  texts(field: string): readonly string[] {
    const value = this.#take(field);
    if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
    return this.wrong(field, 'expected a list of texts');
  }

  parse<T>(field: string, parse: (text: string) => T): T {
    const text = this.text(field, /^/);
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof DecodeError) return this.wrong(field, error.message);
      throw error;
    }
  }

  finish(): void {
    for (const field of this.#fields.keys()) this.wrong(field, 'there is no such field');
  }

  #take(field: string): unknown {
    if (!this.#fields.has(field)) this.wrong(field, 'is missing');
    const value = this.#fields.get(field);
    this.#fields.delete(field);
    return value;
  }
}
