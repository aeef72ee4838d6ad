/** Answers what peers ask, each from one view of the chain and within its bounds. */
import type { ChainView } from '../chain/chain.ts';
import type { Entry } from '../chain/entry.ts';
import { Block } from '../primitives/block.ts';
import { DecodeError, decode, encode, type Hash } from '../primitives/codec.ts';
import { Transaction, wtxid } from '../primitives/transaction.ts';
import type { Method } from './boundary.ts';
import { BlockTxs, BlockTxsQuestion, CompactBlock, compactOf } from './compact.ts';
import { answerBudgetBytes, maxHeaders, maxIds } from './limits.ts';
import {
  BlocksQuestion,
  Bodies,
  encodeAnswer,
  encodeNo,
  Headers,
  Ids,
  Locator,
  MempoolQuestion,
  Payments,
} from './messages.ts';
import type { WireParts } from './wire.ts';

/** What an answer costs the asker beside its bytes; see `costPerSecond` in limits.ts. */
export const costs: Readonly<Record<Method, number>> = {
  status: 5,
  headers: 100,
  blocks: 20,
  blocktxs: 20,
  mempool: 50,
  peers: 100,
};

/** So many bytes of an answer cost one more. */
export const bytesPerCost = 50_000;

/** So many blocks that are asked for cost one more, to read 0.1 ms each. */
const blocksPerCost = 8;

/** What this question for blocks costs, beside that it is one. */
export function costOfBlocks(question: Uint8Array): number {
  const hashes = Math.floor(question.length / 32);
  return Math.floor(hashes / blocksPerCost);
}

export type Asked = Pick<WireParts, 'home' | 'random'>;

/** The headers behind the first block of the locator that is on our chain. */
export function answerHeaders(question: Uint8Array, { home }: Asked): Promise<Uint8Array> {
  const locator = decode(Locator, question);
  return home.read(async (view) => {
    const from = await forkOf(view, locator);
    const count = Math.min(view.tip.height - from, maxHeaders);
    const entries = await view.store.activeEntries(from + 1, count);
    return encodeAnswer(
      Headers,
      entries.map(({ header }) => header),
    );
  });
}

/** The height of the first that is on our chain; genesis is on everybody's. */
async function forkOf(view: ChainView, locator: readonly Hash[]): Promise<number> {
  for (const hash of locator) {
    const entry = await activeEntry(view, hash);
    if (entry) return entry.height;
  }
  return 0;
}

/** Blocks of our chain, which we vouch for: of side branches some were never judged whole. */
export async function answerBlocks(
  question: Uint8Array,
  { home, random }: Asked,
): Promise<Uint8Array> {
  const { form, hashes } = decode(BlocksQuestion, question);
  const isCompact = form === 1;
  if (form > 1 || (isCompact && hashes.length !== 1)) {
    throw new DecodeError(`form ${form} of ${hashes.length} blocks`);
  }
  return home.read(async (view) => {
    const bodies: Uint8Array[] = [];
    let bytes = 0;
    for (const hash of hashes) {
      const entry = bytes < answerBudgetBytes && (await activeEntry(view, hash));
      if (!entry) break;
      const body = await view.store.blockBytes(entry);
      bodies.push(isCompact ? compact(body, random) : body);
      bytes += body.length;
    }
    return encodeAnswer(Bodies, bodies);
  });
}

function compact(body: Uint8Array, random: Asked['random']): Uint8Array {
  const nonce = new DataView(random(8).buffer).getBigUint64(0);
  return encode(CompactBlock, compactOf(decode(Block, body), nonce));
}

/** The entry of a block, where it is on our chain. */
async function activeEntry({ store }: ChainView, hash: Hash): Promise<Entry | undefined> {
  const entry = await store.entry(hash);
  return entry && (await store.hashAt(entry.height)) === hash ? entry : undefined;
}

/** Some payments of a block. BIP152: blocktxn. */
export function answerBlockTxs(question: Uint8Array, { home }: Asked): Promise<Uint8Array> {
  const { block: hash, positions } = decode(BlockTxsQuestion, question);
  return home.read(async (view) => {
    const entry = await activeEntry(view, hash);
    if (!entry) return encodeNo('unknown');
    const block = await view.store.block(entry);
    const transactions = positions.flatMap((at) => block.transactions[at] ?? []);
    if (transactions.length < positions.length) {
      throw new DecodeError(`places beyond the ${block.transactions.length} of block ${hash}`);
    }
    return encodeAnswer(BlockTxs, { block: hash, transactions });
  });
}

/** The ids of what waits here, or those payments of it that are asked for. */
export function answerMempool(question: Uint8Array, { home }: Asked): Uint8Array {
  const wanted = decode(MempoolQuestion, question);
  const members = home.mempool.list();
  if (wanted.length === 0) {
    const ids = members.slice(0, maxIds).map(({ transaction }) => wtxid(transaction));
    return encodeAnswer(Ids, ids);
  }
  const isWanted = new Set(wanted);
  const payments: Uint8Array[] = [];
  let bytes = 0;
  // In our order, parents before their children.
  for (const { transaction } of members) {
    if (!isWanted.has(wtxid(transaction))) continue;
    const body = encode(Transaction, transaction);
    bytes += body.length;
    if (bytes > answerBudgetBytes && payments.length > 0) break;
    payments.push(body);
  }
  return encodeAnswer(Payments, payments);
}
