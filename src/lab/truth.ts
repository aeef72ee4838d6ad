/** The truth: what an honest peer would answer that knows every ledger of this world. */
import type { Method } from '../network/boundary.ts';
import { BlockTxs, BlockTxsQuestion, CompactBlock, compactOf } from '../network/compact.ts';
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
import { type Codec, DecodeError, decode, encode, type Hash } from '../primitives/codec.ts';
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
  return attempt(Locator, bytes) ?? attempt(BlocksQuestion, bytes)?.hashes ?? [];
}

/** Is it a question for one block in compact form? */
export function isForCompact(bytes: Uint8Array): boolean {
  return attempt(BlocksQuestion, bytes)?.form === 1;
}

/** What it says; `undefined` where it is malformed. */
export function attempt<T>(codec: Codec<T>, bytes: Uint8Array): T | undefined {
  try {
    return decode(codec, bytes);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

export function answerTruly(ledgers: Ledgers, method: Method, bytes: Uint8Array): Uint8Array {
  switch (method) {
    case 'status':
      return encodeAnswer(Status, statusOf(ledgers));
    case 'headers':
      return encodeAnswer(Headers, headersAfter(ledgers, readHashes(bytes)));
    case 'blocks':
      return encodeAnswer(Bodies, bodiesOf(ledgers, bytes));
    case 'mempool':
      return encodeAnswer(Ids, []);
    case 'peers':
      return encodeAnswer(Records, []);
    case 'blocktxs':
      return answerPayments(ledgers, bytes);
  }
}

function answerPayments(ledgers: Ledgers, bytes: Uint8Array): Uint8Array {
  const question = attempt(BlockTxsQuestion, bytes);
  const ledger = question && ledgers.get(question.block);
  if (!ledger) return encodeNo('unknown');
  const transactions = question.positions.flatMap((at) => ledger.block.transactions[at] ?? []);
  return encodeAnswer(BlockTxs, { block: ledger.hash, transactions });
}

/** As many in a row as there are, within what one answer holds. */
function bodiesOf(ledgers: Ledgers, question: Uint8Array): readonly Uint8Array[] {
  const isCompact = isForCompact(question);
  const bodies: Uint8Array[] = [];
  let length = 0;
  for (const hash of readHashes(question)) {
    const ledger = ledgers.get(hash);
    if (!ledger || length > answerBudgetBytes) break;
    const { block } = ledger;
    const body = isCompact ? encode(CompactBlock, compactOf(block, 0n)) : encode(Block, block);
    bodies.push(body);
    length += body.length;
  }
  return bodies;
}
