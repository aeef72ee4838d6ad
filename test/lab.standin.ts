/**
 * A stand-in for what speaks to the network: just enough to bring simulated nodes together.
 *
 * It tells of blocks by their headers and of payments whole, asks whoever is ahead for what comes
 * after the first common block, and hangs up on who makes no sense.
 */
import { hashOf } from '../src/chain/entry.ts';
import { isReject } from '../src/consensus/reject.ts';
import type { Attach, AttachParts } from '../src/lab/simnode.ts';
import type { GossipVerdict, Method, PeerId, Topic } from '../src/network/boundary.ts';
import { maxAnswerBytes, maxBlocksAsked, maxHeaders } from '../src/network/limits.ts';
import {
  BlocksQuestion,
  Bodies,
  decodeAnswer,
  encodeAnswer,
  encodeNo,
  Headers,
  Ids,
  Locator,
  MempoolQuestion,
  Payments,
  Status,
} from '../src/network/messages.ts';
import { Block, Header, hashHeader } from '../src/primitives/block.ts';
import { type Codec, DecodeError, decode, encode, type Hash } from '../src/primitives/codec.ts';
import { Fault } from '../src/primitives/fault.ts';
import { Transaction, wtxid } from '../src/primitives/transaction.ts';

/** How often it looks for peers, and whether they are ahead. */
const everyMs = 15_000;
/** How long it has nothing to do with who made no sense. */
const banMs = 3_600_000;

class StandIn {
  readonly #parts: AttachParts;
  readonly #busy = new Set<PeerId>();
  readonly #banned = new Map<PeerId, number>();
  #isOver = false;

  constructor(parts: AttachParts) {
    this.#parts = parts;
    const { timers, transport } = parts;
    transport.setBanned((peer) => (this.#banned.get(peer) ?? 0) > timers.nowMs());
  }

  async start(): Promise<this> {
    const { node, transport } = this.#parts;
    await transport.start({
      onPeer: (peer, state) => {
        if (state === 'ready') this.#begin(() => this.#sync(peer), peer);
      },
      onFound: () => {},
      onOffence: () => {},
      onGossip: (topic, from, bytes) => this.#hear(topic, from, bytes),
      onRequest: (method, _from, bytes) => this.#answer(method, bytes),
    });
    node.events.listen((event) => {
      if (this.#isOver) return;
      if (event.kind === 'block') {
        this.#begin(() => transport.publish('block', encode(Header, event.block.header)));
      } else if (event.kind === 'tx') {
        const bytes = encode(Transaction, event.member.transaction);
        this.#begin(() => transport.publish('tx', bytes));
      }
    });
    this.#round();
    return this;
  }

  async stop(): Promise<void> {
    this.#isOver = true;
  }

  #round(): void {
    if (this.#isOver) return;
    const { timers, transport, peers } = this.#parts;
    timers.after(everyMs, () => this.#round());
    const there = transport.peers();
    for (const address of peers) {
      if (there.some(({ id }) => address.endsWith(`/${id}`))) continue;
      this.#begin(() => transport.dial(address, { timeoutMs: 10_000 }));
    }
    for (const { id } of there) this.#begin(() => this.#sync(id), id);
  }

  /** What the world or a peer fails at is no failure here; nonsense ends the acquaintance. */
  #begin(task: () => Promise<unknown>, peer?: PeerId): void {
    task().catch((error: unknown) => {
      const isNonsense = error instanceof DecodeError;
      if (!isNonsense && !(error instanceof Fault)) throw error;
      if (peer && isNonsense) this.#ban(peer);
    });
  }

  #ban(peer: PeerId): void {
    const { timers, transport } = this.#parts;
    this.#banned.set(peer, timers.nowMs() + banMs);
    this.#begin(() => transport.hangUp(peer));
  }

  async #ask<A>(peer: PeerId, method: Method, bytes: Uint8Array, codec: Codec<A>): Promise<A> {
    const options = { timeoutMs: 20_000, maxBytes: maxAnswerBytes[method] };
    const answer = await this.#parts.transport.request(peer, method, bytes, options);
    return decodeAnswer(codec, answer);
  }

  async #sync(peer: PeerId): Promise<void> {
    if (this.#busy.has(peer)) return;
    this.#busy.add(peer);
    try {
      const { work } = await this.#ask(peer, 'status', await this.#status(), Status);
      if (work > this.#parts.node.chain.tip.work) await this.#catchUp(peer);
      await this.#askPayments(peer);
    } finally {
      this.#busy.delete(peer);
    }
  }

  async #catchUp(peer: PeerId): Promise<void> {
    const { node } = this.#parts;
    const locator = encode(Locator, await this.#locator());
    const headers = await this.#ask(peer, 'headers', locator, Headers);
    // Behind the first that is new all are.
    const hashes = headers.map(hashHeader);
    while (hashes[0] && (await node.chain.store.entry(hashes[0]))) hashes.shift();
    while (hashes.length > 0) {
      const asked = hashes.splice(0, maxBlocksAsked);
      const question = encode(BlocksQuestion, { form: 0, hashes: asked });
      const bodies = await this.#ask(peer, 'blocks', question, Bodies);
      if (bodies.length === 0) throw new DecodeError('headers of no blocks');
      hashes.unshift(...asked.slice(bodies.length));
      for (const [i, body] of bodies.entries()) {
        const block = decode(Block, body);
        if (hashHeader(block.header) !== asked[i]) throw new DecodeError('another block');
        const answer = await node.submitBlock(block);
        if (isReject(answer) && answer.kind !== 'later') throw new DecodeError(answer.reason);
        if (isReject(answer)) return;
      }
    }
  }

  async #askPayments(peer: PeerId): Promise<void> {
    const { node } = this.#parts;
    const ids = await this.#ask(peer, 'mempool', encode(MempoolQuestion, []), Ids);
    const known = new Set(node.mempool.list().map(({ transaction }) => wtxid(transaction)));
    const wanted = ids.filter((id) => !known.has(id)).slice(0, 100);
    if (wanted.length === 0) return;
    const payments = await this.#ask(peer, 'mempool', encode(MempoolQuestion, wanted), Payments);
    for (const each of payments) await node.submitPayment(decode(Transaction, each), peer);
  }

  async #hear(topic: Topic, from: PeerId, bytes: Uint8Array): Promise<GossipVerdict> {
    const { node } = this.#parts;
    try {
      if (topic === 'tx') {
        const answer = await node.submitPayment(decode(Transaction, bytes), from);
        return isReject(answer) ? 'ignore' : 'accept';
      }
      const header = decode(Header, bytes);
      if (await node.chain.store.entry(hashHeader(header))) return 'accept';
      this.#begin(() => this.#sync(from), from);
      return 'ignore';
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#ban(from);
      return 'reject';
    }
  }

