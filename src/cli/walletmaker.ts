/** Makes a wallet of words, whether they are new or a person brought them. */
import { hashHeader } from '../primitives/block.ts';
import { Fault } from '../primitives/fault.ts';
import { Keys } from '../wallet/keys.ts';
import { seal } from '../wallet/seal.ts';
import { checkLabel, newWallet, type Wallet } from '../wallet/wallet.ts';
import type { Desk } from './desk.ts';
import { derivation, newPassword, type PasswordOptions } from './unlock.ts';

export interface MakeOptions extends PasswordOptions {
  readonly label?: string;
  /** Is it to be under a password? Whoever names a file with one means that too. */
  readonly password?: boolean;
}

/** Says what is wrong with the label before anything else is asked. */
export function checkNewLabel({ wallets }: Desk, { label }: MakeOptions): void {
  if (label === undefined) return;
  checkLabel(label);
  wallets.checkFree(label);
}

/** The password for the new wallet, if one is wanted. */
export async function wantedPassword(options: MakeOptions): Promise<string | undefined> {
  const isWanted = options.password || options.passwordFile !== undefined;
  return isWanted ? await newPassword(options) : undefined;
}

/** The wallet of these words under the label, or under the first one that is free. */
export function draftWallet(desk: Desk, words: string, label?: string): Wallet {
  const { params } = desk;
  const wallets = desk.wallets.all();
  const accounts = new Keys(words, params.coinType).accounts();
  const same = wallets.find((wallet) => wallet.accounts.p2wpkh === accounts.p2wpkh);
  if (same) {
    const problem = `these are the words of the wallet '${same.label}', which is here already`;
    throw new Fault('wallet-exists', `${problem}; use that one`);
  }
  return newWallet({
    label: label ?? freeLabel(wallets),
    genesis: hashHeader(params.genesis.header),
    created: desk.now(),
    accounts,
    secret: words,
  });
}

/** Saves the wallet, under the password if there is one. */
export function saveWallet(desk: Desk, wallet: Wallet, password: string | undefined): void {
  const { cipher, random } = desk;
  const sealed =
    password === undefined
      ? wallet
      : desk.patiently(derivation, () => seal(wallet, { password, cipher, random }));
  desk.wallets.create(sealed);
}

function freeLabel(wallets: readonly Wallet[]): string {
  const taken = new Set(wallets.map(({ label }) => label.toLowerCase()));
  let number = 1;
  while (taken.has(`wallet-${number}`)) number++;
  return `wallet-${number}`;
}
