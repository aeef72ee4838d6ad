/**
 * Checking the indexes against the blocks that they are derived from, with one block in memory.
 *
 * What every block adds to the history of its addresses is summed up while the blocks are walked;
 * at the end the sum over the table must be the same.
 */
import { Bytes, encode, struct } from '../primitives/codec.ts';
import { siphash } from '../primitives/siphash.ts';
import { atOnce } from '../primitives/steps.ts';
import { txid } from '../primitives/transaction.ts';
import type { ChainView } from './chain.ts';
import { damaged } from './database.ts';
import { type Placed, readTouches } from './indexes.ts';
import * as tables from './tables.ts';

const OwnEvent = struct({ script: Bytes, event: tables.Event });

/** What a walk over blocks or over a table comes to. */
interface Sum {
  count: number;
  digest: bigint;
}

export class IndexCheck {
  readonly #view: ChainView;
  readonly #events: Sum = { count: 0, digest: 0n };
  #transactions = 0;

  constructor(view: ChainView) {
    this.#view = view;
  }

  /** Takes the next active block. */
  async add(placed: Placed): Promise<void> {
    const { height, block } = placed;
    for (const [position, transaction] of block.transactions.entries()) {
      const id = txid(transaction);
      const place = await this.#view.store.place(id);
      if (place?.height !== height || place.position !== position) {
        throw damaged(`the transaction index has transaction ${id} in a wrong place`);
      }
    }
    this.#transactions += block.transactions.length;
    for (const { script, events } of atOnce(readTouches(placed)).touches) {
      for (const event of events) count(this.#events, script, { ...event, height });
    }
  }

  /** After the last block: is all there, and nothing else? */
  async finish(): Promise<void> {
    const { source } = this.#view;
    let places = 0;
    for await (const _ of tables.places.scan(source)) places++;
    if (places !== this.#transactions) {
      throw damaged(`the transaction index has ${places} of ${this.#transactions} transactions`);
    }
    const found: Sum = { count: 0, digest: 0n };
    let addresses = 0;
    let coins = 0;
    for await (const [script, sum] of tables.addressSums.scan(source)) {
      addresses++;
      // Throws where the coins do not come to the sum.
      coins += (await this.#view.store.coinsOf(script)).length;
      await this.#countHistory(script, sum, found);
    }
    const stated = (await this.#view.store.tip())?.coins;
    if (coins !== stated) throw damaged(`the address index has ${coins} of ${stated} coins`);
    if (found.count !== this.#events.count || found.digest !== this.#events.digest) {
      throw damaged(`the history of ${addresses} addresses is not that of the blocks`);
    }
    await this.#countRows(found.count, coins);
  }

  async #countHistory(script: Uint8Array, sum: tables.AddressSum, into: Sum): Promise<void> {
    const pages = 1_000;
    let height = 0;
    for (let from = 0; from < sum.events; from += pages) {
      for (const event of await this.#view.store.historyOf(script, from, pages)) {
        if (event.height < height) throw damaged('the history of an address is out of order');
        ({ height } = event);
        count(into, script, event);
      }
    }
  }

  /** Rows of addresses that have no sum would never be met by their address. */
  async #countRows(events: number, coins: number): Promise<void> {
    const { source } = this.#view;
    let rows = 0;
    for await (const _ of tables.history.scan(source)) rows++;
    for await (const _ of tables.ownedCoins.scan(source)) rows++;
    if (rows !== events + coins) throw damaged('the address index has rows of no address');
  }
}

/** Under no key: this is a check of what a disk keeps, not of what a stranger says. */
const noKey = new Uint8Array(16);

function count(sum: Sum, script: Uint8Array, event: tables.Event): void {
  sum.count++;
  const digest = siphash(noKey, encode(OwnEvent, { script, event }));
  sum.digest = BigInt.asUintN(64, sum.digest + digest);
}
