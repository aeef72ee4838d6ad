/** Amounts of money: whole base units in a `bigint`, coins with eight decimal places for people. */
import { DecodeError } from './codec.ts';

/** Base units in a coin. Core: COIN. */
export const coin = 100_000_000n;

/** No amount and no sum of amounts is above this. Core: MAX_MONEY. */
export const maxMoney = 21_000_000n * coin;

/** Is this an amount that may exist at all? Core: MoneyRange. */
export function isMoney(amount: bigint): boolean {
  return amount >= 0n && amount <= maxMoney;
}

/** Coins with all eight places: `1.25000000`. */
export function formatAmount(amount: bigint): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(9, '0');
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -8)}.${digits.slice(-8)}`;
}

/** Reads decimal text exactly: an amount is never, not for a moment, a floating-point number. */
export function parseAmount(text: string): bigint {
  const [, whole, fraction = ''] = /^(\d{1,8})(?:\.(\d{1,8}))?$/.exec(text) ?? [];
  if (whole === undefined) {
    throw new DecodeError(
      `'${text}' is not an amount: write coins like 1.25, with at most eight decimal places`,
    );
  }
  const amount = BigInt(whole + fraction.padEnd(8, '0'));
  if (isMoney(amount)) return amount;
  throw new DecodeError(`'${text}' is not an amount: there are at most ${maxMoney / coin} coins`);
}
