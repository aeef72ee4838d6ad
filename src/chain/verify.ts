/**
 * Verifying: everything the database holds, held against the rules and against itself.
 *
 * One walk from genesis to the tip, with no more in memory than one block. Each block is judged as
 * when it came, on the coins that its undo record says it spent. That those are the true ones shows
 * at the end: what was made less what was spent must be the coins that are there, by their digest.
 */
import { checkBlock, checkBlockInContext } from '../consensus/block.ts';
import { connectBlock } from '../consensus/connect.ts';
import { checkHeader, checkHeaderInContext } from '../consensus/header.ts';
import type { Params } from '../consensus/params.ts';
import { isReject, type Reason } from '../consensus/reject.ts';
import { type Block, hashHeader } from '../primitives/block.ts';
import { encode, type Hash } from '../primitives/codec.ts';
import { outPointName } from '../primitives/transaction.ts';
import { Branch } from './branch.ts';
import type { ChainView, VerifyAll } from './chain.ts';
import { damaged } from './database.ts';
import { CoinDigest, type CoinSum, noCoins } from './digest.ts';
import { Entry, hashOf } from './entry.ts';
import { IndexCheck } from './indexcheck.ts';
import { SerializedHash } from './sethash.ts';
import type { Store } from './store.ts';
import type { CoinChange } from './writer.ts';

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

/**
 * How closely the last blocks are looked at: whether they can be read; whether they keep the rules
 * that need no coins; those that do; whether their coins are there; and their signatures. Each
 * level has those before it. Core: VerifyDB.
 */
type Level = 0 | 1 | 2 | 3 | 4;

export interface TopOptions extends Omit<VerifyOptions, 'progress' | 'identity'> {
  readonly level: Level;
  /** How many blocks, from the tip down. */
  readonly count: number;
  /** Asked after each block, where others may have their turn. */
  readonly pause: () => Promise<void>;
}

/** Checks the last blocks of this view, the tip first; the first thing wrong is thrown, named. */
export async function verifyTop({ store, tip }: ChainView, options: TopOptions): Promise<void> {
  const { level, count, pause } = options;
  const check = new BlockCheck(store, options);
  const above = new Set<string>();
  for (let height = tip.height; height > Math.max(tip.height - count, 0); height--) {
    const entry = await store.activeEntry(height);
    const parent = await store.activeEntry(height - 1);
    const block = await check.load(entry);
    if (level >= 1) await check.alone(parent, entry, block);
    if (level >= 2) {
      const { spent, created } = await check.on(parent, entry, block, level >= 4);
      if (level >= 3) await checkLeft(store, entry, { spent, created, above });
    }
    await pause();
  }
}

/** What a block made is there or was spent by one above it; what it spent is gone. */
async function checkLeft(
  store: Store,
  entry: Entry,
  { spent, created, above }: CoinChange & { readonly above: Set<string> },
): Promise<void> {
  const left = created.filter(({ outPoint }) => !above.delete(outPointName(outPoint)));
  const found = await store.coins(left.map(({ outPoint }) => outPoint));
  if (found.includes(undefined)) throw wrongBlock(entry, 'has lost a coin');
  const gone = await store.coins(spent.map(({ outPoint }) => outPoint));
  if (gone.some((coin) => coin !== undefined)) throw wrongBlock(entry, 'has spent a coin in vain');
  for (const { outPoint } of spent) above.add(outPointName(outPoint));
}

/** One block by itself and on its parent, as when it came. */
class BlockCheck {
  readonly #store: Store;
  readonly #branch: Branch;
  readonly #options: Pick<VerifyOptions, 'params' | 'verifyAll'>;

  constructor(store: Store, options: Pick<VerifyOptions, 'params' | 'verifyAll'>) {
    this.#store = store;
    this.#branch = new Branch(store, options.params);
    this.#options = options;
  }

  /** The body of an entry, which must be the one that its header commits to. */
  async load(entry: Entry): Promise<Block> {
    const block = await this.#store.block(entry);
    if (hashHeader(block.header) !== hashOf(entry)) throw wrongBlock(entry, 'has another header');
    return block;
  }

