/** Fetches one block in compact form, and of its payments those that do not wait here. */
import { type Entry, hashOf } from '../chain/entry.ts';
import { checkMerkleRoot } from '../consensus/block.ts';
import { checkCommitment } from '../consensus/commitment.ts';
import { type Block, hashHeader } from '../primitives/block.ts';
import { type Codec, DecodeError, decode, encode } from '../primitives/codec.ts';
import type { Transaction } from '../primitives/transaction.ts';
import {
  BlockTxs,
  BlockTxsQuestion,
  CompactBlock,
  complete,
  fillFrom,
  type Partial,
} from './compact.ts';
import { BlocksQuestion, Bodies } from './messages.ts';
import type { Peer } from './peer.ts';
import type { Wire } from './wire.ts';

/**
 * The block; `absent` where the peer has it not, and `ambiguous` where it must be asked for whole:
 * two payments share a short id, for which nobody is to blame.
 */
export async function fetchCompact(
  wire: Wire,
  peer: Peer,
  entry: Entry,
): Promise<Block | 'absent' | 'ambiguous'> {
  const hash = hashOf(entry);
  const question = encode(BlocksQuestion, { form: 1, hashes: [hash] });
  const [bytes] = await wire.ask(peer, 'blocks', question, Bodies);
  if (!bytes) return 'absent';
  const compact = read(wire, peer, CompactBlock, bytes);
  if (hashHeader(compact.header) !== hash) throw wire.punish(peer, 'another compact block');
  const waiting = wire.parts.home.mempool.list().map(({ transaction }) => transaction);
  const partial = fill(wire, peer, compact, waiting);
  if (!partial) return 'ambiguous';
  const block = complete(partial, await fetchMissing(wire, peer, partial));
  if (!block) throw wire.punish(peer, 'other payments than it was asked for');
  const wrong = checkMerkleRoot(block) ?? checkCommitment(block);
  return wrong?.kind === 'bytes' ? 'ambiguous' : block;
}

async function fetchMissing(
  wire: Wire,
  peer: Peer,
  { header, missing }: Partial,
): Promise<readonly Transaction[]> {
  if (missing.length === 0) return [];
  const block = hashHeader(header);
  const question = encode(BlockTxsQuestion, { block, positions: missing });
  const answer = await wire.ask(peer, 'blocktxs', question, BlockTxs);
  if (answer.block !== block) throw wire.punish(peer, 'payments of another block');
  return answer.transactions;
}

function read<T>(wire: Wire, peer: Peer, codec: Codec<T>, bytes: Uint8Array): T {
  return blaming(wire, peer, () => decode(codec, bytes));
}

function fill(wire: Wire, peer: Peer, compact: CompactBlock, waiting: readonly Transaction[]) {
  return blaming(wire, peer, () => fillFrom(compact, waiting));
}

/** Does what fails only where a peer sent nonsense. */
function blaming<T>(wire: Wire, peer: Peer, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw wire.punish(peer, `a malformed compact block: ${error.message}`);
  }
}
