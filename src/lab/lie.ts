/** A lie: what a liar answers where that is not the truth, and what it does of its own accord. */
import type { Method, PeerId, Transport } from '../network/boundary.ts';
import { Header } from '../primitives/block.ts';
import { encode } from '../primitives/codec.ts';
import type { Chance } from './chance.ts';
import type { Ledgers } from './ledger.ts';

/** What a liar has in its hands. */
export interface LiarParts {
  readonly transport: Transport;
  readonly ledgers: Ledgers;
  readonly chance: Chance;
}

/** What it answers; `undefined` where it says the truth. */
export type Answer = (
  method: Method,
  from: PeerId,
  bytes: Uint8Array,
) => Promise<Uint8Array> | Uint8Array | undefined;

export interface Lie {
  readonly answer?: Answer;
  /** Done every so often. */
  readonly act?: () => Promise<unknown>;
}

/** Tells of a block by its header. */
export function announce(transport: Transport, header: Header): Promise<void> {
  return transport.publish('block', encode(Header, header));
}
