/** The block index: what is kept of every block we know, however its branch fares. */
import { Header, hashHeader } from '../primitives/block.ts';
import {
  type Codec,
  DecodeError,
  type Hash,
  struct,
  U32,
  type ValueOf,
} from '../primitives/codec.ts';

/** Of 256 bits, little end first. */
export const U256: Codec<bigint> = {
  read: (from) => from.u64() | (from.u64() << 64n) | (from.u64() << 128n) | (from.u64() << 192n),
  write: (value, to) => {
    for (const shift of [0n, 64n, 128n, 192n]) to.u64(BigInt.asUintN(64, value >> shift));
  },
};

const Facts = struct({
  header: Header,
  height: U32,
  /** Expected hashes of this block and all before it. Core: nChainWork. */
  work: U256,
  /** The median time of this block and the ten before it, kept so that BIP68 is one read. */
  medianTimePast: U32,
  /** How many transactions it holds. */
  transactions: U32,
});

export interface Entry extends ValueOf<typeof Facts> {
  /** It broke a rule when its turn came, or an operator said so; or one before it did. */
  readonly isFailed: boolean;
  /** It was active once and left: all rules were found kept. Core: BLOCK_VALID_SCRIPTS. */
  readonly wasConnected: boolean;
}

/** What is known of it is one byte at the end: 1 for the first mark, 2 for the second. */
export const Entry: Codec<Entry> = {
  read: (from) => {
    const facts = Facts.read(from);
    const marks = from.u8();
    if (marks > 3) throw new DecodeError(`there is no mark ${marks}`);
    return { ...facts, isFailed: (marks & 1) !== 0, wasConnected: (marks & 2) !== 0 };
  },
  write: (entry, to) => {
    Facts.write(entry, to);
    to.u8(Number(entry.isFailed) + 2 * Number(entry.wasConnected));
  },
};

export function hashOf({ header }: Entry): Hash {
  return hashHeader(header);
}
