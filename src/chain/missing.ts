/**
 * Missing coins: whether one is gone because it was spent, or because the disk lost it.
 *
 * A block that spends a coin that is not there is bad for ever, and so is all that is built on it.
 * So before that is said, whatever else the database knows of the coin is asked: the transaction
 * index whether it was ever made, and the undo records who spent it.
 */
import { touchedCoins } from '../consensus/connect.ts';
import type { Block } from '../primitives/block.ts';
import { type OutPoint, outPointName, txid } from '../primitives/transaction.ts';
import { damaged } from './database.ts';
import { CoinDigest, noCoins } from './digest.ts';
import type { Guard } from './guard.ts';
import type { Store } from './store.ts';

/** Throws a `Fault` if a coin that this block would spend is there no more without a reason. */
export async function demandMissing(store: Store, guard: Guard, block: Block): Promise<void> {
  const own = new Set(block.transactions.map(txid));
  const asked = touchedCoins(block).filter((outPoint) => !own.has(outPoint.txid));
  const found = await store.coins(asked);
  const missing = asked.filter((_, i) => !found[i]);
  if (!(await store.hasIndex())) {
    if (missing.length > 0) await demandDigest(store, guard);
    return;
  }
  for (const outPoint of missing) await demandSpent(store, outPoint);
}

/** Never made, or spent by a block that took it: both leave a trace. */
async function demandSpent(store: Store, outPoint: OutPoint): Promise<void> {
  // Looks closely: a record that is hidden is damage.
  if (await store.coin(outPoint)) throw damaged(`coin ${outPointName(outPoint)} is hidden`);
  const place = await store.place(outPoint.txid);
  if (!place) return;
  const maker = await store.block(await store.activeEntry(place.height));
  const made = maker.transactions[place.position]?.outputs[outPoint.index];
  if (!made) return;
  const name = outPointName(outPoint);
  const isSpentBy = (block: Block) =>
    block.transactions.some(({ inputs }) => inputs.some((i) => outPointName(i.prevout) === name));
  if (isSpentBy(maker)) return;
  const { height } = await store.tipEntry();
  for (let at = height; at > place.height; at--) {
    const spent = await store.undo(await store.activeEntry(at));
    if (spent.some((each) => outPointName(each.outPoint) === name)) return;
  }
  throw damaged(`coin ${name} is lost`);
}

/** Without an index: all coins must be there. */
export async function demandDigest(store: Store, guard: Guard): Promise<void> {
  const digest = new CoinDigest(guard.identity);
  let sum = noCoins;
  for await (const coin of store.allCoins()) sum = digest.add(sum, [coin]);
  const tip = await store.tip();
  if (sum.coins !== tip?.coins) throw damaged(`${sum.coins} coins are there of ${tip?.coins}`);
  if (sum.digest !== tip.digest) throw damaged('the coins are not those of the tip');
}
