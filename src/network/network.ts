/**
 * The network: who else knows? Ties its parts together: who is connected, what they have, what is
 * asked of them and what they may ask.
 *
 * Headers first, then blocks from several peers at once; news of blocks by their headers; payments
 * as they come. Whoever lies is hung up on at once and stays away.
 */
import { type Entry, hashOf } from '../chain/entry.ts';
import { type Header, hashHeader } from '../primitives/block.ts';
import { DecodeError, decode, encode, type Hash } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import type { Transaction } from '../primitives/transaction.ts';
import type { GossipVerdict, Method, PeerId, Topic } from './boundary.ts';
import { Download } from './download.ts';
import { HeaderTree } from './headers.ts';
import { HeaderSync } from './headersync.ts';
import { maxAgentBytes } from './limits.ts';
import { BlocksQuestion, encodeAnswer, encodeNo, Status } from './messages.ts';
import { Peer } from './peer.ts';
import { Relay } from './relay.ts';
import {
  answerBlocks,
  answerBlockTxs,
  answerHeaders,
  answerMempool,
  bytesPerCost,
  costOfBlocks,
  costs,
} from './serve.ts';
import { Wire, type WireParts } from './wire.ts';

/** So often the parts look whether there is something to do. */
const tickMs = 1_000;
/** So often somebody is asked what he has, for news can be lost. */
const refreshMs = 30_000;
/** So long is a block awaited together with a peer that asked for it. */
const awaitedMs = 5_000;
/** With more blocks to come than this, payments cannot be judged and news is old. */
const behindBlocks = 3;

export interface NetworkParts extends WireParts {
  /** What this program calls itself to its peers. */
  readonly agent: string;
  /** Somebody came or went; for whoever shows it. */
  readonly onPeers: () => void;
  /** Answers a question for the addresses of peers. */
  readonly answerPeers: () => Promise<Uint8Array>;
  /** A peer of this network is connected, and was heard. */
  readonly onMet: (peer: Peer) => void;
}

export class Network {
  readonly wire: Wire;
  readonly #parts: NetworkParts;
  readonly #tree = new HeaderTree();
  readonly #headers: HeaderSync;
  readonly #download: Download;
  readonly #relay: Relay;
  /** Peers that asked for a block of which we have no more than the header yet. */
  readonly #awaiting = new Set<() => void>();
  #endTick = () => {};
  #refreshedMs = 0;
  #isStopped = false;

