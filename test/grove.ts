/**
 * A grove: a node in memory whose blocks have names, so that a test can draw its forks as a tree.
 *
 * It grows on Bitcoin's regtest, but a minted coin matures in the next block. The clock stands.
 */
import { crc32 } from 'node:zlib';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { MemoryLevel } from 'memory-level';
import { type Breathe, breathless } from '../src/chain/breathe.ts';
import { type Accepted, type BlockReject, Chain, type VerifyAll } from '../src/chain/chain.ts';
import type { Database } from '../src/chain/database.ts';
import { type Entry, hashOf } from '../src/chain/entry.ts';
import { Guard } from '../src/chain/guard.ts';
import { Store } from '../src/chain/store.ts';
import { nextBits, pastHeight } from '../src/consensus/difficulty.ts';
import { type Params, regtest } from '../src/consensus/params.ts';
import { isReject } from '../src/consensus/reject.ts';
import { subsidyAt } from '../src/consensus/subsidy.ts';
import { searchNonce } from '../src/miner/kernel.ts';
import { Node } from '../src/node/node.ts';
import { type Block, hashHeader } from '../src/primitives/block.ts';
import type { Hash } from '../src/primitives/codec.ts';
import type { Coin } from '../src/primitives/coin.ts';
import { nobleEngine } from '../src/primitives/reference.ts';
import { heightPush, push } from '../src/primitives/script.ts';
import { verify } from '../src/primitives/signature.ts';
import { outPointName, type Transaction } from '../src/primitives/transaction.ts';
import { coinbaseOf, epoch, grind, keyOf, type Owned, ownOutput, seal } from './forge.ts';

/** Regtest where a minted coin can be spent by the next block. */
export const grass: Params = { ...regtest, coinbaseMaturity: 1 };

/** The time by every clock here, long after all blocks but those that say otherwise. */
export const noon = 1_900_000_000;

/** All signatures, one after the other, in this thread. */
export const verifyInline: VerifyAll = async (checks) =>
  checks.find((check) => !verify(check, nobleEngine));

/** The same, but no question is put twice: orders of arrival ask the same ones over and over. */
export function verifyOnce(): VerifyAll {
  const answers = new Map<string, boolean>();
  return async (checks) =>
    checks.find((check) => {
      const { scheme, signature, digest, publicKey } = check;
      const question = `${scheme} ${bytesToHex(concatBytes(signature, digest, publicKey))}`;
      const answer = answers.get(question) ?? verify(check, nobleEngine);
      answers.set(question, answer);
      return !answer;
    });
}

/** An empty database in memory. */
export function memory(): MemoryLevel<Uint8Array, Uint8Array> {
  return new MemoryLevel({ keyEncoding: 'view', valueEncoding: 'view' });
}

/** What the guard asks of the machine: the same "random" bytes every time. */
export const machine = {
  checksum: crc32,
  random: (length: number) => new Uint8Array(length).fill(7),
};

/** A chain by itself, without a mempool. */
export function openChain(
  database: Database,
  params: Params = regtest,
  verifyAll: VerifyAll = verifyInline,
): Promise<Chain> {
  return Chain.open({ database, ...machine, params, verifyAll });
}

/** Hands in blocks as they come, and an orphan again once its parent was taken. */
export async function deliver(
  chain: Chain,
  blocks: readonly Block[],
  hear: (answer: Accepted | BlockReject) => Promise<void> | void = () => {},
): Promise<void> {
  const orphans = new Map<Hash, Block[]>();
  const offer = async (block: Block): Promise<void> => {
    const answer = await chain.accept(block, noon);
    await hear(answer);
    const { parent } = block.header;
    if (isReject(answer)) {
      if (answer.reason !== 'prev-blk-not-found') return;
      orphans.set(parent, [...(orphans.get(parent) ?? []), block]);
      return;
    }
    const hash = hashHeader(block.header);
    const children = orphans.get(hash) ?? [];
    orphans.delete(hash);
    for (const child of children) await offer(child);
  };
  for (const block of blocks) await offer(block);
}

/** Every coin there is, by name, as the tables have it. */
export async function coinsIn(database: Database): Promise<ReadonlyMap<string, Coin>> {
  const found = new Map<string, Coin>();
  const store = new Store(await Guard.open({ database, ...machine }));
  for await (const { outPoint, coin } of store.allCoins()) found.set(outPointName(outPoint), coin);
  return found;
}

/** A copy of a database in memory, to be opened by itself. */
export async function copyOf(database: Database): Promise<ReturnType<typeof memory>> {
  const copy = memory();
  for await (const [key, value] of database.iterator({})) await copy.put(key, value);
  return copy;
}

/** Every record with a key from this letter on and before the other, as bytes. */
export async function recordsIn(database: Database, from = 'a', before = '~') {
  const records: [Uint8Array, Uint8Array][] = [];
  const range = { gte: utf8ToBytes(from), lt: utf8ToBytes(before) };
  for await (const record of database.iterator(range)) records.push(record);
  return records;
}

/** What the active branch leaves: its blocks, coins, coins by script and what takes them back. */
export async function stateOf(database: Database): Promise<string> {
  const tables = await Promise.all([
    recordsIn(database, 'a', 'b'),
    recordsIn(database, 'c', 'd'),
    recordsIn(database, 's', 't'),
    recordsIn(database, 'u', 'v'),
  ]);
  return tables.map((records) => records.map((each) => each.map(bytesToHex).join(' '))).join('\n');
}

