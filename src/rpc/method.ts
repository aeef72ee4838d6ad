/** A method: its name, what it is called with, and what it does. */
import type { ChainView } from '../chain/chain.ts';
import type { Entry } from '../chain/entry.ts';
import type { Node } from '../node/node.ts';
import type { Block } from '../primitives/block.ts';
import type { Hash } from '../primitives/codec.ts';
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
  /** Mines a block that pays this script. */
  readonly mine: (script: Uint8Array, signal?: AbortSignal) => Promise<Block>;
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
}

/** What the program tells of what it does, and of which kinds in every detail. */
export interface Logging {
  readonly categories: ReadonlyMap<string, boolean>;
  setDetailed(category: string, isDetailed: boolean): void;
}

export type Run = (asked: Arguments, context: Context) => Value | Promise<Value>;

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
