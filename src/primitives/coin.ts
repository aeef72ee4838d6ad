/** A coin: an output that can be spent, with what the rules must know of where it came from. */
import { type Codec, list, struct, type ValueOf } from './codec.ts';
import { OutPoint, Output } from './transaction.ts';

export interface Coin extends Output {
  /** The height of the block that made it. */
  readonly height: number;
  /** Minted, so it must mature before it can be spent. */
  readonly isCoinbase: boolean;
}

/** As Core's UTXO entries: height and origin in one number, then the output. */
export const Coin: Codec<Coin> = {
  read: (from) => {
    const code = from.u32();
    const height = code >>> 1;
    return { ...Output.read(from), height, isCoinbase: (code & 1) === 1 };
  },
  write: (coin, to) => {
    to.u32(coin.height * 2 + Number(coin.isCoinbase));
    Output.write(coin, to);
  },
};

/** A coin with its name. */
export const NamedCoin = struct({ outPoint: OutPoint, coin: Coin });
export interface NamedCoin extends ValueOf<typeof NamedCoin> {}

/** The coins that a block spent, kept so that it can be taken back. Core: CBlockUndo. */
export const Undo = list(NamedCoin);
