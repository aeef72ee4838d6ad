/**
 * A ledger: what the indexes must say of a chain, kept in the simplest of ways by a walk along its
 * blocks, and by none of the code that it is held against.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Event, Place } from '../src/chain/tables.ts';
import type { Block } from '../src/primitives/block.ts';
import type { NamedCoin } from '../src/primitives/coin.ts';
import { outPointName, type Transaction, txid } from '../src/primitives/transaction.ts';

export class Ledger {
  readonly places = new Map<string, Place>();
  readonly history = new Map<string, Event[]>();
  readonly coins = new Map<string, NamedCoin>();

  /** @param active All blocks of the chain but the first, of which nothing can be spent. */
  constructor(active: readonly Block[]) {
    for (const [i, { transactions }] of active.entries()) {
      for (const [position, transaction] of transactions.entries()) {
        this.places.set(txid(transaction), { height: i + 1, position });
        this.#book(transaction, i + 1, position === 0);
      }
    }
  }

  /** The coins that pay this script, in hex. */
  coinsOf(script: string): readonly NamedCoin[] {
    return [...this.coins.values()].filter(({ coin }) => bytesToHex(coin.script) === script);
  }

  #book(transaction: Transaction, height: number, isCoinbase: boolean): void {
    const changes = new Map<string, bigint>();
    const add = (script: Uint8Array, amount: bigint) => {
      const key = bytesToHex(script);
      changes.set(key, (changes.get(key) ?? 0n) + amount);
    };
    for (const { prevout } of transaction.inputs) {
      const spent = this.coins.get(outPointName(prevout));
      this.coins.delete(outPointName(prevout));
      if (spent) add(spent.coin.script, -spent.coin.amount);
    }
    for (const [index, output] of transaction.outputs.entries()) {
      if (output.script[0] === 0x6a) continue;
      const outPoint = { txid: txid(transaction), index };
      this.coins.set(outPointName(outPoint), { outPoint, coin: { ...output, height, isCoinbase } });
      add(output.script, output.amount);
    }
    for (const [script, change] of changes) {
      const events = this.history.get(script) ?? [];
      this.history.set(script, [...events, { txid: txid(transaction), height, change }]);
    }
  }
}
