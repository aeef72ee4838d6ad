/** The door to a node that is here, each answer of it from one view. */
import type { ChainView, VerifyAll } from '../chain/chain.ts';
import { type Entry, hashOf } from '../chain/entry.ts';
import { type Verified, verifyChain } from '../chain/verify.ts';
import { isReject } from '../consensus/reject.ts';
import type { Member } from '../mempool/member.ts';
import { type Block, hashHeader, totalBlockBytes } from '../primitives/block.ts';
import type { Hash } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import { maxPackageCount } from '../primitives/standard.ts';
import type { Transaction } from '../primitives/transaction.ts';
import type {
  BranchPart,
  CoinInRow,
  Door,
  HistoryPart,
  Mined,
  PaymentState,
  Row,
  Status,
  Wanted,
  Watch,
} from './door.ts';
import { historyOf } from './history.ts';
import type { Node } from './node.ts';
import {
  type BlockView,
  sideEntries,
  viewBlock,
  viewMempool,
  viewTransaction,
  walkDown,
} from './view.ts';

/** What the program around a node does for its door. */
export interface DoorParts {
  readonly node: Node;
  /** Hands a block or a payment to the node; the program may hear of it. */
  readonly submitBlock: Node['submitBlock'];
  readonly submitPayment: Node['submitPayment'];
  readonly mine: Node['mine'];
  /** The time in seconds since 1970. */
  readonly now: () => number;
  readonly verifyAll: VerifyAll;
  /** Looks at the files beneath the database, and throws if they are damaged. */
  readonly checkFiles: () => Promise<void>;
  /** Who is connected; nobody where nothing is said. */
  readonly peering?: { readonly size: number; readonly clockOffset: number };
  /** The name of the signature engine. */
  readonly engine: () => Promise<string>;
}

/** Blocks are told until they are so many bytes; the last may go beyond. */
const pageBytes = 2 ** 20;

export class LocalDoor implements Door {
  readonly #parts: DoorParts;
  readonly #node: Node;

  constructor(parts: DoorParts) {
    this.#parts = parts;
    this.#node = parts.node;
  }

  status(): Promise<Status> {
    const { size: peers = 0, clockOffset = 0 } = this.#parts.peering ?? {};
    const waiting = this.#node.mempool.size;
    return this.#node.read(async ({ tip }) => ({ tip, waiting, peers, clockOffset }));
  }

  engine(): Promise<string> {
    return this.#parts.engine();
  }

  block(at: Hash | number): Promise<BlockView> {
    return this.#node.read(async (view) => viewBlock(view, await findEntry(view, at)));
  }

