/** History: what happened to addresses, one line for each transaction that touched them. */
import type { ChainView } from '../chain/chain.ts';
import type { Mempool } from '../mempool/mempool.ts';
import { type Hash, isSameBytes } from '../primitives/codec.ts';

/** What a transaction did to the addresses that were asked for, taken together. */
export interface Happening {
  readonly txid: Hash;
  /** Of its block; `undefined` while it waits. */
  readonly height: number | undefined;
  /** That of its block, or when it began to wait; in seconds since 1970. */
  readonly time: number;
  /** In base units: what they gained, less what they spent. */
  readonly change: bigint;
  readonly confirmations: number;
}

/** What happened to these scripts, the newest first, `limit` of it at most. */
export async function historyOf(
  view: ChainView,
  mempool: Mempool,
  { scripts, limit }: { readonly scripts: readonly Uint8Array[]; readonly limit: number },
): Promise<readonly Happening[]> {
  const waiting = waitingOf(mempool, scripts);
  const inBlocks = await eventsOf(view, scripts, limit);
  const happenings: Happening[] = waiting.slice(0, limit);
  let height: number | undefined;
  let time = 0;
  for (const event of inBlocks.slice(0, limit - happenings.length)) {
    if (event.height !== height) {
      height = event.height;
      time = (await view.store.activeEntry(height)).header.time;
    }
    happenings.push({ ...event, time, confirmations: view.tip.height - event.height + 1 });
  }
  return happenings;
}

/** Payments that wait, the latest first. */
function waitingOf(mempool: Mempool, scripts: readonly Uint8Array[]): readonly Happening[] {
  const isOurs = ({ script }: { readonly script: Uint8Array }) =>
    scripts.some((each) => isSameBytes(each, script));
  const members = new Set(scripts.flatMap((script) => mempool.touching(script)));
  return [...members]
    .toSorted((one, other) => other.number - one.number)
    .map(({ id, time, transaction, coins }) => ({
      txid: id,
      height: undefined,
      time,
      change: sum(transaction.outputs.filter(isOurs)) - sum(coins.filter(isOurs)),
      confirmations: 0,
    }));
}

function sum(amounts: readonly { readonly amount: bigint }[]): bigint {
  return amounts.reduce((total, { amount }) => total + amount, 0n);
}

interface Placed {
  readonly txid: Hash;
  readonly height: number;
  readonly change: bigint;
}

/**
 * What blocks did, the latest first. Of each script only so many events are read as are asked for
 * in all: one that lies deeper in its own history lies deeper in that of all of them.
 */
async function eventsOf(
  { store }: ChainView,
  scripts: readonly Uint8Array[],
  limit: number,
): Promise<readonly Placed[]> {
  const found = new Map<Hash, Placed>();
  for (const script of scripts) {
    const { events } = await store.addressSum(script);
    for (const event of await store.historyOf(script, Math.max(events - limit, 0), limit)) {
      const change = (found.get(event.txid)?.change ?? 0n) + event.change;
      found.set(event.txid, { ...event, change });
    }
  }
  const positions = new Map<Hash, number>();
  for (const { txid } of scripts.length > 1 ? sharing(found.values()) : []) {
    positions.set(txid, (await store.place(txid))?.position ?? 0);
  }
  const positionOf = ({ txid }: Placed) => positions.get(txid) ?? 0;
  // Reversed first: those of one script and block are in order already, and sorting keeps it.
  return [...found.values()]
    .reverse()
    .toSorted((one, other) => other.height - one.height || positionOf(other) - positionOf(one));
}

/** Those that are not alone in their block. */
function sharing(events: Iterable<Placed>): readonly Placed[] {
  return [...Map.groupBy(events, ({ height }) => height).values()]
    .filter((group) => group.length > 1)
    .flat();
}
