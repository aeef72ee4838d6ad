/** `chain history`: what happened to an address or to a whole wallet, the newest first. */
import type { Happening } from '../node/history.ts';
import { formatAmount } from '../primitives/amount.ts';
import { timeText } from './column.ts';
import type { Desk } from './desk.ts';

export interface HistoryOptions {
  /** How much of it; all of it where nothing is said. */
  readonly limit?: number;
}

export async function history(desk: Desk, name: string, options: HistoryOptions): Promise<void> {
  const scripts = desk.keyring().scripts(name);
  const { door } = await desk.openDoor();
  const limit = options.limit ?? Number.MAX_SAFE_INTEGER;
  const happenings = await door.historyOf({ scripts, limit });
  if (happenings.length === 0) desk.note(`Nothing has happened to ${name} yet.`);
  const told = happenings.map(({ txid, height, time, change, confirmations }) => ({
    txid,
    height: height ?? null,
    time,
    change: formatAmount(change),
    confirmations,
  }));
  desk.answer(tableOf(happenings), told);
}

/** The txid goes below: beside the rest there would be no room in 80 columns. */
function tableOf(happenings: readonly Happening[]): readonly string[] {
  if (happenings.length === 0) return [];
  const lines = happenings.flatMap(({ txid, height, time, change }) => [
    lineOf(timeText(time), String(height ?? 'waiting'), signed(change)),
    `  ${txid}`,
  ]);
  return [lineOf('UTC', 'block', 'change'), ...lines];
}

function lineOf(time: string, block: string, change: string): string {
  return `${time.padEnd(19)}${block.padStart(12)}${change.padStart(22)}`;
}

function signed(amount: bigint): string {
  return `${amount > 0n ? '+' : ''}${formatAmount(amount)}`;
}
