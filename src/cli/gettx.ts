/** `chain gettx`: one transaction, wherever it is, by its txid. */
import type { Params } from '../consensus/params.ts';
import { feeRateOf } from '../mempool/package.ts';
import { feeOf, type TransactionView } from '../node/view.ts';
import { formatAmount } from '../primitives/amount.ts';
import type { Hash } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import { txid, virtualBytes } from '../primitives/transaction.ts';
import { transactionJson } from '../rpc/json.ts';
import { count, fit, rateText, timeText } from './column.ts';
import type { DeskWithoutWallets } from './desk.ts';
import { transactionText } from './printchain.ts';

export async function getTransaction(desk: DeskWithoutWallets, id: Hash): Promise<void> {
  const { door } = await desk.openDoor();
  const view = await door.transaction(id);
  if (!view) {
    const where = 'only the active chain and waiting payments were searched';
    throw new Fault('not-found', `there is no transaction ${id}; ${where}`);
  }
  desk.answer(textOf(view, desk.params), transactionJson(view, desk.params));
}

function textOf(view: TransactionView, params: Params): readonly string[] {
  const { transaction, spent } = view;
  const bytes = virtualBytes(transaction);
  const fee = feeOf(transaction, spent);
  const [, ...moves] = transactionText(transaction, view, params);
  return [
    `transaction ${txid(transaction)}`,
    ...placeText(view),
    `  size    ${bytes} virtual bytes`,
    ...(fee === undefined ? [] : [feeText(fee, bytes)]),
    ...moves.flatMap(fit),
  ];
}

function feeText(fees: bigint, bytes: number): string {
  const rate = rateText(feeRateOf({ fees, bytes }));
  return `  fee     ${formatAmount(fees)}, ${rate} units a virtual byte`;
}

/** Where it is, and since when. */
function placeText({ place }: TransactionView): readonly string[] {
  if (place.kind === 'waiting') return [`  waits   since ${timeText(place.member.time)} UTC`];
  const { entry, hash, confirmations } = place.block;
  return [
    `  block   ${entry.height}, ${count(confirmations, 'confirmation')}`,
    `  hash    ${hash}`,
    `  time    ${timeText(entry.header.time)} UTC`,
  ];
}
