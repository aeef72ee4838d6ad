/**
 * Compact blocks: a block told by short ids of its payments, most of which the receiver has.
 *
 * BIP152, its second version: ids are of the whole transaction with its witness.
 */
import { type Block, Header } from '../primitives/block.ts';
import {
  type Codec,
  CompactSize,
  DecodeError,
  encode,
  Hash,
  hashToBytes,
  struct,
  type ValueOf,
} from '../primitives/codec.ts';
import { sha256 } from '../primitives/hash.ts';
import { siphash } from '../primitives/siphash.ts';
import { Transaction, wtxid } from '../primitives/transaction.ts';
import { maxTransactions } from './limits.ts';
import { bounded } from './messages.ts';

/** Six bytes, little end first. */
const ShortId: Codec<number> = {
  read: (from) => from.u32() + from.u16() * 2 ** 32,
  write: (id, to) => {
    to.u32(id >>> 0);
    to.u16(Math.floor(id / 2 ** 32));
  },
};

const U64: Codec<bigint> = { read: (from) => from.u64(), write: (value, to) => to.u64(value) };

/** Positions that rise, each written as its distance from the one before, less one. */
function positionsOf(gaps: readonly number[]): readonly number[] {
  let next = 0;
  return gaps.map((gap) => {
    const at = next + gap;
    if (at >= maxTransactions) throw new DecodeError(`position ${at} of ${maxTransactions}`);
    next = at + 1;
    return at;
  });
}

function gapsOf(positions: readonly number[]): readonly number[] {
  return positions.map((at, i) => at - (positions[i - 1] ?? -1) - 1);
}

/** A payment that is told whole, and its place in the block. */
interface Prefilled {
  readonly at: number;
  readonly transaction: Transaction;
}

const Gapped = bounded(struct({ gap: CompactSize, transaction: Transaction }), maxTransactions);

const PrefilledList: Codec<readonly Prefilled[]> = {
  read: (from) => {
    const items = Gapped.read(from);
    const positions = positionsOf(items.map(({ gap }) => gap));
    return items.map(({ transaction }, i) => ({ at: positions[i] ?? 0, transaction }));
  },
  write: (items, to) => {
    const gaps = gapsOf(items.map(({ at }) => at));
    Gapped.write(
      items.map(({ transaction }, i) => ({ gap: gaps[i] ?? 0, transaction })),
      to,
    );
  },
};

/** BIP152: HeaderAndShortIDs. */
export const CompactBlock = struct({
  header: Header,
  /** Chosen by the sender, so that nobody can prepare two payments with one short id. */
  nonce: U64,
  shortIds: bounded(ShortId, maxTransactions),
  prefilled: PrefilledList,
});
export interface CompactBlock extends ValueOf<typeof CompactBlock> {}

const Gaps = bounded(CompactSize, maxTransactions);

const PositionList: Codec<readonly number[]> = {
  read: (from) => positionsOf(Gaps.read(from)),
  write: (positions, to) => Gaps.write(gapsOf(positions), to),
};

/** The payments of a block that a receiver lacks. BIP152: BlockTransactionsRequest. */
export const BlockTxsQuestion = struct({ block: Hash, positions: PositionList });
export interface BlockTxsQuestion extends ValueOf<typeof BlockTxsQuestion> {}

/** BIP152: BlockTransactions. */
export const BlockTxs = struct({
  block: Hash,
  transactions: bounded(Transaction, maxTransactions),
});

/** How payments are called in one compact block. */
export function shortIdsOf(header: Header, nonce: bigint): (id: Hash) => number {
  const seed = new Uint8Array(88);
  seed.set(encode(Header, header));
  new DataView(seed.buffer).setBigUint64(80, nonce, true);
  const key = sha256(seed).subarray(0, 16);
  return (id) => Number(BigInt.asUintN(48, siphash(key, hashToBytes(id))));
}

/** The block in compact form; whole is only its coinbase, which nobody can have. */
export function compactOf({ header, transactions }: Block, nonce: bigint): CompactBlock {
  const idOf = shortIdsOf(header, nonce);
  const [coinbase, ...payments] = transactions;
  return {
    header,
    nonce,
    shortIds: payments.map((each) => idOf(wtxid(each))),
    prefilled: coinbase ? [{ at: 0, transaction: coinbase }] : [],
  };
}

/** A compact block with what is here of it. */
export interface Partial {
  readonly header: Header;
  /** In their places; `undefined` where a payment is lacking. */
  readonly transactions: readonly (Transaction | undefined)[];
  /** The places of those that are lacking. */
  readonly missing: readonly number[];
}

/**
 * Fills in what waits here; `undefined` where two payments have one short id, which is nobody's
 * fault: then the whole block is asked for.
 */
export function fillFrom(
  compact: CompactBlock,
  waiting: Iterable<Transaction>,
): Partial | undefined {
  const { header, nonce, shortIds, prefilled } = compact;
  const transactions = new Array<Transaction | undefined>(shortIds.length + prefilled.length);
  transactions.fill(undefined);
  for (const { at, transaction } of prefilled) {
    if (at >= transactions.length)
      throw new DecodeError(`position ${at} of ${transactions.length}`);
    transactions[at] = transaction;
  }
  const places = new Map<number, number>();
  const free = transactions.flatMap((each, at) => (each ? [] : [at]));
  for (const [i, id] of shortIds.entries()) places.set(id, free[i] ?? 0);
  if (places.size < shortIds.length) return undefined;

  const idOf = shortIdsOf(header, nonce);
  for (const each of waiting) {
    const at = places.get(idOf(wtxid(each)));
    if (at === undefined) continue;
    if (transactions[at]) return undefined;
    transactions[at] = each;
  }
  return { header, transactions, missing: free.filter((at) => !transactions[at]) };
}

/** The block, once those that were lacking are here; `undefined` if they are not so many. */
export function complete(
  { header, transactions, missing }: Partial,
  found: readonly Transaction[],
): Block | undefined {
  if (found.length !== missing.length) return undefined;
  const whole = [...transactions];
  for (const [i, at] of missing.entries()) whole[at] = found[i];
  const present = whole.filter((each) => each !== undefined);
  return { header, transactions: present };
}
