/**
 * The checks: what must hold of honest nodes, whatever the world does to them.
 *
 * Safety is looked at with every step of every node, against ledgers that know nothing of the room
 * `chain`: no block joins an active chain that the rules forbid, no coin is there that should not
 * be, nothing that a node once had is gone after a crash. Liveness is looked at when all is healed:
 * one tip, and no payment lost.
 */
import type { VerifyAll } from '../chain/chain.ts';
import { hashOf } from '../chain/entry.ts';
import { verifyChain } from '../chain/verify.ts';
import { isMature, type MaturityRule } from '../consensus/connect.ts';
import type { NodeEvent } from '../node/events.ts';
import type { Node } from '../node/node.ts';
import { hashHeader } from '../primitives/block.ts';
import type { Hash } from '../primitives/codec.ts';
import type { NamedCoin } from '../primitives/coin.ts';
import { type OutPoint, outPointName, type Transaction, txid } from '../primitives/transaction.ts';
import { demandLedger, describeCoin, type Ledger, type Ledgers, namesOf } from './ledger.ts';
import { lookUp } from './sorted.ts';
import { Violation } from './violation.ts';

/** A node by its name, and what it is while it is up. */
export interface Watched {
  readonly name: string;
  readonly host: Node | undefined;
}

export class Checks {
  readonly ledgers: Ledgers;
  /** Blocks that each node had. */
  readonly #had = new Map<string, Set<Hash>>();
  /** The most work that each node's tip had. */
  readonly #work = new Map<string, bigint>();

  constructor(ledgers: Ledgers) {
    this.ledgers = ledgers;
  }

  /** Of a node that does something: throws where it may not. */
  hear({ name, host }: Watched, event: NodeEvent): void {
    if (event.kind !== 'block' || !host) return;
    const ledger = this.#demand(name, event);
    const had = this.#had.get(name) ?? new Set();
    this.#had.set(name, had.add(ledger.hash));
    const { tip } = host.chain;
    // Several blocks join one after the other, and the tip is the last of them already.
    if (hashOf(tip) !== ledger.hash) return;
    if (tip.work !== ledger.work) throw new Violation(`${name} reckons its work wrong`);
    if (tip.work <= (this.#work.get(name) ?? 0n)) {
      throw new Violation(`${name} left a branch for one without more work`);
    }
    this.#work.set(name, tip.work);
  }

  #demand(name: string, { block, height }: NodeEvent & { readonly kind: 'block' }): Ledger {
    try {
      const ledger = demandLedger(this.ledgers.add(block));
      if (ledger.height === height) return ledger;
      throw new Error(`it is at height ${ledger.height}`);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const what = `block ${hashHeader(block.header)} at height ${height}`;
      throw new Violation(`${name} connected ${what}: ${why}`);
    }
  }

  /** Of a node that has just started: it still has all that it had, and its tip. */
  async checkBoot(name: string, host: Node, waited: readonly Transaction[] = []): Promise<void> {
    for (const hash of this.#had.get(name) ?? []) {
      const entry = await host.chain.store.entry(hash);
      if (!entry || !(await host.chain.store.hasBlock(entry))) {
        throw new Violation(`${name} lost block ${hash} in a crash`);
      }
    }
    const { tip } = host.chain;
    const work = this.#work.get(name) ?? 0n;
    if (tip.work < work) throw new Violation(`${name} came back with a tip of less work`);
    this.#work.set(name, tip.work);
    // What a crash cut short is finished at the start, and no event tells of it.
    await this.#learn(name, host);
    const ledger = await this.checkSet(name, host);
    const at = { tip: ledger, params: host.chain.params };
    const [lost] = lostPayments(waited, [{ name, host }], at);
    if (lost) throw new Violation(`${name} lost payment ${txid(lost)} in a crash`);
  }

  /** Takes the blocks into the ledgers that the node connected unseen. */
  async #learn(name: string, { chain }: Node): Promise<void> {
    const unknown: Hash[] = [];
    let at = chain.tip;
    while (!this.ledgers.get(hashOf(at))) {
      unknown.push(hashOf(at));
      at = await chain.branch.entry(at.header.parent);
    }
    for (const hash of unknown.toReversed()) {
      const entry = await chain.branch.entry(hash);
      const block = await chain.store.block(entry);
      this.#demand(name, { kind: 'block', block, height: entry.height });
    }
  }

  /** Everything that a node holds, held against the rules and against its blocks. */
  async checkWhole(name: string, host: Node, verifyAll: VerifyAll): Promise<void> {
    const { params, guard } = host.chain;
    await this.checkSet(name, host);
    await host.read(async (view) => {
      const { identity } = guard;
      await verifyChain(view, { params, verifyAll, identity, progress: () => {} });
    });
  }

  /** Holds its coins against what the rules say that its tip leaves, which is the answer. */
  async checkSet(name: string, host: Node): Promise<Ledger> {
    return host.read(async ({ tip, store }) => {
      const found: NamedCoin[] = [];
      for await (const named of store.allCoins()) found.push(named);
      // Only now: where it has just moved, the blocks that joined are told of meanwhile.
      const ledger = this.ledgers.get(hashOf(tip));
      if (!ledger) throw new Violation(`${name} has a tip that nobody saw it connect`);
      checkCoins(name, found, ledger);
      return ledger;
    });
  }
}

/** Are these the coins that the block leaves, and do they sum up to what was ever made? */
export function checkCoins(name: string, found: readonly NamedCoin[], ledger: Ledger): void {
  const expected = new Set(namesOf(ledger.coins));
  const wrong = found.find(
    ({ outPoint, coin }) => !expected.has(describeCoin(outPointName(outPoint), coin)),
  );
  if (wrong) throw new Violation(`${name} has coin ${outPointName(wrong.outPoint)}, which is not`);
  if (found.length !== expected.size) {
    throw new Violation(`${name} has ${found.length} coins of ${expected.size}`);
  }
  const sum = found.reduce((total, { coin }) => total + coin.amount, 0n);
  if (sum === ledger.supply) return;
  throw new Violation(`${name} has coins of ${sum} where ${ledger.supply} were made`);
}

/** Are these nodes all up, and on one tip? */
export function areOnOneTip(nodes: readonly Watched[]): boolean {
  const tips = new Set(nodes.map(({ host }) => host && hashOf(host.chain.tip)));
  return tips.size === 1 && !tips.has(undefined);
}

/**
 * The payments that are lost: neither in the chain of this tip nor waiting everywhere, though they
 * could be. What spends a coin that a reorganisation unmade or made young, or that another payment
 * spent, cannot.
 */
export function lostPayments(
  payments: readonly Transaction[],
  nodes: readonly Watched[],
  { tip, params }: { readonly tip: Ledger; readonly params: MaturityRule },
): readonly Transaction[] {
  const hosts = nodes.flatMap(({ host }) => host ?? []);
  const waits = (id: Hash) => hosts.every(({ mempool }) => mempool.get(id));
  const isTaken = (at: OutPoint) => {
    const spender = hosts[0]?.mempool.spenderOf(at);
    return spender !== undefined && waits(spender);
  };
  const isFree = (at: OutPoint) => {
    const coin = lookUp(tip.coins, outPointName(at));
    return !isTaken(at) && (coin ? isMature(coin, tip.height + 1, params) : waits(at.txid));
  };
  return payments.filter((each) => {
    const id = txid(each);
    const isThere = lookUp(tip.txids, id) !== undefined || waits(id);
    return !isThere && each.inputs.every(({ prevout }) => isFree(prevout));
  });
}
