/**
 * The download: fetches the blocks of the heaviest branch that somebody has, from several peers at
 * once, and hands them to the node in order.
 *
 * Every batch has a time limit and goes to another peer when it fails. Of whose hands a block came
 * is remembered until it is judged, so that the liar is found.
 */
import { type Entry, hashOf } from '../chain/entry.ts';
import { isReject } from '../consensus/reject.ts';
import { Block, hashHeader, totalBlockBytes } from '../primitives/block.ts';
import { encode, type Hash } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import { fetchCompact } from './compactfetch.ts';
import { goalOf, type HeaderTree } from './headers.ts';
import { maxAheadBlocks, maxAheadBytes, maxBlocksAsked } from './limits.ts';
import { BlocksQuestion, Bodies, tryDecode } from './messages.ts';
import type { Lead, Peer } from './peer.ts';
import type { Wire } from './wire.ts';

/** A block that is here and not yet handed on. */
interface Arrived {
  readonly block: Block;
  readonly bytes: number;
  readonly peer: Peer;
}

/** Who was asked for a block last, and when; in milliseconds. */
interface Asked {
  readonly peer: Peer;
  readonly atMs: number;
}

/** Batches that one peer is asked for at once. */
const batchesEach = 2;
/** What one peer owes for so long another one is asked for too, when it has nothing else to do. */
const owedMs = 5_000;
/** So near the end payments are at hand, and blocks are asked for in compact form. */
const nearBlocks = 3;
/** So often it is told how far the download is. */
const tellMs = 5_000;
/** How far a peer's best may lie beside the path for us to see what it has of it. */
const besideBlocks = 144;