/** What a block is drawn with. */
export interface Growth {
  /** The name of its parent; the tip where nothing is said. */
  readonly on?: string;
  /** Its payments. */
  readonly with?: readonly Transaction[];
  /** What it takes; the subsidy where nothing is said. */
  readonly claim?: bigint;
  readonly time?: number;
  readonly nonce?: number;
}

export interface Ground {
  readonly params?: Params;
  readonly database?: Database;
  readonly verifyAll?: VerifyAll;
  readonly breathe?: Breathe;
  /** What waiting payments may take of the memory. */
  readonly maxMempoolBytes?: number;
}

interface Planted {
  readonly block: Block;
  readonly height: number;
  readonly parent?: Planted;
}

/** A grove on this ground. Its first block is called `genesis`. */
export async function plant(ground: Ground = {}): Promise<Grove> {
  const grove = new Grove(ground);
  await grove.reopen();
  return grove;
}

export class Grove {
  readonly params: Params;
  readonly database: Database;
  readonly #verifyAll: VerifyAll;
  readonly #breathe: Breathe;
  maxMempoolBytes: number | undefined;
  /** What the node's clock shows. */
  clock = noon;
  #node: Node | undefined;
  readonly #planted = new Map<string, Planted>();

  constructor(ground: Ground) {
    const { params = grass, database = memory(), verifyAll = verifyInline } = ground;
    this.params = params;
    this.database = database;
    this.#verifyAll = verifyAll;
    this.#breathe = ground.breathe ?? breathless;
    this.maxMempoolBytes = ground.maxMempoolBytes;
    this.#planted.set('genesis', { block: params.genesis, height: 0 });
  }

  /** Starts the program again on the same database. */
  async reopen(): Promise<void> {
    this.#node = await Node.open({
      database: this.database,
      ...machine,
      params: this.params,
      verifyAll: this.#verifyAll,
      breathe: this.#breathe,
      maxMempoolBytes: this.maxMempoolBytes,
      now: () => this.clock,
      search: async (search) => searchNonce(search),
    });
  }

  get node(): Node {
    if (!this.#node) throw new Error('the grove was never opened');
    return this.#node;
  }

  /** The name of the block that the coins speak of. */
  get tip(): string {
    const tip = hashOf(this.node.chain.tip);
    const found = [...this.#planted].find(([, { block }]) => hashHeader(block.header) === tip);
    return found?.[0] ?? tip;
  }

  /** Draws a valid block, or one as bad as what is said of it, and keeps it to itself. */
  draw(name: string, growth: Growth = {}): Block {
    const parent = this.#find(growth.on ?? this.tip);
    const height = parent.height + 1;
    const { with: payments = [], claim = subsidyAt(height, this.params), nonce = 0 } = growth;
    const { time = epoch + height * 600 } = growth;
    const scriptSig = Uint8Array.of(...heightPush(height), ...push(utf8ToBytes(name)));
    const coinbase = coinbaseOf(height, payments, { claim, scriptSig });
    const bits = this.#bitsAfter(parent);
    const fields = { parent: hashHeader(parent.block.header), time, bits, nonce };
    const sealed = seal([coinbase, ...payments], fields);
    const block = { ...sealed, header: grind(sealed.header) };
    this.#planted.set(name, { block, height, parent });
    return block;
  }

  /** Hands a drawn block to the node. */
  submit(name: string): Promise<Accepted | BlockReject> {
    return this.node.submitBlock(this.block(name));
  }

  /** Draws a block and hands it to the node: what became of it, in a word. */
  async mine(name: string, growth: Growth = {}): Promise<string> {
    this.draw(name, growth);
    return wordOf(await this.submit(name));
  }

  block(name: string): Block {
    return this.#find(name).block;
  }

  /** What the chain remembers of a block, if anything. */
  entry(name: string): Promise<Entry | undefined> {
    return this.node.chain.store.entry(hashHeader(this.block(name).header));
  }

  /** The coin that a block minted, with its key. */
  minted(name: string): Owned {
    const { block, height } = this.#find(name);
    const [coinbase] = block.transactions;
    if (!coinbase) throw new Error(`${name} mints nothing`);
    const { coin, ...rest } = ownOutput(coinbase, 0, keyOf(0), height);
    return { ...rest, coin: { ...coin, isCoinbase: true } };
  }

  /** Hands a payment to the node: `waits`, or the reason why it may not. */
  async pay(transaction: Transaction, peer?: string): Promise<string> {
    const answer = await this.node.submitPayment(transaction, peer);
    return isReject(answer) ? answer.reason : 'waits';
  }

  /** What waits for a block, in order. */
  get waiting(): readonly Transaction[] {
    return this.node.mempool.list().map(({ transaction }) => transaction);
  }

  #bitsAfter(parent: Planted): number {
    const { difficulty, limitBits } = this.params;
    const past = pastHeight(parent.height + 1, difficulty);
    let at: Planted | undefined = past === undefined ? undefined : parent;
    while (at && at.height !== past) at = at.parent;
    const pastTime = at?.block.header.time;
    const { header } = parent.block;
    return nextBits({ height: parent.height + 1, parent: header, pastTime }, difficulty, limitBits);
  }

  #find(name: string): Planted {
    const found = this.#planted.get(name);
    if (!found) throw new RangeError(`no block is called ${name}`);
    return found;
  }
}

/** What became of a block, in a word: `connected`, `side`, `known`, or why it was refused. */
export function wordOf(answer: Accepted | BlockReject): string {
  return isReject(answer) ? answer.reason : answer.status;
}
