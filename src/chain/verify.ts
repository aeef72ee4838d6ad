/**
 * Verifying: everything the database holds, held against the rules and against itself.
 *
 * One walk from genesis to the tip, with no more in memory than one block. Each block is judged as
 * when it came, on the coins that its undo record says it spent. That those are the true ones shows
 * at the end: what was made less what was spent must be the coins that are there, by their digest.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { checkBlock, checkBlockInContext } from '../consensus/block.ts';
import { connectBlock } from '../consensus/connect.ts';
import { checkHeader, checkHeaderInContext } from '../consensus/header.ts';
import type { Params } from '../consensus/params.ts';
import { isReject, type Reason } from '../consensus/reject.ts';
import { type Block, hashHeader } from '../primitives/block.ts';
import { encode, type Hash, hashFromBytes } from '../primitives/codec.ts';
import { NamedCoin } from '../primitives/coin.ts';
import { outPointName } from '../primitives/transaction.ts';
import { Branch } from './branch.ts';
import type { ChainView, VerifyAll } from './chain.ts';
import { damaged } from './database.ts';
import { CoinDigest, type CoinSum, noCoins } from './digest.ts';
import { Entry, hashOf } from './entry.ts';
import { IndexCheck } from './indexcheck.ts';
import type { Store } from './store.ts';

export interface VerifyOptions {
  readonly params: Params;
  readonly verifyAll: VerifyAll;
  /** Of the database: see `Guard`. */
  readonly identity: Uint8Array;
  /** Called after each block. */
  readonly progress: (checked: number) => void;
}

/** What was found whole. */
export interface Verified {
  readonly height: number;
  readonly hash: Hash;
  /** How many blocks were checked, those of side branches too. */
  readonly checked: number;
  /** Of all coins, the same wherever they are the same. Core: hash_serialized_3. */
  readonly digest: Hash;
  /** Whether there were indexes to check. */
  readonly hasIndex: boolean;
}

/** Checks all that this view holds; the first thing that is wrong is thrown, named. */
export async function verifyChain(view: ChainView, options: VerifyOptions): Promise<Verified> {
  const { store, tip } = view;
  const walk = new Walk(view, options);
  const stated = await store.tip();
  if (stated?.hash !== hashOf(tip)) throw damaged('the tip is not where its table says');
  for (let height = 0; height <= tip.height; height++) {
    await walk.step(height);
    options.progress(height + 1);
  }
  if ((await store.hashAt(tip.height + 1)) !== undefined) {
    throw damaged(`there is an active block above the tip at height ${tip.height}`);
  }
  const digest = await checkCoins(store, new CoinDigest(options.identity), [walk.sum, stated]);
  const beside = await walk.checkSides();
  await walk.indexes?.finish();
  const hasIndex = walk.indexes !== undefined;
  const checked = tip.height + 1 + beside;
  return { height: tip.height, hash: hashOf(tip), checked, digest, hasIndex };
}

/** From genesis to the tip, block by block. */
class Walk {
  /** What the blocks so far leave. */
  sum: CoinSum = noCoins;
  readonly #store: Store;
  readonly #branch: Branch;
  readonly #options: VerifyOptions;
  readonly #digest: CoinDigest;
  readonly #view: ChainView;
  /** Where there are indexes. */
  indexes: IndexCheck | undefined;
  #parent: Entry | undefined;

  constructor(view: ChainView, options: VerifyOptions) {
    this.#view = view;
    this.#store = view.store;
    this.#branch = new Branch(view.store, options.params);
    this.#options = options;
    this.#digest = new CoinDigest(options.identity);
  }