export class Download {
  readonly #wire: Wire;
  readonly #tree: HeaderTree;
  /** Called when blocks were taken or condemned. */
  readonly #onMoved: () => void;
  /** The headers of the branch, in order; from `#next` on their blocks are wanted. */
  #path: readonly Entry[] = [];
  #next = 0;
  #places: ReadonlyMap<Hash, number> = new Map();
  readonly #arrived = new Map<Hash, Arrived>();
  #arrivedBytes = 0;
  readonly #asked = new Map<Hash, Asked>();
  #isHandingOn = false;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(wire: Wire, tree: HeaderTree, onMoved: () => void) {
    this.#wire = wire;
    this.#tree = tree;
    this.#onMoved = onMoved;
  }

  /** How many blocks are still wanted. */
  get left(): number {
    return this.#path.length - this.#next;
  }

  /** Something changed: looks where to go, and asks whoever is idle. */
  wake(): void {
    for (const peer of this.#wire.peers.values()) peer.hopes(this.#tree, this.#wire.nowMs);
    this.#choose();
    for (let isAsking = true; isAsking; ) {
      isAsking = false;
      for (const peer of this.#wire.idle()) {
        if (peer.asked < batchesEach && this.#askOne(peer)) isAsking = true;
      }
    }
    this.#wire.background(this.#handOn());
  }

  /** The heaviest branch that a peer here has; nothing where none is heavier than ours. */
  #choose(): void {
    const { tip } = this.#wire.parts.home.chain;
    let goal: Lead | undefined;
    for (const peer of this.#wire.peers.values()) {
      const other = goalOf(peer, this.#tree);
      if (other && other.work > (goal ?? tip).work) goal = other;
    }
    const end = this.#path.at(-1);
    if (goal && end && hashOf(end) === hashOf(goal.at)) return;
    this.#setPath(goal ? this.#tree.pathTo(goal.at) : []);
  }

  #setPath(path: readonly Entry[]): void {
    this.#path = path;
    this.#next = 0;
    this.#places = new Map(path.map((entry, place) => [hashOf(entry), place]));
    for (const hash of this.#arrived.keys()) if (!this.#places.has(hash)) this.#forget(hash);
  }

  /** How far along the path a peer has the blocks; -1 for not at all. */
  #reach({ ends }: Peer): number {
    return Math.max(-1, ...ends.map((end) => this.#reachFrom(end)));
  }

  #reachFrom(end: Entry): number {
    let at: Entry | undefined = end;
    for (let i = 0; at && i < besideBlocks; i++) {
      const place = this.#places.get(hashOf(at));
      if (place !== undefined) return place;
      at = this.#tree.get(at.header.parent);
    }
    return -1;
  }

  /** Asks this peer for the next blocks in a row that are wanted of it; were there any? */
  #askOne(peer: Peer): boolean {
    const batch = this.#batchFor(peer, 0) ?? this.#batchFor(peer, owedMs);
    if (!batch) return false;
    const asked = { peer, atMs: this.#wire.nowMs };
    for (const entry of batch) this.#asked.set(hashOf(entry), asked);
    peer.asked++;
    this.#wire.background(this.#fetch(peer, batch));
    return true;
  }

  /** Blocks that nobody was asked for; or, where they say how long, that others owe for so long. */
  #batchFor(peer: Peer, owed: number): readonly Entry[] | undefined {
    const reach = Math.min(this.#reach(peer), this.#next + maxAheadBlocks - 1);
    const isWanted = (entry: Entry | undefined) => {
      if (!entry || this.#arrived.has(hashOf(entry))) return false;
      const asked = this.#asked.get(hashOf(entry));
      if (!asked) return true;
      return owed > 0 && asked.peer !== peer && asked.atMs + owed <= this.#wire.nowMs;
    };
    let place = this.#next;
    while (place <= reach && !isWanted(this.#path[place])) place++;
    // The next one is always asked for, or nothing could ever make room.
    const isFull = place > this.#next && this.#arrivedBytes > maxAheadBytes;
    if (place > reach || isFull) return undefined;
    const batch: Entry[] = [];
    for (; place <= reach && batch.length < peer.batch; place++) {
      const entry = this.#path[place];
      if (!entry || !isWanted(entry)) break;
      batch.push(entry);
    }
    return batch;
  }

  async #fetch(peer: Peer, batch: readonly Entry[]): Promise<void> {
    try {
      const isNear = batch.length === 1 && this.left <= nearBlocks;
      const isCompact = isNear && this.#wire.parts.home.mempool.size > 0;
      const [entry] = batch;
      const compact = isCompact && entry ? await this.#fetchOne(peer, entry) : 'ambiguous';
      const count = compact === 'ambiguous' ? await this.#fetchRow(peer, batch) : compact;
      if (count === 0) this.#miss(peer);
    } catch (error) {
      if (error instanceof Fault && error.code === 'peer-timeout') this.#blameLate(peer, batch);
      throw error;
    } finally {
      peer.asked--;
      for (const entry of batch) {
        if (this.#asked.get(hashOf(entry))?.peer === peer) this.#asked.delete(hashOf(entry));
      }
      this.wake();
    }
  }

  /** It has not what it told of. Who passed a header on may still be waiting for its block. */
  #miss(peer: Peer): void {
    if (peer.isVouched) this.#wire.strike(peer, 'it has not the block that it told of', 2);
    else peer.lacks(this.#wire.nowMs);
  }

  /** It gave nothing of what others gave meanwhile: it is not our own line that is slow. */
  #blameLate(peer: Peer, [first]: readonly Entry[]): void {
    const isHere = first && !this.#tree.get(hashOf(first));
    if (isHere) this.#wire.strike(peer, 'others gave what it owed', 2);
  }

  /** In compact form; how many came so. */
  async #fetchOne(peer: Peer, entry: Entry): Promise<number | 'ambiguous'> {
    const block = await fetchCompact(this.#wire, peer, entry);
    if (block === 'ambiguous') return block;
    if (block === 'absent') return 0;
    this.#take({ block, bytes: totalBlockBytes(block), peer });
    return 1;
  }

  /** Whole; how many of the row came. */
  async #fetchRow(peer: Peer, batch: readonly Entry[]): Promise<number> {
    const hashes = batch.map(hashOf);
    const question = encode(BlocksQuestion, { form: 0, hashes });
    const bodies = await this.#wire.ask(peer, 'blocks', question, Bodies);
    for (const [i, bytes] of bodies.entries()) {
      const block = tryDecode(Block, bytes);
      if (!block || hashHeader(block.header) !== hashes[i]) {
        throw this.#wire.punish(peer, 'a block that nobody asked it for');
      }
      this.#take({ block, bytes: bytes.length, peer });
    }
    const isAll = bodies.length === batch.length;
    const most = Math.min(2 * batch.length, maxBlocksAsked);
    peer.batch = isAll ? Math.max(peer.batch, most) : Math.max(bodies.length, 1);
    return bodies.length;
  }

  #take(arrived: Arrived): void {
    const hash = hashHeader(arrived.block.header);
    const place = this.#places.get(hash) ?? -1;
    if (place < this.#next || this.#arrived.has(hash)) return;
    this.#arrived.set(hash, arrived);
    this.#arrivedBytes += arrived.bytes;
  }

  #forget(hash: Hash): void {
    this.#arrivedBytes -= this.#arrived.get(hash)?.bytes ?? 0;
    this.#arrived.delete(hash);
  }

  /** A line for each block; but where there are many, one now and then. */
  #tellProgress(hash: Hash): void {
    const { home, tell } = this.#wire.parts;
    const { height } = home.chain.tip;
    if (this.left <= nearBlocks) tell('info', 'took a block from a peer', { height, hash });
    else if (this.#wire.nowMs - this.#toldMs >= tellMs) {
      this.#toldMs = this.#wire.nowMs;
      tell('info', 'catching up', { height, of: this.#path.at(-1)?.height ?? height });
    }
  }

  /** Hands the blocks that came to the node, as long as the next one is there. */
  async #handOn(): Promise<void> {
    if (this.#isHandingOn) return;
    this.#isHandingOn = true;
    try {
      for (;;) {
        const next = this.#path[this.#next];
        const hash = next && hashOf(next);
        const arrived = hash && this.#arrived.get(hash);
        if (!arrived) break;
        // It stays among those that are here meanwhile, or it would be asked for again.
        await this.#handOne(hash, arrived).finally(() => this.#forget(hash));
      }
    } finally {
      this.#isHandingOn = false;
    }
  }

  async #handOne(hash: Hash, { block, peer }: Arrived): Promise<void> {
    const answer = await this.#wire.parts.home.submitBlock(block);
    if (!isReject(answer)) {
      this.#tree.remove(hash);
      this.#tellProgress(hash);
    } else if (answer.kind === 'never') {
      this.#punish(peer, `block ${hash}, which is not valid: ${answer.reason}`);
      this.#tree.condemn(hash);
      for (const each of this.#wire.peers.values()) {
        if (each.best && this.#tree.isBad(hashOf(each.best))) each.best = undefined;
      }
    } else if (answer.kind === 'bytes') {
      // The header is sound, and its true body is with somebody else.
      this.#punish(peer, `a false body of block ${hash}: ${answer.reason}`);
    } else this.#wire.strike(peer, `block ${hash} is not welcome yet: ${answer.reason}`);
    const next = this.#path[this.#next];
    if (next && hashOf(next) === hash && !this.#tree.get(hash)) this.#next++;
    this.#onMoved();
  }

  /** What else came from a liar is asked of others, rather than found false block by block. */
  #punish(peer: Peer, why: string): void {
    this.#wire.punish(peer, why);
    for (const [hash, arrived] of this.#arrived) if (arrived.peer === peer) this.#forget(hash);
  }
}
