/**
 * The orphanage: payments from peers that came before those whose coins they spend.
 *
 * Nothing is known of them but their bytes: no fee, no signature. So all here is bounded, in sum
 * and for each peer, and where there is too much the peer that takes most of the room loses first.
 */
import type { Hash } from '../primitives/codec.ts';
import {
  outPointName,
  type Transaction,
  totalBytes,
  txid,
  wtxid,
} from '../primitives/transaction.ts';

const maxOrphans = 100;
const maxOrphanBytes = 400_000;
const maxOrphansPerPeer = 10;
/** Core: ORPHAN_TX_EXPIRE_TIME, as it was since it became short. */
const maxOrphanSeconds = 300;

/** Its share of the room, in bytes: of the bytes, and of the places too. */
const bytesPerPlace = maxOrphanBytes / maxOrphans;

export interface Orphan {
  readonly transaction: Transaction;
  /** Who sent it. */
  readonly peer: string;
  /** When it came, in seconds since 1970. */
  readonly time: number;
}

export class Orphanage {
  /** By wtxid, for with a false witness a stranger must not keep out the true one; oldest first. */
  readonly #orphans = new Map<Hash, Orphan>();
  /** By the txid of a payment: those that spend its coins. */
  readonly #children = new Map<Hash, Set<Hash>>();
  /** Those whose parent has come; to be tried in this order. */
  readonly #awake = new Set<Hash>();
  #bytes = 0;

  get size(): number {
    return this.#orphans.size;
  }

  /** Serialized, of all of them. */
  get bytes(): number {
    return this.#bytes;
  }

  has(transaction: Transaction): boolean {
    return this.#orphans.has(wtxid(transaction));
  }

  /** Takes one in; another may have to leave for it, or it does not stay itself. */
  add(orphan: Orphan): void {
    this.expire(orphan.time);
    const id = wtxid(orphan.transaction);
    if (this.#orphans.has(id)) return;
    this.#orphans.set(id, orphan);
    this.#bytes += totalBytes(orphan.transaction);
    for (const parent of parentsOf(orphan)) {
      const known = this.#children.get(parent);
      if (known) known.add(id);
      else this.#children.set(parent, new Set([id]));
    }
    const own = this.#of(orphan.peer);
    if (own.length > maxOrphansPerPeer) this.#oldestLeaves(own);
    while (this.#orphans.size > maxOrphans || this.#bytes > maxOrphanBytes) {
      this.#oldestLeaves(this.#of(this.#greediest()));
    }
  }

  /** A payment is there now whose coins some may spend: they may be tried again. */
  wake(parent: Hash): void {
    for (const id of this.#children.get(parent) ?? []) this.#awake.add(id);
  }

  /** The next that may be tried again, once; it stays until it is removed. */
  next(now: number): Orphan | undefined {
    this.expire(now);
    const [id] = this.#awake;
    if (id === undefined) return undefined;
    this.#awake.delete(id);
    return this.#orphans.get(id);
  }

  remove(transaction: Transaction): void {
    const id = wtxid(transaction);
    const orphan = this.#orphans.get(id);
    if (!orphan) return;
    this.#orphans.delete(id);
    this.#awake.delete(id);
    this.#bytes -= totalBytes(transaction);
    for (const parent of parentsOf(orphan)) {
      const left = this.#children.get(parent);
      left?.delete(id);
      if (left?.size === 0) this.#children.delete(parent);
    }
  }

  /** A peer is gone, and what it sent with it. */
  drop(peer: string): void {
    for (const { transaction } of this.#of(peer)) this.remove(transaction);
  }

  /** Those that came too long ago leave. */
  expire(now: number): void {
    for (const { transaction, time } of this.#orphans.values()) {
      if (time + maxOrphanSeconds > now) return;
      this.remove(transaction);
    }
  }

  /** A block held these: what it holds or contradicts leaves, what spends it may be tried. */
  settle(transactions: readonly Transaction[]): void {
    if (this.#orphans.size === 0) return;
    const held = new Set(transactions.map(txid));
    const spent = new Set(
      transactions.flatMap(({ inputs }) => inputs.map(({ prevout }) => outPointName(prevout))),
    );
    for (const { transaction } of this.#orphans.values()) {
      const isSpent = transaction.inputs.some(({ prevout }) => spent.has(outPointName(prevout)));
      if (isSpent || held.has(txid(transaction))) this.remove(transaction);
    }
    for (const id of held) this.wake(id);
  }

  #oldestLeaves([oldest]: readonly Orphan[]): void {
    if (oldest) this.remove(oldest.transaction);
  }

  #of(peer: string): readonly Orphan[] {
    return [...this.#orphans.values()].filter((each) => each.peer === peer);
  }

  /** The peer that takes most of the room. */
  #greediest(): string {
    const shares = new Map<string, number>();
    for (const { transaction, peer } of this.#orphans.values()) {
      const share = totalBytes(transaction) + bytesPerPlace;
      shares.set(peer, (shares.get(peer) ?? 0) + share);
    }
    const [greediest] = [...shares].toSorted(([, one], [, other]) => other - one);
    return greediest?.[0] ?? '';
  }
}

function parentsOf({ transaction }: Orphan): ReadonlySet<Hash> {
  return new Set(transaction.inputs.map(({ prevout }) => prevout.txid));
}
