/**
 * The digest of the coins: one number that stands for all of them, kept beside the tip.
 *
 * The sum of a keyed hash of each coin, so that a block changes it by its own coins alone, whatever
 * their number. The key is this database's own and secret, so nobody can make coins whose hashes
 * cancel out. A check of this disk, never a commitment: no other node has the same digest.
 */
import { encode } from '../primitives/codec.ts';
import { NamedCoin } from '../primitives/coin.ts';
import { siphash } from '../primitives/siphash.ts';

/** What a set of coins comes to. */
export interface CoinSum {
  readonly coins: number;
  readonly digest: bigint;
}

export const noCoins: CoinSum = { coins: 0, digest: 0n };

export class CoinDigest {
  readonly #key: Uint8Array;

  /** @param key Random bytes, of which the first 16 are used. */
  constructor(key: Uint8Array) {
    this.#key = key.subarray(0, 16);
  }

  add({ coins, digest }: CoinSum, added: readonly NamedCoin[]): CoinSum {
    return { coins: coins + added.length, digest: BigInt.asUintN(64, digest + this.#sum(added)) };
  }

  remove({ coins, digest }: CoinSum, removed: readonly NamedCoin[]): CoinSum {
    const left = BigInt.asUintN(64, digest - this.#sum(removed));
    return { coins: coins - removed.length, digest: left };
  }

  #sum(coins: readonly NamedCoin[]): bigint {
    return coins.reduce((sum, coin) => sum + siphash(this.#key, encode(NamedCoin, coin)), 0n);
  }
}
