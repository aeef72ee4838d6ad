/** The coins of wallets, as the node tells them: what keys may spend, and what it hangs on. */
import type { Door, Row } from '../node/door.ts';
import type { NamedCoin } from '../primitives/coin.ts';
import type { OwnedCoin } from '../wallet/coins.ts';
import type { PublicKey } from '../wallet/keys.ts';

/** The coins that a payment may take: mature, and not taken by one that waits. */
export async function spendableCoins(
  door: Door,
  keys: readonly PublicKey[],
): Promise<readonly OwnedCoin[]> {
  const byScript = new Map(keys.map((key) => [nameOf(key), key]));
  const coins = await door.coinsOf(keys.map(({ script }) => script));
  return coins.flatMap((told) => {
    const key = byScript.get(nameOf(told.coin));
    return key && !told.isSpent && !told.isImmature ? [ownedCoin(told, told, key)] : [];
  });
}

/** What has a script, by that script. */
export function nameOf({ script }: { readonly script: Uint8Array }): string {
  return Buffer.from(script).toString('hex');
}

/** A coin with its key, and with the waiting payments that must be in a block before it. */
export function ownedCoin(
  { outPoint, coin }: NamedCoin,
  { ancestors, isAtLimit }: Row,
  { path }: PublicKey,
): OwnedCoin {
  return { outPoint, output: coin, path, ancestors, isAtLimit };
}
