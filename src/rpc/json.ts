/**
 * Blocks and transactions as JSON for whoever asks at the command line: as JSON-RPC tells them, but
 * amounts are text, for a JSON number is a floating-point one to most who read it.
 */
import type { Params } from '../consensus/params.ts';
import type { BlockView, TransactionView } from '../node/view.ts';
import { formatAmount } from '../primitives/amount.ts';
import { transactionFields, wholeBlockFields } from './corejson.ts';

/** The block as `getblock` with verbosity 2 tells it, with the bytes of its transactions. */
export function rawBlockJson(view: BlockView, params: Params): object {
  const detail = { spent: view.spent, isPlain: true, hex: true, amount: formatAmount };
  return wholeBlockFields(view, (each) => transactionFields(each, params, detail));
}

/** The block with the coins that it spent, as with verbosity 3, but without these bytes. */
export function blockJson(view: BlockView, params: Params): object {
  const detail = { spent: view.spent, amount: formatAmount };
  return wholeBlockFields(view, (each) => transactionFields(each, params, detail));
}

/** The transaction as `getrawtransaction` with verbosity 1 tells it. */
export function transactionJson({ transaction, place }: TransactionView, params: Params): object {
  const told = transactionFields(transaction, params, { hex: true, amount: formatAmount });
  if (place.kind === 'waiting') return told;
  const { hash, confirmations, entry } = place.block;
  const { time } = entry.header;
  return { ...told, blockhash: hash, confirmations, time, blocktime: time };
}
