/** `chain createwallet`: twelve words, and the first address that grows from them. */
import { newWords } from '../wallet/words.ts';
import type { Desk } from './desk.ts';
import {
  checkNewLabel,
  draftWallet,
  type MakeOptions,
  saveWallet,
  wantedPassword,
} from './walletmaker.ts';

export async function createWallet(desk: Desk, options: MakeOptions): Promise<void> {
  checkNewLabel(desk, options);
  const password = await wantedPassword(options);
  await desk.lockWallets();
  const words = newWords(desk.random(16));
  const wallet = draftWallet(desk, words, options.label);
  saveWallet(desk, wallet, password);

  const { label } = wallet;
  const address = desk.keyring().firstAddress(wallet);
  desk.answer([address, words], { label, address, words });
  desk.note(`This is wallet '${label}'. Write the twelve words down: they are the only way back.`);
}
