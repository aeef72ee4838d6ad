/** The block index: what is kept of every block we know, however its branch fares. */
import { Header, hashHeader } from '../primitives/block.ts';
import { type Codec, type Hash, struct, U32, type ValueOf } from '../primitives/codec.ts';

/** Of 256 bits, little end first. */
export const U256: Codec<bigint> = {
  read: (from) => from.u64() | (from.u64() << 64n) | (from.u64() << 128n) | (from.u64() << 192n),
  write: (value, to) => {
    for (const shift of [0n, 64n, 128n, 192n]) to.u64(BigInt.asUintN(64, value >> shift));
  },
};

const Flag: Codec<boolean> = {
  read: (from) => from.u8() === 1,
  write: (value, to) => to.u8(Number(value)),
};

export const Entry = struct({
  header: Header,
  height: U32,
  /** Expected hashes of this block and all before it. Core: nChainWork. */
  work: U256,
  /** The median time of this block and the ten before it, kept so that BIP68 is one read. */
  medianTimePast: U32,
  /** How many transactions it holds. */
  transactions: U32,
  /** It broke a rule when its turn came, or one before it did. */
  isFailed: Flag,
});
export interface Entry extends ValueOf<typeof Entry> {}

export function hashOf({ header }: Entry): Hash {
  return hashHeader(header);
}