  hashes({ from, limit, all }: Wanted): Promise<readonly Hash[]> {
    return this.#node.read(async (view) => {
      const highest = Math.min(from ?? view.tip.height, view.tip.height);
      const entries: Entry[] = [];
      for await (const entry of walkDown(view, highest, limit)) entries.push(entry);
      if (all) {
        const lowest = entries.at(-1)?.height ?? highest;
        entries.push(...(await sideEntries(view, lowest, from ?? Number.MAX_SAFE_INTEGER)));
        entries.sort((a, b) => b.height - a.height);
      }
      return entries.map(hashOf);
    });
  }

  blocks(hashes: readonly Hash[]): Promise<readonly BlockView[]> {
    return this.#node.read(async (view) => {
      const told: BlockView[] = [];
      let bytes = 0;
      for (const hash of hashes) {
        if (bytes >= pageBytes) break;
        const block = await viewBlock(view, await findEntry(view, hash));
        bytes += totalBlockBytes(block.block);
        told.push(block);
      }
      return told;
    });
  }

  branch({ last, from }: BranchPart): Promise<readonly Block[]> {
    return this.#node.read(async (view) => {
      const { side, end } = await leaveChain(view, await findEntry(view, last));
      const blocks: Block[] = [];
      let bytes = 0;
      for (let height = from; height <= end && bytes < pageBytes; height++) {
        const entry = side.get(height) ?? (await view.store.activeEntry(height));
        const block = await view.store.block(entry);
        bytes += totalBlockBytes(block);
        blocks.push(block);
      }
      return blocks;
    });
  }

  transaction(id: Hash) {
    return this.#node.read((view) => viewTransaction(view, this.#node.mempool, id));
  }

  async coinsOf(scripts: readonly Uint8Array[]): Promise<readonly CoinInRow[]> {
    const makers = scripts.flatMap((script) => this.#node.mempool.coinsOf(script));
    // Before anybody waits, and so of the same moment as the coins.
    const rows = new Map(makers.map(({ outPoint: { txid } }) => [txid, this.#row(txid)]));
    const coins = await this.#node.coinsOf(...scripts);
    return coins.map((coin) => ({ ...coin, ...(rows.get(coin.outPoint.txid) ?? noRow) }));
  }

  historyOf(wanted: HistoryPart) {
    return this.#node.read((view) => historyOf(view, this.#node.mempool, wanted));
  }

  isUsed(script: Uint8Array): Promise<boolean> {
    const isWaiting = this.#node.mempool.touching(script).length > 0;
    return this.#node.read(async ({ store }) => {
      if (isWaiting) return true;
      if (await store.hasIndex()) return (await store.addressSum(script)).events > 0;
      return (await store.coinsOf(script)).length > 0;
    });
  }

  async mempool() {
    const view = viewMempool(this.#node.mempool, this.#parts.now());
    return { ...view, members: view.members.map(standing) };
  }

  async payment(id: Hash): Promise<PaymentState> {
    const { mempool } = this.#node;
    const member = mempool.get(id);
    if (!member) return this.#mined(id);
    return {
      kind: 'waiting',
      member: standing(member),
      rows: member.transaction.inputs.map(({ prevout }) => this.#row(prevout.txid)),
      descendants: mempool.descendantsOf(member).map(standing),
      floor: this.#node.minFeeRate(),
    };
  }

  async submitPayment(transaction: Transaction) {
    const taken = await this.#parts.submitPayment(transaction);
    return isReject(taken) ? taken : { id: taken.id };
  }

  async submitBlock(block: Block) {
    const taken = await this.#parts.submitBlock(block);
    return isReject(taken) ? taken : { status: taken.status };
  }

  async mine(script: Uint8Array, signal?: AbortSignal): Promise<Mined> {
    const { header } = await this.#parts.mine(script, signal);
    const hash = hashHeader(header);
    const { height } = await this.#node.read((view) => findEntry(view, hash));
    return { hash, height };
  }

  async verify({ signal, progress }: Watch = {}): Promise<Verified> {
    const { node, verifyAll, checkFiles } = this.#parts;
    await checkFiles();
    const { params, guard } = node.chain;
    const { identity } = guard;
    const each = (checked: number) => {
      signal?.throwIfAborted();
      progress?.(checked);
    };
    return node.read((view) => verifyChain(view, { params, verifyAll, identity, progress: each }));
  }

  /** The row at whose end the coins of this payment stand. */
  #row(id: Hash): Row {
    const { mempool } = this.#node;
    const maker = mempool.get(id);
    if (!maker) return noRow;
    const row = [...mempool.ancestorsOf(maker), maker];
    const isAtLimit = row.some(({ descendants }) => descendants.count >= maxPackageCount);
    return { ancestors: row.map((each) => each.id), isAtLimit };
  }

  /** Without the index nobody knows. */
  #mined(id: Hash): Promise<PaymentState> {
    return this.#node.read(async ({ store }) => {
      const place = (await store.hasIndex()) ? await store.place(id) : undefined;
      return place ? { kind: 'mined', height: place.height } : { kind: 'unknown' };
    });
  }
}

const noRow: Row = { ancestors: [], isAtLimit: false };

/** The pool changes its own in place; this one stays as it is. */
function standing(member: Member): Member {
  return { ...member, parents: new Set(member.parents), children: new Set(member.children) };
}

async function findEntry({ store, tip }: ChainView, at: Hash | number): Promise<Entry> {
  if (typeof at === 'string') {
    const entry = await store.entry(at);
    if (entry) return entry;
    throw new Fault('not-found', `there is no block ${at} here, on no branch`);
  }
  if (at <= tip.height) return store.activeEntry(at);
  throw new Fault('not-found', `there is no block ${at}: the tip is at height ${tip.height}`);
}

/** The blocks from this one down that are not on the active chain, by their heights. */
async function leaveChain({ store }: ChainView, last: Entry) {
  const side = new Map<number, Entry>();
  let entry: Entry | undefined = last;
  while (entry && (await store.hashAt(entry.height)) !== hashOf(entry)) {
    side.set(entry.height, entry);
    entry = await store.entry(entry.header.parent);
  }
  return { side, end: last.height };
}
