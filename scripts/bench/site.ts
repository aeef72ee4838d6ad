/**
 * A site: a chain on this machine's disk that a benchmark builds, through the door that every block
 * takes, on a network like `main` whose work is as good as none.
 */
import { join } from 'node:path';
import { Chain, type VerifyAll } from '../../src/chain/chain.ts';
import type { Database, Operation } from '../../src/chain/database.ts';
import { chooseEngine, loadEngines } from '../../src/cli/engine.ts';
import { checksum, openDatabase } from '../../src/cli/leveldb.ts';
import { random } from '../../src/cli/machine.ts';
import { genesisBlock } from '../../src/consensus/genesis.ts';
import { main, type Params } from '../../src/consensus/params.ts';
import { isReject } from '../../src/consensus/reject.ts';
import { targetFromBits } from '../../src/consensus/work.ts';
import { Pool } from '../../src/mempool/pool.ts';
import { searchNonce, searchOf } from '../../src/miner/kernel.ts';
import { buildTemplate } from '../../src/miner/template.ts';
import { chooseHasher } from '../../src/primitives/batchhasher.ts';
import { type Block, type Header, hashHeader } from '../../src/primitives/block.ts';
import { useHasher } from '../../src/primitives/hasher.ts';
import { verify } from '../../src/primitives/signature.ts';
import { atOnce } from '../../src/primitives/steps.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';

const engine = chooseEngine(await loadEngines());
useHasher(chooseHasher());
const easiest = 0x207f_ffff;

/** All signatures, one after the other, with the fastest engine. */
export const verifyAll: VerifyAll = async (checks) =>
  checks.find((check) => !verify(check, engine));

/** A network whose first block has this time. */
export function easyNetwork(time: number): Params {
  const block = genesisBlock({ message: 'grown in an hour', time, bits: easiest, nonce: 0 });
  const nonce = mine(block.header);
  const genesis = { ...block, header: { ...block.header, nonce } };
  return { ...main, name: 'growth', prefix: 'tg', limitBits: easiest, genesis };
}

export interface Site {
  readonly chain: Chain;
  readonly close: () => Promise<void>;
}

/** What makes the chain of one site differ from that of another. */
export interface Soil {
  readonly params: Params;
  readonly hasIndex?: boolean;
  /** Hear what is to be checked, and what is to be written. */
  readonly onChecks?: (checks: Parameters<VerifyAll>[0]) => void;
  readonly onBatch?: (operations: readonly Operation[]) => void;
}

/** Opens the chain where the program would look for it in this data folder. */
export async function openSite(datadir: string, soil: Soil): Promise<Site> {
  const { params, hasIndex = true, onChecks, onBatch } = soil;
  const { database, last, close } = await openDatabase(join(datadir, params.name));
  const heard: Database = {
    ...database,
    batch: (operations, options) => {
      onBatch?.(operations);
      return database.batch(operations, options);
    },
  };
  const chain = await Chain.open({
    database: heard,
    last,
    checksum,
    random,
    params,
    hasIndex,
    isSynced: () => false,
    verifyAll: (checks) => {
      onChecks?.(checks);
      return verifyAll(checks);
    },
  });
  return { chain, close };
}

/** What is in a block. */
export interface Content {
  /** Who is paid. */
  readonly script: Uint8Array;
  readonly time: number;
  readonly payments?: readonly Transaction[];
}

/** The next block, with its work done. */
export async function nextBlock(chain: Chain, content: Content): Promise<Block> {
  const { script, time, payments = [] } = content;
  const pool = new Pool();
  for (const transaction of payments) {
    pool.add({ transaction, fee: 0n, time, height: chain.tip.height, coins: [] });
  }
  const request = {
    parent: hashHeader(chain.tip.header),
    context: await chain.branch.headerContext(chain.tip),
    pool: pool.list(),
    script,
    now: time,
    extraNonce: 0,
  };
  const block = atOnce(buildTemplate(request, chain.params));
  return { ...block, header: { ...block.header, nonce: mine(block.header) } };
}

/** Builds a block and hands it in. It must become the tip. */
export async function grow(chain: Chain, content: Content): Promise<Block> {
  const block = await nextBlock(chain, content);
  await submit(chain, block);
  return block;
}

/** Hands in a block that must become the tip. */
export async function submit(chain: Chain, block: Block): Promise<void> {
  const answer = await chain.accept(block, block.header.time);
  if (isReject(answer)) throw new Error(`a block was refused: ${answer.reason}`);
  if (answer.status !== 'connected') throw new Error(`a block is ${answer.status}`);
}

/** The first nonce that does, on a network as easy as this. */
export function mine(header: Header): number {
  const target = targetFromBits(header.bits, easiest) ?? 0n;
  const nonce = searchNonce(searchOf(header, target, 2 ** 32));
  if (nonce === undefined) throw new Error('no nonce will do');
  return nonce;
}
