/** `chain exportwallet`: shows a wallet's words again. */
import type { Desk } from './desk.ts';
import { type PasswordOptions, unlock } from './unlock.ts';

export async function exportWallet(
  desk: Desk,
  label: string,
  options: PasswordOptions,
): Promise<void> {
  const { words } = await unlock(desk, desk.keyring().wallet(label), options);
  desk.answer(words, { label, words });
  desk.note('Whoever has these words has the coins.');
}
