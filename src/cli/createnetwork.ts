/**
 * `chain createnetwork`: a network of one's own, as a file for all who take part.
 *
 * Its genesis block is mined here and lies in the file: whoever has the file has the same chain.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { genesisBlock, maxMessageBytes } from '../consensus/genesis.ts';
import { type Rules, readNetwork, readRules, writeNetwork } from '../consensus/network.ts';
import { main, regtest } from '../consensus/params.ts';
import { decodeBits } from '../consensus/work.ts';
import { searchNonce, searchOf } from '../miner/kernel.ts';
import { type Block, hashHeader } from '../primitives/block.ts';
import { DecodeError } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import type { Desk } from './desk.ts';

export interface NetworkOptions {
  readonly name: string;
  readonly message: string;
  readonly difficulty: 'asert' | 'bitcoin' | 'none';
  readonly spacing?: number;
  readonly halfLife?: number;
  readonly maxFuture?: number;
  readonly subsidy: string;
  readonly halving: number;
  readonly maturity: number;
  readonly prefix: string;
  readonly port: number;
  readonly peer?: readonly string[];
  readonly file?: string;
}

export async function createNetwork(desk: Desk, options: NetworkOptions): Promise<void> {
  const rules = rulesOf(options);
  checkMessage(options.message);
  const path = options.file ?? `${rules.name}.json`;
  // Before the work, and once more when it is written.
  if (existsSync(path)) throw fileExists(path);

  const genesis = mineGenesis(desk, rules, options.message);
  const text = `${JSON.stringify(writeNetwork({ ...rules, genesis }), undefined, 2)}\n`;
  readNetwork(text);
  write(path, text);
  const hash = hashHeader(genesis.header);
  desk.answer([path, hash], { file: path, genesis: hash });
  desk.note(
    `Give this file to all who take part. Next: chain --network ${typed(path)} createwallet`,
  );
}

/** The rules, each field named by its option where it is wrong. */
function rulesOf(options: NetworkOptions): Rules {
  if (/^0+(\.0*)?$/.test(options.subsidy)) {
    throw badOption('subsidy', 'without one there would never be a coin');
  }
  try {
    return readRules(fieldsOf(options), (field) => `--${optionNames.get(field) ?? field}`);
  } catch (error) {
    if (error instanceof DecodeError) throw new Fault('bad-network', error.message, error);
    throw error;
  }
}

/** Where an option is not called as the field is. */
const optionNames: ReadonlyMap<string, string> = new Map([
  ['halfLife', 'half-life'],
  ['maxFuture', 'max-future'],
  ['peers', 'peer'],
]);

/** Half-lives of `main` in its spacings. */
const spacingsPerHalfLife = 40;
/** Where there is no half-life to be measured by. Core: MAX_FUTURE_BLOCK_TIME. */
const maxFutureSeconds = 7_200;

function fieldsOf(options: NetworkOptions): object {
  const { difficulty, port, spacing = 15 } = options;
  const halfLife = options.halfLife ?? spacing * spacingsPerHalfLife;
  const most = difficulty === 'asert' ? Math.floor(halfLife / 2) : maxFutureSeconds;
  for (const name of uselessWith[difficulty]) {
    if (options[name] === undefined) continue;
    throw badOption(optionNames.get(name) ?? name, `--difficulty ${difficulty} has none`);
  }
  return {
    name: options.name,
    difficulty,
    ...(difficulty === 'none' ? {} : { spacing }),
    ...(difficulty === 'asert' ? { halfLife } : {}),
    limit: (difficulty === 'none' ? regtest : main).limitBits.toString(16),
    maxFuture: options.maxFuture ?? Math.max(1, Math.min(most, maxFutureSeconds)),
    subsidy: options.subsidy,
    halving: options.halving,
    maturity: options.maturity,
    prefix: options.prefix,
    coinType: main.coinType,
    port,
    // The next one, as on `main`, but for the last of all.
    httpPort: port === 65_535 ? port - 1 : port + 1,
    peers: options.peer ?? [],
  };
}

const uselessWith = {
  asert: [],
  bitcoin: ['halfLife'],
  none: ['spacing', 'halfLife'],
} as const;

function checkMessage(message: string): void {
  const length = Buffer.byteLength(message);
  if (length === 0) throw badOption('message', 'it is empty');
  if (length <= maxMessageBytes) return;
  throw badOption('message', `it has ${length} bytes, and there is room for ${maxMessageBytes}`);
}

/** Few enough that the count is seen moving. */
const noncesPerStep = 50_000;

function mineGenesis(desk: Desk, { limitBits }: Rules, message: string): Block {
  const words = { message, time: desk.now(), bits: limitBits, nonce: 0 };
  const { header, transactions } = genesisBlock(words);
  const search = searchOf(header, decodeBits(limitBits).target, noncesPerStep);
  const progress = desk.counter('mining the genesis block, hash');
  for (let firstNonce = 0; firstNonce < 2 ** 32; firstNonce += noncesPerStep) {
    progress(firstNonce);
    const nonce = searchNonce({ ...search, firstNonce });
    if (nonce !== undefined) return { header: { ...header, nonce }, transactions };
  }
  throw new Fault('mining', 'no nonce makes this a genesis block; try again');
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx', flush: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw fileExists(path);
    }
    rmSync(path, { force: true });
    const problem = error instanceof Error ? error.message : String(error);
    throw new Fault('cannot-write', `cannot write ${path}: ${problem}`, error);
  }
}

/** The path as a shell takes it, and as nothing but a file. */
function typed(path: string): string {
  const place = /^\.{0,2}\//.test(path) ? path : `./${path}`;
  return /^[\w./-]+$/.test(place) ? place : `'${place.replaceAll("'", "'\\''")}'`;
}

function badOption(name: string, problem: string): Fault {
  return new Fault('bad-network', `--${name}: ${problem}`);
}

function fileExists(path: string): Fault {
  return new Fault('file-exists', `there is a ${path} already; choose another --file`);
}
