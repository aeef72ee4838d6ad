/** The set of all coins: counted, hashed and searched, in slices, so that others have turns. */
import type { ChainView } from '../chain/chain.ts';
import { SerializedHash, type SetHash, SetMuHash } from '../chain/sethash.ts';
import type { Hash } from '../primitives/codec.ts';
import type { NamedCoin } from '../primitives/coin.ts';

/** Between two slices; what it throws ends the walk. */
export type Rest = () => Promise<void>;

/** Coins a slice: with the slowest hash they take some milliseconds. */
const slice = 100;

/** All coins of this view, in the order of their table. */
export async function* coinsIn({ store }: ChainView, rest: Rest): AsyncIterable<NamedCoin> {
  let left = slice;
  for await (const coin of store.allCoins()) {
    yield coin;
    if (--left > 0) continue;
    left = slice;
    await rest();
  }
}

/** Core's names. */
export type HashKind = 'hash_serialized_3' | 'muhash' | 'none';

export interface CoinCount {
  readonly coins: number;
  /** Transactions that made them. */
  readonly transactions: number;
  readonly amount: bigint;
  /** What they would take if each took 50 bytes and its script. Core: GetBogoSize. */
  readonly bogoSize: number;
  readonly hash: Hash | undefined;
}

/** Counts and hashes all coins of this view. Core: ComputeUTXOStats. */
export async function countCoins(view: ChainView, kind: HashKind, rest: Rest): Promise<CoinCount> {
  const hash = hashOf(kind);
  let [coins, transactions, bogoSize, amount] = [0, 0, 0, 0n];
  let last: Hash | undefined;
  for await (const named of coinsIn(view, rest)) {
    const { outPoint, coin } = named;
    if (outPoint.txid !== last) transactions++;
    last = outPoint.txid;
    coins++;
    bogoSize += 50 + coin.script.length;
    amount += coin.amount;
    hash?.add(named);
  }
  return { coins, transactions, amount, bogoSize, hash: hash?.digest() };
}

function hashOf(kind: HashKind): SetHash | undefined {
  if (kind === 'none') return undefined;
  return kind === 'muhash' ? new SetMuHash() : new SerializedHash();
}
