/** A lie: what a liar answers where that is not the truth, and what it does of its own accord. */
import type { Method, PeerId, Topic, Transport } from '../network/boundary.ts';
import { Bodies, encodeAnswer, Headers } from '../network/messages.ts';
import { Block, Header } from '../primitives/block.ts';
import { encode, type Hash } from '../primitives/codec.ts';
import type { Chance } from './chance.ts';
import type { Ledgers } from './ledger.ts';
import { readHashes } from './truth.ts';

/** What a liar has in its hands. */
export interface LiarParts {
  readonly transport: Transport;
  readonly ledgers: Ledgers;
  readonly chance: Chance;
  /** The true time, in seconds since 1970. */
  readonly now: () => number;
}

/** What it answers; `undefined` where it says the truth. */
export type Answer = (
  method: Method,
  from: PeerId,
  bytes: Uint8Array,
) => Promise<Uint8Array> | Uint8Array | undefined;

export interface Lie {
  readonly answer?: Answer;
  /** Hears what is told to everybody. */
  readonly hear?: (topic: Topic, bytes: Uint8Array) => Promise<unknown>;
  /** Done every so often. */
  readonly act?: () => Promise<unknown>;
}

/** Tells of a block by its header. */
export function announce(transport: Transport, header: Header): Promise<void> {
  return transport.publish('block', encode(Header, header));
}

/** Answers as if these blocks, of this peer's own making, were on the best branch. */
export function serving(
  blocks: ReadonlyMap<Hash, Block>,
  latest: () => Header | undefined,
): Answer {
  return (method, _from, bytes) => {
    const header = latest();
    if (method === 'headers' && header) return encodeAnswer(Headers, [header]);
    if (method !== 'blocks') return undefined;
    const found = readHashes(bytes).flatMap((hash) => blocks.get(hash) ?? []);
    const bodies = found.map((each) => encode(Block, each));
    return found.length > 0 ? encodeAnswer(Bodies, bodies) : undefined;
  };
}