  constructor(parts: NetworkParts) {
    this.#parts = parts;
    this.wire = new Wire(parts);
    this.#headers = new HeaderSync(this.wire, this.#tree, () => this.#onGrown());
    this.#download = new Download(this.wire, this.#tree, () => this.#headers.resume());
    this.#relay = new Relay(this.wire, this.#tree, {
      onHeader: () => this.#download.wake(),
      onUnknown: () => this.#headers.wake(),
      leastWork: () => this.#headers.leastWork,
      isBehind: () => this.isBehind,
    });
  }

  /** Are there blocks still to come, beside the very last? */
  get isBehind(): boolean {
    return this.#download.left > behindBlocks;
  }

  /** How many headers there are here whose blocks are not. */
  get headersAhead(): number {
    return this.#tree.size;
  }

  start(): void {
    this.#tick();
  }

  stop(): void {
    this.#isStopped = true;
    this.#endTick();
  }

  /** A block joined our chain: tells of it, where it is news. */
  onBlock(header: Header, isTip: boolean): void {
    for (const go of this.#awaiting) go();
    this.#relay.onBlock();
    this.#tree.remove(hashHeader(header));
    this.#headers.resume();
    if (isTip && !this.isBehind) this.#relay.tellBlock(header);
  }

  /** A payment waits here that others may not have. */
  onPayment(transaction: Transaction): void {
    this.#relay.tellPayment(transaction);
  }

  onPeer(id: PeerId, state: 'ready' | 'gone'): void {
    if (state === 'ready') this.#meet(id);
    else this.#part(id);
    this.#parts.onPeers();
  }

  /** One that we have not heard of yet is banned all the same. */
  onOffence(id: PeerId, why: string): void {
    this.wire.punish(this.wire.peers.get(id) ?? new Peer(id), why);
  }

  /** One that asks before we heard of its connection is met then. */
  #meet(id: PeerId): Peer {
    const known = this.wire.peers.get(id);
    if (known) return known;
    const peer = new Peer(id);
    this.wire.peers.set(id, peer);
    this.wire.background(this.#greet(peer));
    return peer;
  }

  #part(id: PeerId): void {
    const peer = this.wire.peers.get(id);
    if (!peer) return;
    peer.isGone = true;
    this.wire.peers.delete(id);
    if (peer.status) this.#parts.tell('info', 'a peer left', { peer: id });
    this.#parts.home.mempool.orphanage.drop(id);
    this.#tree.retain([...this.wire.peers.values()].flatMap(({ ends }) => ends));
    this.#download.wake();
    this.#headers.resume();
    this.#headers.wake();
  }

  /** Says what we have and hears what it has; then what waits there. */
  async #greet(peer: Peer): Promise<void> {
    peer.isGreeting = true;
    try {
      await this.#refresh(peer);
    } finally {
      peer.isGreeting = false;
    }
    this.#parts.tell('info', 'a peer came', { peer: peer.id, height: peer.status?.height ?? 0 });
    this.#parts.onMet(peer);
    await this.#relay.fetchFrom(peer);
  }

  async #refresh(peer: Peer): Promise<void> {
    const began = this.wire.nowMs;
    const status = await this.wire.ask(peer, 'status', encode(Status, this.#status()), Status);
    peer.pingMs = this.wire.nowMs - began;
    this.#learn(peer, status);
  }

  #status(): Status {
    const { chain, now } = this.#parts.home;
    const { tip } = chain;
    const agent = new TextEncoder().encode(this.#parts.agent).subarray(0, maxAgentBytes);
    const genesis = hashHeader(chain.params.genesis.header);
    const { height, work } = tip;
    return { genesis, tip: hashOf(tip), height, work, time: now(), agent };
  }

  /** What a peer says of itself, when we ask or when it does. */
  #learn(peer: Peer, status: Status): void {
    const { home } = this.#parts;
    if (status.genesis !== hashHeader(home.chain.params.genesis.header)) {
      throw this.wire.punish(peer, 'the status of another network');
    }
    peer.status = status;
    peer.timeOffset = status.time - home.now();
    this.wire.background(this.#place(peer, status.tip));
    this.#headers.wake();
  }

  /** Others may have what one has shown. */
  #onGrown(): void {
    for (const peer of this.wire.peers.values()) {
      const shown = peer.status && this.#tree.get(peer.status.tip);
      if (shown) peer.shows(shown, true);
    }
    this.#download.wake();
  }

  /** Where its tip is known here, we know what it has. */
  async #place(peer: Peer, tip: Hash): Promise<void> {
    const entry: Entry | undefined =
      this.#tree.get(tip) ?? (await this.#parts.home.chain.store.entry(tip));
    if (!entry || entry.isFailed) return;
    peer.shows(entry, true);
    this.#download.wake();
  }

  hear(topic: Topic, from: PeerId, bytes: Uint8Array): Promise<GossipVerdict> {
    return this.#isStopped ? Promise.resolve('ignore') : this.#relay.hear(topic, from, bytes);
  }

  /** Answers a peer's question. One that is malformed is the last that it asks. */
  async answer(method: Method, from: PeerId, question: Uint8Array): Promise<Uint8Array> {
    const isHere = this.#parts.transport.peers().some(({ id }) => id === from);
    if (!isHere || this.#isStopped) throw new Fault('peer-gone', 'nobody knows it');
    const peer = this.#meet(from);
    if (peer.isGone) throw new Fault('peer-gone', 'it was hung up on');
    if (!peer.cost.take(this.wire.nowMs, costs[method])) return encodeNo('busy');
    try {
      if (method === 'status') return this.#answerStatus(peer, question);
      if (!peer.status) return encodeNo('busy');
      const answer = await this.#answer(method, question);
      const forBlocks = method === 'blocks' ? costOfBlocks(question) : 0;
      peer.cost.charge(this.wire.nowMs, forBlocks + Math.floor(answer.length / bytesPerCost));
      return answer;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.wire.punish(peer, `a malformed question for ${method}: ${error.message}`);
      return encodeNo('malformed');
    }
  }

  #answerStatus(peer: Peer, question: Uint8Array): Uint8Array {
    this.#learn(peer, decode(Status, question));
    return encodeAnswer(Status, this.#status());
  }

  async #answer(method: Exclude<Method, 'status'>, question: Uint8Array): Promise<Uint8Array> {
    if (method === 'headers') return answerHeaders(question, this.#parts);
    if (method === 'blocks') return this.#answerBlocks(question);
    if (method === 'blocktxs') return answerBlockTxs(question, this.#parts);
    if (method === 'mempool') return answerMempool(question, this.#parts);
    if (question.length > 0) throw new DecodeError(`${question.length} bytes left over`);
    return this.#parts.answerPeers();
  }

  /** A block whose header we passed on is awaited with whoever asks for it. */
  async #answerBlocks(question: Uint8Array): Promise<Uint8Array> {
    const [first] = decode(BlocksQuestion, question).hashes;
    if (first !== undefined && this.#tree.get(first)) await this.#nextBlock();
    return answerBlocks(question, this.#parts);
  }

  /** Settled when a block joins our chain, or after a while. */
  async #nextBlock(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const callOff = this.#parts.timers.after(awaitedMs, resolve);
    this.#awaiting.add(resolve);
    await promise;
    this.#awaiting.delete(resolve);
    callOff();
  }

  /** Asks everybody what he has, and sees how long that takes. */
  refreshAll(): void {
    for (const peer of this.wire.idle()) this.wire.background(this.#refresh(peer));
  }

  #tick(): void {
    if (this.#isStopped) return;
    this.#endTick = this.#parts.timers.after(tickMs, () => this.#tick());
    for (const peer of this.wire.peers.values()) {
      const isSilent = !peer.status && !peer.isGreeting && peer.restsUntil <= this.wire.nowMs;
      if (isSilent) this.wire.background(this.#greet(peer));
    }
    this.#headers.wake();
    this.#download.wake();
    if (this.wire.nowMs - this.#refreshedMs < refreshMs) return;
    this.#refreshedMs = this.wire.nowMs;
    const peers = [...this.wire.idle()];
    const [chance = 0] = this.#parts.random(1);
    const peer = peers[chance % peers.length];
    if (peer) this.wire.background(this.#refresh(peer).then(() => this.#relay.fetchFrom(peer)));
  }
}
