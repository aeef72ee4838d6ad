/** Hashes of all coins together, the same wherever they are the same. */
import { sha256 } from '@noble/hashes/sha2.js';
import { encode, type Hash, hashFromBytes } from '../primitives/codec.ts';
import { NamedCoin } from '../primitives/coin.ts';
import { MuHash } from './muhash.ts';

/** Takes the coins in the order of their table. */
export interface SetHash {
  add(coin: NamedCoin): void;
  digest(): Hash;
}

/** One after the other. Core: hash_serialized_3. */
export class SerializedHash implements SetHash {
  readonly #hash = sha256.create();
  /** Of one transaction. */
  #group: NamedCoin[] = [];

  add(coin: NamedCoin): void {
    if (this.#group[0] && this.#group[0].outPoint.txid !== coin.outPoint.txid) this.#flush();
    this.#group.push(coin);
  }

  digest(): Hash {
    this.#flush();
    return hashFromBytes(sha256(this.#hash.digest()));
  }

  #flush(): void {
    // The key of the table has the index little end first, so beyond 255 its order is not this one.
    this.#group.sort((one, other) => one.outPoint.index - other.outPoint.index);
    for (const each of this.#group) this.#hash.update(encode(NamedCoin, each));
    this.#group = [];
  }
}

/** In any order. Core: muhash. */
export class SetMuHash implements SetHash {
  readonly #hash = new MuHash();

  add(coin: NamedCoin): void {
    this.#hash.add(encode(NamedCoin, coin));
  }

  digest(): Hash {
    return this.#hash.digest();
  }
}
