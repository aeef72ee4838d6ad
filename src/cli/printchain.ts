/** `chain printchain`: the blocks, the newest first, with what is in them. */
import { findCommitment } from '../consensus/commitment.ts';
import type { Params } from '../consensus/params.ts';
import type { Door } from '../node/door.ts';
import type { BlockView } from '../node/view.ts';
import { addressOf } from '../primitives/address.ts';
import { formatAmount } from '../primitives/amount.ts';
import { totalBlockBytes } from '../primitives/block.ts';
import { outputKind, readPushes } from '../primitives/script.ts';
import {
  type Input,
  isCoinbase,
  type Output,
  outPointName,
  type Transaction,
  txid,
} from '../primitives/transaction.ts';
import { blockJson } from '../rpc/json.ts';
import { bold, fit } from './column.ts';
import type { DeskWithoutWallets } from './desk.ts';

export interface PrintChainOptions {
  readonly limit: number;
  /** The height to begin at; the tip's where there is none. */
  readonly from?: number;
  readonly all?: boolean;
}

export async function printChain(
  desk: DeskWithoutWallets,
  options: PrintChainOptions,
): Promise<void> {
  const { door } = await desk.openDoor();
  desk.answer('', await tellBlocks(desk, door, options));
}

/** Prints the blocks for people, or answers them for programs. */
async function tellBlocks(
  desk: DeskWithoutWallets,
  door: Door,
  { from, limit, all = false }: PrintChainOptions,
): Promise<readonly object[]> {
  const told: object[] = [];
  const hashes = await door.hashes({ from, limit, all });
  for (let done = 0; done < hashes.length; ) {
    const views = await door.blocks(hashes.slice(done, done + pageBlocks));
    done += views.length;
    for (const view of views) {
      if (desk.isForPrograms) told.push(blockJson(view, desk.params));
      else desk.say(blockText(view, desk.params).flatMap(fit).join('\n'));
    }
  }
  return told;
}

/** Blocks that are asked for at once: nobody holds a whole chain in memory to print it. */
const pageBlocks = 100;

/** The block as people read it. */
export function blockText(view: BlockView, params: Params): readonly string[] {
  const { entry, hash, block } = view;
  const count = block.transactions.length;
  const time = new Date(entry.header.time * 1000).toISOString().replace('T', ' ').slice(0, 19);
  const side = view.isActive ? '' : entry.isFailed ? ', NOT VALID' : ', on a side branch';
  return [
    `${bold(`block ${entry.height}`)}${side}`,
    `  hash    ${hash}`,
    `  parent  ${entry.header.parent}`,
    `  time    ${time} UTC`,
    `  size    ${totalBlockBytes(block)} bytes, ${count} transaction${count === 1 ? '' : 's'}`,
    ...block.transactions.flatMap((each) => transactionText(each, view, params)),
    '',
  ];
}

/** The transaction as people read it, its id first. */
export function transactionText(
  transaction: Transaction,
  { spent }: Pick<BlockView, 'spent'>,
  params: Params,
): readonly string[] {
  const isMint = isCoinbase(transaction);
  const inputs = transaction.inputs.map((input) => {
    const coin = spent.get(outPointName(input.prevout));
    if (isMint) return mintText(input);
    return coin ? outputText('from', coin, params) : `    from ${outPointName(input.prevout)}`;
  });
  const outputs = transaction.outputs
    // The commitment to the witnesses is in every block, and tells a reader nothing.
    .filter((output) => !(isMint && findCommitment({ ...transaction, outputs: [output] })))
    .map((output) => outputText(isMint ? 'mint' : 'to', output, params));
  return [`  ${txid(transaction)}`, ...inputs, ...outputs].filter((line) => line !== '');
}

/** What the miner wrote into the coinbase, where it is words. */
function mintText({ scriptSig }: Input): string {
  const words = readPushes(scriptSig)?.findLast((bytes) => bytes.length > 4);
  const text = words && pushText(words);
  return text?.startsWith('"') ? memoText(text) : '';
}

function memoText(text: string): string {
  return text === '' ? '' : `    memo${' '.repeat(20)}${text}`;
}

function outputText(word: string, { amount, script }: Output, { prefix }: Params): string {
  const output = outputKind(script);
  const pushes = output?.kind === 'carrier' ? output.pushes.map(pushText).join(' ') : undefined;
  const whom = addressOf(script, prefix) ?? pushes;
  if (pushes !== undefined && amount === 0n) return memoText(pushes);
  return `    ${word.padEnd(4)}${formatAmount(amount).padStart(18)}  ${whom ?? 'unknown script'}`;
}

/** Text where it is text that cannot harm a terminal, else hexadecimal. */
function pushText(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  const isPlain = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u.test(text) && !text.includes('\ufffd');
  return isPlain ? `"${text}"` : Buffer.from(bytes).toString('hex').slice(0, 58);
}