  /** All that needs no coins, and what the index says of the block. */
  async alone(parent: Entry, entry: Entry, block: Block): Promise<void> {
    const { params } = this.#options;
    if (entry.header.parent !== hashOf(parent)) throw wrongBlock(entry, 'has another parent');
    const context = await this.#branch.headerContext(parent);
    const { header } = block;
    // It was not from the future when it came.
    const late = checkHeaderInContext(header, context, header.time, params);
    const ofHeader = checkHeader(header, params) ?? late;
    const reject = ofHeader ?? checkBlock(block) ?? checkBlockInContext(block, context);
    if (reject) throw wrongBlock(entry, `is ${reject.reason satisfies Reason}`);
    const expected = encode(Entry, await this.#branch.extend(parent, block)).toString();
    const unmarked = { ...entry, isFailed: false, wasConnected: false };
    const stated = encode(Entry, unmarked).toString();
    if (stated !== expected) throw wrongBlock(entry, 'has a wrong entry in the index');
  }

  /** Answers what it does to the coins, by its undo record. */
  async on(
    parent: Entry,
    entry: Entry,
    block: Block,
    withSignatures: boolean,
  ): Promise<CoinChange> {
    const spent = await this.#store.undo(entry);
    const coins = new Map(spent.map(({ outPoint, coin }) => [outPointName(outPoint), coin]));
    const locks = await this.#branch.lockContext(parent, block.transactions, coins);
    const transition = connectBlock(block, { coins, ...locks }, this.#options.params);
    if (isReject(transition)) throw wrongBlock(entry, `is ${transition.reason}`);
    const broken = withSignatures && (await this.#options.verifyAll(transition.checks));
    if (broken) throw wrongBlock(entry, `has a bad signature in ${broken.txid}`);
    if (transition.spent.length !== spent.length) {
      throw wrongBlock(entry, 'has a wrong undo record');
    }
    return { spent, created: transition.created };
  }
}

/** From genesis to the tip, block by block. */
class Walk {
  /** What the blocks so far leave. */
  sum: CoinSum = noCoins;
  readonly #store: Store;
  readonly #branch: Branch;
  readonly #options: VerifyOptions;
  readonly #check: BlockCheck;
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
    this.#check = new BlockCheck(view.store, options);
    this.#digest = new CoinDigest(options.identity);
  }

  async step(height: number): Promise<void> {
    if (height === 0 && (await this.#store.hasIndex())) this.indexes = new IndexCheck(this.#view);
    const entry = await this.#store.activeEntry(height);
    const block = await this.#check.load(entry);
    if (this.#parent) await this.#checkOn(this.#parent, entry, block);
    else this.#checkGenesis(block);
    this.#parent = entry;
  }

  #checkGenesis({ header }: Block): void {
    if (hashHeader(header) === hashHeader(this.#options.params.genesis.header)) return;
    throw damaged('the first block is not the genesis block');
  }

  async #checkOn(parent: Entry, entry: Entry, block: Block): Promise<void> {
    await this.#check.alone(parent, entry, block);
    const { spent, created } = await this.#check.on(parent, entry, block, true);
    this.sum = this.#digest.remove(this.#digest.add(this.sum, created), spent);
    await this.indexes?.add({ block, height: entry.height, spent });
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
        await this.#check.alone(parent, entry, await this.#check.load(entry));
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
  const hash = new SerializedHash();
  let sum = noCoins;
  for await (const named of store.allCoins()) {
    sum = digest.add(sum, [named]);
    hash.add(named);
  }
  for (const each of expected) {
    if (sum.coins !== each.coins) throw damaged(`${sum.coins} coins are there of ${each.coins}`);
    if (sum.digest !== each.digest) throw damaged('the coins are not those of the blocks');
  }
  return hash.digest();
}

function wrongBlock(entry: Entry, what: string): Error {
  return damaged(`block ${hashOf(entry)} at height ${entry.height} ${what}`);
}
