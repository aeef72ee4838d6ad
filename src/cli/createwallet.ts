/** `chain createwallet`: twelve words, and the first address that grows from them. */
import { hashHeader } from '../primitives/block.ts';
import { newWallet, type Wallet } from '../wallet/wallet.ts';
import { newWords } from '../wallet/words.ts';
import type { Desk } from './desk.ts';
import { addressOfKey } from './keyring.ts';

export interface CreateWalletOptions {
  readonly label?: string;
}

export async function createWallet(desk: Desk, options: CreateWalletOptions): Promise<void> {
  const { params, wallets } = desk;
  const label = options.label ?? freeLabel(wallets.all());
  const words = newWords(desk.random(16));
  const genesis = hashHeader(params.genesis.header);
  wallets.create(newWallet({ label, words, genesis, created: desk.now() }));

  const [first] = desk.keyring().purse(label).chosen;
  const address = first ? addressOfKey(first, params) : '';
  desk.answer([address, words], { label, address, words });
  desk.note(`This is wallet '${label}'. Write the twelve words down: they are the only way back.`);
}

function freeLabel(wallets: readonly Wallet[]): string {
  const taken = new Set(wallets.map(({ label }) => label.toLowerCase()));
  let number = 1;
  while (taken.has(`wallet-${number}`)) number++;
  return `wallet-${number}`;
}