  async step(height: number): Promise<void> {
    if (height === 0 && (await this.#store.hasIndex())) this.indexes = new IndexCheck(this.#view);
    const entry = await this.#store.activeEntry(height);
    const block = await this.#loadBlock(entry);
    if (this.#parent) await this.#checkOn(this.#parent, entry, block);
    else this.#checkGenesis(block);
    this.#parent = entry;
  }

  /** The body of an entry, which must be the one that its header commits to. */
  async #loadBlock(entry: Entry): Promise<Block> {
    const block = await this.#store.block(entry);
    if (hashHeader(block.header) !== hashOf(entry)) throw wrongBlock(entry, 'has another header');
    return block;
  }

  #checkGenesis({ header }: Block): void {
    if (hashHeader(header) === hashHeader(this.#options.params.genesis.header)) return;
    throw damaged('the first block is not the genesis block');
  }

  async #checkOn(parent: Entry, entry: Entry, block: Block): Promise<void> {
    await this.#checkAlone(parent, entry, block);
    const spent = await this.#store.undo(entry);
    const coins = new Map(spent.map(({ outPoint, coin }) => [outPointName(outPoint), coin]));
    const locks = await this.#branch.lockContext(parent, block.transactions, coins);
    const transition = connectBlock(block, { coins, ...locks }, this.#options.params);
    if (isReject(transition)) throw wrongBlock(entry, `is ${transition.reason}`);
    const broken = await this.#options.verifyAll(transition.checks);
    if (broken) throw wrongBlock(entry, `has a bad signature in ${broken.txid}`);
    if (transition.spent.length !== spent.length)
      throw wrongBlock(entry, 'has a wrong undo record');
    this.sum = this.#digest.remove(this.#digest.add(this.sum, transition.created), spent);
    await this.indexes?.add({ block, height: entry.height, spent });
  }

  /** All that needs no coins, and what the index says of the block. */
  async #checkAlone(parent: Entry, entry: Entry, block: Block): Promise<void> {
    const { params } = this.#options;
    if (entry.header.parent !== hashOf(parent)) throw wrongBlock(entry, 'has another parent');
    const context = await this.#branch.headerContext(parent);
    const reject =
      checkHeader(block.header, params) ??
      // It was not from the future when it came.
      checkHeaderInContext(block.header, context, block.header.time, params) ??
      checkBlock(block) ??
      checkBlockInContext(block, context);
    if (reject) throw wrongBlock(entry, `is ${reject.reason satisfies Reason}`);
    const expected = encode(Entry, await this.#branch.extend(parent, block)).toString();
    const unmarked = { ...entry, isFailed: false, wasConnected: false };
    const stated = encode(Entry, unmarked).toString();
    if (stated !== expected) throw wrongBlock(entry, 'has a wrong entry in the index');
  }

  /** The blocks of side branches: whole, and on their parents. Answers how many there are. */
  async checkSides(): Promise<number> {
    const seen = new Set<Hash>();
    for (const leaf of await this.#store.leaves()) {
      let entry = await this.#branch.entry(leaf);
      while (
        (await this.#store.hashAt(entry.height)) !== hashOf(entry) &&
        !seen.has(hashOf(entry))
      ) {
        seen.add(hashOf(entry));
        const parent = await this.#branch.entry(entry.header.parent);
        await this.#checkAlone(parent, entry, await this.#loadBlock(entry));
        entry = parent;
      }
    }
    return seen.size;
  }
}

/** The coins that are there against what the walk left and what lies beside the tip. */
async function checkCoins(
  store: Store,
  digest: CoinDigest,
  expected: readonly CoinSum[],
): Promise<Hash> {
  const hash = sha256.create();
  let sum = noCoins;
  let group: NamedCoin[] = [];
  const flush = () => {
    // The key of the table has the index little end first.
    group.sort((a, b) => a.outPoint.index - b.outPoint.index);
    for (const each of group) hash.update(encode(NamedCoin, each));
    group = [];
  };
  for await (const named of store.allCoins()) {
    sum = digest.add(sum, [named]);
    if (group[0] && group[0].outPoint.txid !== named.outPoint.txid) flush();
    group.push(named);
  }
  flush();
  for (const each of expected) {
    if (sum.coins !== each.coins) throw damaged(`${sum.coins} coins are there of ${each.coins}`);
    if (sum.digest !== each.digest) throw damaged('the coins are not those of the blocks');
  }
  return hashFromBytes(sha256(hash.digest()));
}

function wrongBlock(entry: Entry, what: string): Error {
  return damaged(`block ${hashOf(entry)} at height ${entry.height} ${what}`);
}
