/** The truth: what an honest peer would answer that knows every ledger of this world. */
import type { Method } from '../network/boundary.ts';
import { answerBudgetBytes, maxHeaders } from '../network/limits.ts';
import {
  BlocksQuestion,
  Bodies,
  encodeAnswer,
  encodeNo,
  Headers,
  Ids,
  Locator,
  Records,
  Status,
} from '../network/messages.ts';
import { Block, type Header } from '../primitives/block.ts';
import { DecodeError, decode, encode, type Hash } from '../primitives/codec.ts';
import { ancestor, type Ledger, type Ledgers } from './ledger.ts';

export function statusOf({ genesis, best }: Ledgers, { hash, height, work, block } = best): Status {
  const agent = new TextEncoder().encode('lab');
  return { genesis: genesis.hash, tip: hash, height, work, time: block.header.time, agent };
}

/** What comes after the first of these that is on the branch up to this block. */
export function headersAfter(
  ledgers: Ledgers,
  locator: readonly Hash[],
  tip: Ledger = ledgers.best,
): readonly Header[] {
  const common = locator
    .flatMap((hash) => ledgers.get(hash) ?? [])
    .find((each) => each === ancestor(tip, each.height));
  const from = (common ?? ledgers.genesis).height + 1;
  const to = Math.min(tip.height, from + maxHeaders - 1);
  const headers: Header[] = [];
  for (let at: Ledger | undefined = ancestor(tip, to); at && at.height >= from; at = at.parent) {
    headers.push(at.block.header);
  }
  return headers.toReversed();
}

/** The hashes in a question for blocks or headers; none where it is malformed. */
export function readHashes(bytes: Uint8Array): readonly Hash[] {
  for (const read of [() => decode(Locator, bytes), () => decode(BlocksQuestion, bytes).hashes]) {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }
  return [];
}

export function answerTruly(ledgers: Ledgers, method: Method, bytes: Uint8Array): Uint8Array {
  switch (method) {
    case 'status':
      return encodeAnswer(Status, statusOf(ledgers));
    case 'headers':
      return encodeAnswer(Headers, headersAfter(ledgers, readHashes(bytes)));
    case 'blocks':
      return encodeAnswer(Bodies, bodiesOf(ledgers, readHashes(bytes)));
    case 'mempool':
      return encodeAnswer(Ids, []);
    case 'peers':
      return encodeAnswer(Records, []);
    case 'blocktxs':
      return encodeNo('unknown');
  }
}

/** As many in a row as there are, within what one answer holds. */
function bodiesOf(ledgers: Ledgers, hashes: readonly Hash[]): readonly Uint8Array[] {
  const bodies: Uint8Array[] = [];
  let length = 0;
  for (const hash of hashes) {
    const ledger = ledgers.get(hash);
    if (!ledger || length > answerBudgetBytes) break;
    const body = encode(Block, ledger.block);
    bodies.push(body);
    length += body.length;
  }
  return bodies;
}
