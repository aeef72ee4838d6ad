/** A pond: a pool of payments by itself, without a chain whose coins they spend. */
import { expect } from 'vitest';
import { type Member, memoryBytes } from '../src/mempool/member.ts';
import { Pool } from '../src/mempool/pool.ts';
import type { Hash } from '../src/primitives/codec.ts';
import { type Transaction, txid, virtualBytes } from '../src/primitives/transaction.ts';
import { carriersOf, inputOf, outputTo } from './forge.ts';

/** A payment, and what is said to be its fee. */
export interface Drop {
  readonly transaction: Transaction;
  readonly fee: bigint;
}

/** The pool of these, in which they arrived in this order and at this time. */
export function poolOf(drops: readonly Drop[], time = 0, deltas = new Map<Hash, bigint>()): Pool {
  const pool = new Pool(deltas);
  for (const drop of drops) pool.add({ ...drop, time, height: 0, coins: [] });
  return pool;
}

/** How one payment is drawn in a pond: the places of those it spends, its fee and its size. */
export interface Drawn {
  readonly parents: readonly number[];
  readonly fee: number;
  /** Bytes of carriers, from 70 on. */
  readonly filling?: number;
}

/** Unsigned payments, each spending an output of those before it at these places. */
export function draw(drawn: readonly Drawn[]): readonly Drop[] {
  const drops: Drop[] = [];
  for (const [place, { parents, fee, filling = 70 }] of drawn.entries()) {
    const spent = parents.map((parent) => {
      const { transaction } = drops[parent] ?? { transaction: undefined };
      if (!transaction) throw new RangeError(`no payment is at ${parent}`);
      return inputOf({ txid: txid(transaction), index: place });
    });
    // One coin of the chain, so that no two are alike, and outputs for all that may come.
    const own = inputOf({ txid: place.toString(16).padStart(64, '0') as Hash, index: 0 });
    const outputs = [...drawn.map(() => outputTo(1, 1000n)), ...carriersOf(filling)];
    drops.push({
      transaction: { version: 2, inputs: [own, ...spent], outputs, lockTime: 0 },
      fee: BigInt(fee),
    });
  }
  return drops;
}

/** The places of these members among the payments that were drawn. */
export function placesOf(drops: readonly Drop[], members: readonly Member[]): readonly number[] {
  const ids = drops.map(({ transaction }) => txid(transaction));
  return members.map(({ id }) => ids.indexOf(id));
}

/** All that is reached by these steps, the start too: walked plainly, and as often as it comes. */
function reach(from: Hash, step: (id: Hash) => readonly Hash[]): ReadonlySet<Hash> {
  return new Set([from, ...step(from).flatMap((id) => [...reach(id, step)])]);
}

/** Holds all that each of these knows of the others against their transactions alone. */
export function checkMembers(list: readonly Member[]): void {
  const members = new Map(list.map((member) => [member.id, member]));
  const parents = (id: Hash) =>
    (members.get(id)?.transaction.inputs ?? [])
      .map(({ prevout }) => prevout.txid)
      .filter((parent) => members.has(parent));
  const children = (id: Hash) => [...members.keys()].filter((child) => parents(child).includes(id));
  const sum = (ids: ReadonlySet<Hash>) => {
    const all = [...ids].flatMap((id) => members.get(id) ?? []);
    return {
      count: all.length,
      bytes: all.reduce((total, { transaction }) => total + virtualBytes(transaction), 0),
      fees: all.reduce((total, { modifiedFee }) => total + modifiedFee, 0n),
    };
  };
  const seen = new Set<Hash>();
  for (const { id, ...member } of list) {
    expect(id).toBe(txid(member.transaction));
    expect(member.memoryBytes).toBe(memoryBytes(member.transaction));
    expect(member.parents).toEqual(new Set(parents(id)));
    expect(member.children).toEqual(new Set(children(id)));
    expect(member.ancestors).toEqual(sum(reach(id, parents)));
    expect(member.descendants).toEqual(sum(reach(id, children)));
    for (const parent of member.parents) expect(seen, 'parents come first').toContain(parent);
    seen.add(id);
  }
}
