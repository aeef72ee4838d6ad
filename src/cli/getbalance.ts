/** `chain getbalance`: what wallets or addresses own. */
import type { OwnCoin } from '../node/node.ts';
import { formatAmount } from '../primitives/amount.ts';
import { Fault } from '../primitives/fault.ts';
import type { Desk } from './desk.ts';

export interface GetBalanceOptions {
  readonly address?: string;
}

/** In base units. */
interface Balance {
  /** In blocks, and mature. */
  readonly confirmed: bigint;
  /** What waiting payments will bring, less what they will take. */
  readonly pending: bigint;
  /** Minted too recently to be spent. */
  readonly immature: bigint;
  readonly total: bigint;
}

export async function getBalance(
  desk: Desk,
  name: string | undefined,
  { address }: GetBalanceOptions,
): Promise<void> {
  if (address !== undefined && name !== undefined) {
    throw new Fault('which-balance', `say ${name} or --address ${address}, not both`);
  }
  const scripts = desk.keyring().scripts(address ?? name);
  const { door } = await desk.openDoor();
  const { confirmed, pending, immature, total } = balanceOf(await door.coinsOf(scripts));
  const amounts = {
    confirmed: formatAmount(confirmed),
    pending: formatAmount(pending),
    immature: formatAmount(immature),
    total: formatAmount(total),
  };
  const width = Math.max(...Object.values(amounts).map(({ length }) => length));
  const lines = Object.entries(amounts).map(
    ([what, text]) => `${what.padEnd(10)}${text.padStart(width)}`,
  );
  desk.answer(lines, amounts);
}

/** What these coins are worth together. */
export function balanceOf(coins: readonly OwnCoin[]): Balance {
  let confirmed = 0n;
  let pending = 0n;
  let immature = 0n;
  for (const { coin, isWaiting, isSpent, isImmature } of coins) {
    if (isImmature) immature += coin.amount;
    else if (!isWaiting) confirmed += coin.amount;
    if (isWaiting) pending += coin.amount;
    if (isSpent) pending -= coin.amount;
  }
  return { confirmed, pending, immature, total: confirmed + pending + immature };
}
