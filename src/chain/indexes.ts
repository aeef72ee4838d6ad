/**
 * The indexes: where a transaction lies, what an address owns, and what happened to it.
 *
 * They are derived: a block and the coins that it spent say all that they hold. So they can be
 * dropped, and built again by walking the active chain; no rule ever asks them alone.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import { coinsOf } from '../consensus/connect.ts';
import type { Block } from '../primitives/block.ts';
import type { Hash } from '../primitives/codec.ts';
import type { NamedCoin } from '../primitives/coin.ts';
import { isCoinbase, outPointName, txid } from '../primitives/transaction.ts';
import { damaged, type Operation, type Source } from './database.ts';
import { untouched } from './store.ts';
import * as tables from './tables.ts';

/** A block of the active chain, with the coins that it spent, net of those that it made itself. */
export interface Placed {
  readonly block: Block;
  readonly height: number;
  readonly spent: readonly NamedCoin[];
}

/** What a block does to one address. */
interface Touch {
  readonly script: Uint8Array;
  /** How many coins it gains. */
  coins: number;
  /** Their sum, in base units. */
  amount: bigint;
  readonly events: { readonly txid: Hash; readonly change: bigint }[];
}

/** The operations that add a block on the tip to the indexes. */
export async function addToIndexes(source: Source, placed: Placed): Promise<readonly Operation[]> {
  const { block, height } = placed;
  const { spent, created, touches } = readTouches(placed);
  const sums = await loadSums(source, touches);
  // A coin that was spent long ago, and that the disk has brought back, is owned by nobody.
  const owned = await tables.ownedCoins.hasMany(source, spent.map(ownedKey));
  if (owned.includes(false)) throw damaged('a coin is there that no address has');
  return [
    ...block.transactions.map((each, position) =>
      tables.places.put(txid(each), { height, position }),
    ),
    ...spent.map((each) => tables.ownedCoins.del(ownedKey(each))),
    ...created.map((each) => tables.ownedCoins.put(ownedKey(each), undefined)),
    ...touches.flatMap(({ script, coins, amount, events }, i) => {
      const sum = sums[i] ?? untouched;
      const after = {
        coins: sum.coins + coins,
        amount: sum.amount + amount,
        events: sum.events + events.length,
      };
      return [
        tables.addressSums.put(script, after),
        ...events.map((event, number) =>
          tables.history.put({ script, number: sum.events + number }, { ...event, height }),
        ),
      ];
    }),
  ];
}

/** The operations that take the tip out of the indexes. */
export async function takeFromIndexes(
  source: Source,
  placed: Placed,
): Promise<readonly Operation[]> {
  const { spent, created, touches } = readTouches(placed);
  const sums = await tables.addressSums.getMany(
    source,
    touches.map(({ script }) => script),
  );
  return [
    ...placed.block.transactions.map((each) => tables.places.del(txid(each))),
    ...spent.map((each) => tables.ownedCoins.put(ownedKey(each), undefined)),
    ...created.map((each) => tables.ownedCoins.del(ownedKey(each))),
    ...touches.flatMap(({ script, coins, amount, events }, i) => {
      const sum = sums[i];
      if (!sum) throw damaged('the sum of an address is lost');
      const left = sum.events - events.length;
      const before = { coins: sum.coins - coins, amount: sum.amount - amount, events: left };
      return [
        left > 0 ? tables.addressSums.put(script, before) : tables.addressSums.del(script),
        ...events.map((_, number) => tables.history.del({ script, number: left + number })),
      ];
    }),
  ];
}

/** The sums of these addresses; `undefined` for one that is new. */
async function loadSums(
  source: Source,
  touches: readonly Touch[],
): Promise<(tables.AddressSum | undefined)[]> {
  const scripts = touches.map(({ script }) => script);
  const sums = await tables.addressSums.getMany(source, scripts);
  const fresh = scripts.filter((_, i) => !sums[i]).map((script) => ({ script, number: 0 }));
  const events = await tables.history.getMany(source, fresh);
  if (events.some((event) => event !== undefined)) throw damaged('the sum of an address is lost');
  return sums;
}

/** What a block does to the coins, net, and to each address that it touches. */
export function readTouches({ block, height, spent }: Placed) {
  const coins = new Map(spent.map((named) => [outPointName(named.outPoint), named]));
  const created = new Map<string, NamedCoin>();
  const touches = new Map<string, Touch>();
  const touch = ({ coin: { script } }: NamedCoin): Touch => {
    const key = bytesToHex(script);
    const found = touches.get(key) ?? { script, coins: 0, amount: 0n, events: [] };
    touches.set(key, found);
    return found;
  };
  for (const transaction of block.transactions) {
    const changes = new Map<Touch, bigint>();
    const move = (named: NamedCoin, sign: 1 | -1) => {
      const touched = touch(named);
      const change = named.coin.amount * BigInt(sign);
      touched.coins += sign;
      touched.amount += change;
      changes.set(touched, (changes.get(touched) ?? 0n) + change);
    };
    for (const { prevout } of isCoinbase(transaction) ? [] : transaction.inputs) {
      const name = outPointName(prevout);
      const named = coins.get(name) ?? created.get(name);
      if (!named) throw damaged(`coin ${name} is lost from an undo record`);
      move(named, -1);
      created.delete(name);
    }
    for (const named of coinsOf(transaction, height)) {
      move(named, 1);
      created.set(outPointName(named.outPoint), named);
    }
    const id = txid(transaction);
    for (const [touched, change] of changes) touched.events.push({ txid: id, change });
  }
  return { spent, created: [...created.values()], touches: [...touches.values()] };
}

function ownedKey({ outPoint, coin: { script } }: NamedCoin) {
  return { script, outPoint };
}