  async #answer(method: Method, bytes: Uint8Array): Promise<Uint8Array> {
    const { node } = this.#parts;
    if (method === 'status') return encodeAnswer(Status, decode(Status, await this.#status()));
    if (method === 'headers') {
      return encodeAnswer(Headers, await this.#headersAfter(decode(Locator, bytes)));
    }
    if (method === 'mempool') {
      const wanted = new Set(decode(MempoolQuestion, bytes));
      const all = node.mempool.list().map(({ transaction }) => transaction);
      if (wanted.size === 0) return encodeAnswer(Ids, all.map(wtxid));
      const found = all.filter((each) => wanted.has(wtxid(each)));
      return encodeAnswer(
        Payments,
        found.map((each) => encode(Transaction, each)),
      );
    }
    if (method !== 'blocks') return encodeNo('unknown');
    const bodies: Uint8Array[] = [];
    for (const hash of decode(BlocksQuestion, bytes).hashes) {
      const entry = await node.chain.store.entry(hash);
      if (!entry) break;
      bodies.push(encode(Block, await node.chain.store.block(entry)));
    }
    return encodeAnswer(Bodies, bodies);
  }

  async #status(): Promise<Uint8Array> {
    const { node, now } = this.#parts;
    const { tip, params } = node.chain;
    const genesis = hashHeader(params.genesis.header);
    const agent = new TextEncoder().encode('stand-in');
    const { height, work } = tip;
    return encode(Status, { genesis, tip: hashOf(tip), height, work, time: now(), agent });
  }

  async #locator(): Promise<readonly Hash[]> {
    const { store, tip } = this.#parts.node.chain;
    const hashes: Hash[] = [];
    for (let height = tip.height, step = 1; height > 0; height -= step) {
      hashes.push(hashOf(await store.activeEntry(height)));
      if (hashes.length > 10) step *= 2;
    }
    return hashes;
  }

  async #headersAfter(locator: readonly Hash[]): Promise<readonly Header[]> {
    const { store, tip } = this.#parts.node.chain;
    let height = 0;
    for (const hash of locator) {
      const entry = await store.entry(hash);
      if (!entry || (await store.hashAt(entry.height)) !== hash) continue;
      height = entry.height;
      break;
    }
    const headers: Header[] = [];
    while (height++ < tip.height && headers.length < maxHeaders) {
      headers.push((await store.activeEntry(height)).header);
    }
    return headers;
  }
}

export const standIn: Attach = (parts) => new StandIn(parts).start();
