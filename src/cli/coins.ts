/** The coins of wallets, as the node tells them: what keys may spend, and what it hangs on. */
import type { Member } from '../mempool/member.ts';
import type { Node } from '../node/node.ts';
import type { NamedCoin } from '../primitives/coin.ts';
import { maxPackageCount } from '../primitives/standard.ts';
import type { OwnedCoin } from '../wallet/coins.ts';
import type { PublicKey } from '../wallet/keys.ts';

/** The coins that a payment may take: mature, and not taken by one that waits. */
export async function spendableCoins(
  node: Node,
  keys: readonly PublicKey[],
): Promise<readonly OwnedCoin[]> {
  const byScript = new Map(keys.map((key) => [nameOf(key.script), key]));
  const coins = await node.coinsOf(...keys.map(({ script }) => script));
  return coins.flatMap(({ isSpent, isImmature, ...named }) => {
    const key = byScript.get(nameOf(named.coin.script));
    return key && !isSpent && !isImmature ? [ownedCoin(node, named, key)] : [];
  });
}

function nameOf(script: Uint8Array): string {
  return Buffer.from(script).toString('hex');
}

/** A coin with its key, and with the waiting payments that must be in a block before it. */
export function ownedCoin({ mempool }: Node, named: NamedCoin, { path }: PublicKey): OwnedCoin {
  const { outPoint, coin } = named;
  const maker = mempool.get(outPoint.txid);
  const row = maker ? [...mempool.ancestorsOf(maker), maker] : [];
  const isFull = ({ descendants }: Member) => descendants.count >= maxPackageCount;
  const ancestors = row.map(({ id }) => id);
  return { outPoint, output: coin, path, ancestors, isAtLimit: row.some(isFull) };
}
