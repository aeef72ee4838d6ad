/** `chain newaddress`: an address that nobody has been given yet. */
import { PublicKeys } from '../wallet/keys.ts';
import { takeAddress } from '../wallet/wallet.ts';
import type { Desk } from './desk.ts';
import { addressOfKey } from './keyring.ts';

export interface NewAddressOptions {
  readonly taproot?: boolean;
}

export async function newAddress(
  desk: Desk,
  label: string | undefined,
  { taproot }: NewAddressOptions,
): Promise<void> {
  // Where there is no such wallet, nothing is made, not even a lock.
  desk.keyring().wallet(label);
  await desk.lockWallets();
  const given = desk.keyring().wallet(label);
  const { wallet, path } = takeAddress(given, taproot ? 'p2tr' : 'p2wpkh', false);
  desk.wallets.replace(wallet);
  const address = addressOfKey(new PublicKeys(wallet.accounts).key(path), desk.params);
  desk.answer(address, { address });
}
