/** A method: its name, what it is called with, and what it does. */
import type { ChainView } from '../chain/chain.ts';
import type { Entry } from '../chain/entry.ts';
import type { Node } from '../node/node.ts';
import type { Block } from '../primitives/block.ts';
import type { Hash } from '../primitives/codec.ts';
import type { Transaction } from '../primitives/transaction.ts';
import type { Value } from './exact.ts';
import { codes, Failure } from './failure.ts';
import { type Arguments, type Parameter, parameters } from './parameters.ts';
import type { Peering } from './peering.ts';

/** What methods may ask of the program around the node. */
export interface Context {
  readonly node: Node;
  /** Hands a block or a payment to the node; the program hears of it. */
  readonly submitBlock: Node['submitBlock'];
  readonly submitPayment: Node['submitPayment'];
  /** Mines a block that pays this script, unless the signal ends it before. */
  readonly mine: (script: Uint8Array, signal?: AbortSignal) => Promise<Block>;
  /** The same with these payments alone; nobody is told of it. */
  readonly mineThese: (
    script: Uint8Array,
    payments: readonly Transaction[],
    signal: AbortSignal,
  ) => ReturnType<Node['mineThese']>;
  readonly peering: Peering;
  /** The time in seconds since 1970. */
  readonly now: () => number;
  /** From now on the clock stands at this time; 0 lets it run again. */
  readonly setTime: (time: number) => void;
  readonly logging: Logging;
  /** Since the start, in seconds and parts of them. */
  readonly uptime: () => number;
  /** Of this program. */
  readonly version: string;
  /** The bytes that the database takes on the disk. */
  readonly diskBytes: () => number;
  /** Asks for a clean stop, once the answer is on its way. */
  readonly stop: () => void;
  /** Aborted when the node is about to stop: what waits or takes long ends with it. */
  readonly stopping: AbortSignal;
  /** Ends after so many milliseconds, or with the signal. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Lets others have their turn, in the middle of what takes long. */
  readonly pause: () => Promise<void>;
  /** Tells whoever runs the program of something that is wrong. */
  readonly warn: (problem: string) => void;
}

/** What the program tells of what it does, and of which kinds in every detail. */
export interface Logging {
  readonly categories: ReadonlyMap<string, boolean>;
  setDetailed(category: string, isDetailed: boolean): void;
}

/** What a method does. The signal is aborted when nobody waits for the answer any more. */
export type Run = (
  asked: Arguments,
  context: Context,
  signal: AbortSignal,
) => Value | Promise<Value>;

export interface Method {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly help: string;
  readonly run: Run;
}

/** @param notation The parameters; see `parameters`. */
export function method(name: string, notation: string, help: string, run: Run): Method {
  return { name, parameters: parameters(notation), help, run };
}

/** The entry of a block that somebody asked for. */
export async function findEntry({ store }: ChainView, hash: Hash): Promise<Entry> {
  const entry = await store.entry(hash);
  if (entry) return entry;
  throw new Failure(codes.addressOrKey, 'Block not found');
}

/** What a method ends with whose signal was aborted. Core: IsRPCRunning. */
export function demandRunning(signal: AbortSignal): void {
  if (signal.aborted) throw new Failure(codes.notConnected, 'Shutting down');
}
