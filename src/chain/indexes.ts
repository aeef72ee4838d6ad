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
import type { Steps } from '../primitives/steps.ts';
import { isCoinbase, outPointName, txid } from '../primitives/transaction.ts';
import { inSteps } from './breathe.ts';
import { damaged, type Operation, type Source } from './database.ts';
import type { Guard } from './guard.ts';
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

interface Touched {
  readonly created: readonly NamedCoin[];
  readonly touches: readonly Touch[];
}

/** The operations that add a block on the tip to the indexes. */
export async function addToIndexes(source: Guard, placed: Placed): Promise<Iterable<Operation>> {
  const { spent } = placed;
  const touched = await inSteps(readTouches(placed), source.breathe);
  const sums = await loadSums(source, touched.touches);
  // A coin that was spent long ago, and that the disk has brought back, is owned by nobody.
  const owned = await tables.ownedCoins.hasMany(source, spent.map(ownedKey));
  if (owned.includes(false)) throw damaged('a coin is there that no address has');
  return additions(placed, touched, sums);
}

function* additions(
  { block, height, spent }: Placed,
  { created, touches }: Touched,
  sums: readonly (tables.AddressSum | undefined)[],
): Iterable<Operation> {
  for (const [position, each] of block.transactions.entries()) {
    yield tables.places.put(txid(each), { height, position });
  }
  for (const each of spent) yield tables.ownedCoins.del(ownedKey(each));
  for (const each of created) yield tables.ownedCoins.put(ownedKey(each), undefined);
  for (const [i, { script, coins, amount, events }] of touches.entries()) {
    const sum = sums[i] ?? untouched;
    yield tables.addressSums.put(script, {
      coins: sum.coins + coins,
      amount: sum.amount + amount,
      events: sum.events + events.length,
    });
    for (const [number, event] of events.entries()) {
      yield tables.history.put({ script, number: sum.events + number }, { ...event, height });
    }
  }
}

/** The operations that take the tip out of the indexes. */
export async function takeFromIndexes(source: Guard, placed: Placed): Promise<Iterable<Operation>> {
  const touched = await inSteps(readTouches(placed), source.breathe);
  const scripts = touched.touches.map(({ script }) => script);
  const sums = await tables.addressSums.getMany(source, scripts);
  return removals(placed, touched, sums);
}

function* removals(
  { block, spent }: Placed,
  { created, touches }: Touched,
  sums: readonly (tables.AddressSum | undefined)[],
): Iterable<Operation> {
  for (const each of block.transactions) yield tables.places.del(txid(each));
  for (const each of spent) yield tables.ownedCoins.put(ownedKey(each), undefined);
  for (const each of created) yield tables.ownedCoins.del(ownedKey(each));
  for (const [i, { script, coins, amount, events }] of touches.entries()) {
    const sum = sums[i];
    if (!sum) throw damaged('the sum of an address is lost');
    const left = sum.events - events.length;
    const before = { coins: sum.coins - coins, amount: sum.amount - amount, events: left };
    yield left > 0 ? tables.addressSums.put(script, before) : tables.addressSums.del(script);
    for (const number of events.keys()) yield tables.history.del({ script, number: left + number });
  }
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
export function* readTouches({ block, height, spent }: Placed): Steps<Touched> {
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
    yield;
  }
  return { created: [...created.values()], touches: [...touches.values()] };
}

function ownedKey({ outPoint, coin: { script } }: NamedCoin) {
  return { script, outPoint };
}
