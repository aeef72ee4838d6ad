/**
 * The door: all that the command line asks of a node, whether the node is in its own process or in
 * another. What goes through is plain: values, never what lives. Keys do not.
 */
import type { Accepted, BlockReject } from '../chain/chain.ts';
import type { Entry } from '../chain/entry.ts';
import type { Verified } from '../chain/verify.ts';
import type { Member } from '../mempool/member.ts';
import type { PaymentReject } from '../mempool/policy.ts';
import type { Block } from '../primitives/block.ts';
import type { Hash } from '../primitives/codec.ts';
import type { Transaction } from '../primitives/transaction.ts';
import type { Happening } from './history.ts';
import type { OwnCoin } from './node.ts';
import type { BlockView, MempoolView, TransactionView } from './view.ts';

/** Each answer is of one moment; between two of them the chain may have moved. */
export interface Door {
  status(): Promise<Status>;
  /** The name of the signature engine that was chosen. */
  engine(): Promise<string>;
  /** A block by its hash on any branch, or by its height on the active chain, or a `Fault`. */
  block(at: Hash | number): Promise<BlockView>;
  /** The hashes of blocks, the highest first. */
  hashes(wanted: Wanted): Promise<readonly Hash[]>;
  /** The first of these blocks: as many as one answer carries, and one at least. */
  blocks(hashes: readonly Hash[]): Promise<readonly BlockView[]>;
  /** The blocks that lead to this one, from this height on: as many as one answer carries. */
  branch(wanted: BranchPart): Promise<readonly Block[]>;
  /** The transaction of this id that waits or is on the active chain. */
  transaction(id: Hash): Promise<TransactionView | undefined>;
  /** The coins that pay these scripts, those of waiting payments too. */
  coinsOf(scripts: readonly Uint8Array[]): Promise<readonly CoinInRow[]>;
  historyOf(wanted: HistoryPart): Promise<readonly Happening[]>;
  /** Was this script ever paid? Without the index nobody knows of coins that are spent. */
  isUsed(script: Uint8Array): Promise<boolean>;
  mempool(): Promise<MempoolView>;
  /** All that its replacement must know of a payment. */
  payment(id: Hash): Promise<PaymentState>;
  submitPayment(transaction: Transaction): Promise<{ readonly id: Hash } | PaymentReject>;
  submitBlock(block: Block): Promise<Pick<Accepted, 'status'> | BlockReject>;
  /** Mines one block that pays this script; the signal ends the search. */
  mine(script: Uint8Array, signal?: AbortSignal): Promise<Mined>;
  /** Checks everything that the database holds. */
  verify(watch?: Watch): Promise<Verified>;
}

/** Who waits for what takes long. */
export interface Watch {
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each block; where the node is in another process, never. */
  readonly progress?: ((count: number) => void) | undefined;
}

export interface Status {
  readonly tip: Entry;
  /** How many payments wait. */
  readonly waiting: number;
  readonly peers: number;
  /** What the peers' clocks are ahead of ours, in seconds; the middle one. */
  readonly clockOffset: number;
}

export interface Wanted {
  /** The height to begin at; the tip's where there is none. */
  readonly from?: number | undefined;
  readonly limit: number;
  /** Those of side branches too. */
  readonly all: boolean;
}

export interface BranchPart {
  /** The last block of the branch, which need not be the tip any more. */
  readonly last: Hash;
  readonly from: number;
}

export interface HistoryPart {
  readonly scripts: readonly Uint8Array[];
  readonly limit: number;
}

/** The row of waiting payments at whose end a coin stands. */
export interface Row {
  /** Those that must be in a block before it can be: none where it is in one already. */
  readonly ancestors: readonly Hash[];
  /** Do so many hang on one of those that no further payment may? */
  readonly isAtLimit: boolean;
}

export interface CoinInRow extends OwnCoin, Row {}

/** A payment that waits, and can be replaced. */
export interface WaitingPayment {
  readonly kind: 'waiting';
  readonly member: Member;
  /** Of the coins that it spends, in the order of its inputs. */
  readonly rows: readonly Row[];
  /** All that hang on it. */
  readonly descendants: readonly Member[];
  /** What is asked of every payment for want of room, in base units per 1,000 virtual bytes. */
  readonly floor: bigint;
}

export type PaymentState =
  | WaitingPayment
  | { readonly kind: 'mined'; readonly height: number }
  | { readonly kind: 'unknown' };

export interface Mined {
  readonly hash: Hash;
  readonly height: number;
}
