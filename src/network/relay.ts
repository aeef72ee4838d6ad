/**
 * The relay: what is told to everybody, and what is passed on.
 *
 * A block is told by its header as soon as the work in it is checked: that nobody can invent. A
 * payment is told whole, and passed on once it waits here.
 */
import { type Entry, hashOf } from '../chain/entry.ts';
import { isReject, type Reject } from '../consensus/reject.ts';
import type { PaymentReject } from '../mempool/policy.ts';
import { Header, hashHeader } from '../primitives/block.ts';
import { encode, type Hash } from '../primitives/codec.ts';
import { Transaction, wtxid } from '../primitives/transaction.ts';
import type { GossipVerdict, PeerId } from './boundary.ts';
import type { HeaderTree } from './headers.ts';
import { maxPaymentsAsked, maxRefused } from './limits.ts';
import { Ids, MempoolQuestion, Payments, tryDecode } from './messages.ts';
import type { Peer } from './peer.ts';
import type { Wire } from './wire.ts';

/** What does not hang on when or where a payment is judged: who passes that on judged nothing. */
const provable: ReadonlySet<PaymentReject['reason']> = new Set([
  'bad-txns-vin-empty',
  'bad-txns-vout-empty',
  'bad-txns-oversize',
  'bad-txns-vout-negative',
  'bad-txns-vout-toolarge',
  'bad-txns-txouttotal-toolarge',
  'bad-txns-inputs-duplicate',
  'bad-txns-prevout-null',
  'bad-txns-size',
  'output-kind',
  'coinbase',
  'bad-txns-inputvalues-outofrange',
  'bad-txns-in-belowout',
  'bad-txns-fee-outofrange',
  // A txid names its outputs, so who judged the signatures judged them by the same coins.
  'mempool-script-verify-flag-failed',
]);

/** What the relay sets going. */
export interface RelayNews {
  /** A peer has a block whose header is in the tree now. */
  readonly onHeader: (peer: Peer) => void;
  /** A peer has something whose parent we do not know. */
  readonly onUnknown: (peer: Peer) => void;
  /** Of a branch with less work nothing is kept. */
  readonly leastWork: () => bigint;
  /** Is so much of the chain still lacking that payments cannot be judged? */
  readonly isBehind: () => boolean;
}

export class Relay {
  readonly #wire: Wire;
  readonly #tree: HeaderTree;
  readonly #news: RelayNews;
  /** Payments that were refused since the last block, the oldest first. */
  readonly #refused = new Set<Hash>();

  constructor(wire: Wire, tree: HeaderTree, news: RelayNews) {
    this.#wire = wire;
    this.#tree = tree;
    this.#news = news;
  }

  /** A new block may make good what was refused. */
  onBlock(): void {
    this.#refused.clear();
  }

  tellBlock(header: Header): void {
    this.#tell('block', encode(Header, header));
  }

  tellPayment(transaction: Transaction): void {
    this.#tell('tx', encode(Transaction, transaction));
  }

  #tell(topic: 'block' | 'tx', bytes: Uint8Array): void {
    this.#wire.background(this.#wire.parts.transport.publish(topic, bytes));
  }

  async hear(topic: 'block' | 'tx', from: PeerId, bytes: Uint8Array): Promise<GossipVerdict> {
    const peer = this.#wire.peers.get(from);
    if (!peer?.status || peer.isGone) return 'ignore';
    const limiter = topic === 'block' ? peer.news : peer.payments;
    if (!limiter.take(this.#wire.nowMs)) return 'ignore';
    return topic === 'block' ? this.#hearBlock(peer, bytes) : this.#hearPayment(peer, bytes);
  }

  async #hearBlock(peer: Peer, bytes: Uint8Array): Promise<GossipVerdict> {
    const header = tryDecode(Header, bytes);
    if (!header) return this.#refuse(peer, 'a malformed header');
    const { home } = this.#wire.parts;
    const options = { now: home.now(), params: home.chain.params };
    const hash = hashHeader(header);
    const here = await home.chain.store.entry(hash);
    if (here || this.#tree.get(hash)) {
      const known = here ?? this.#tree.get(hash);
      if (known && !known.isFailed) peer.shows(known, false);
      return 'ignore';
    }
    // That it is bad is known to who had its body: who passes its header on need not have it.
    if (this.#tree.isBad(hash)) return 'ignore';
    const { entries, wrong } = await home.read((view) => this.#tree.judge([header], view, options));
    if (wrong) return this.#hearWrong(peer, wrong);
    const [entry] = entries;
    return entry ? this.#hearEntry(peer, entry) : 'ignore';
  }

  #hearWrong(peer: Peer, wrong: Reject): GossipVerdict {
    if (wrong.reason === 'prev-blk-not-found') {
      peer.hasMore = true;
      this.#news.onUnknown(peer);
      return 'ignore';
    }
    if (wrong.kind === 'later' || wrong.reason === 'bad-prevblk') return 'ignore';
    return this.#refuse(peer, `a header that does not hold up: ${wrong.reason}`);
  }

  #hearEntry(peer: Peer, entry: Entry): GossipVerdict {
    if (entry.work < this.#news.leastWork() || this.#tree.isFull) return 'ignore';
    // Another may have told of it while this one was judged.
    if (!this.#tree.get(hashOf(entry))) this.#tree.add(entry);
    peer.shows(entry, false);
    this.#news.onHeader(peer);
    return 'accept';
  }

  async #hearPayment(peer: Peer, bytes: Uint8Array): Promise<GossipVerdict> {
    if (this.#news.isBehind()) return 'ignore';
    const transaction = tryDecode(Transaction, bytes);
    if (!transaction) return this.#refuse(peer, 'a malformed payment');
    return this.take(peer, transaction);
  }

  /** Takes a payment from a peer, told or asked for. */
  async take(peer: Peer, transaction: Transaction): Promise<GossipVerdict> {
    const id = wtxid(transaction);
    if (this.#refused.has(id)) return 'ignore';
    if (!peer.checks.take(this.#wire.nowMs, transaction.inputs.length)) return 'ignore';
    const answer = await this.#wire.parts.home.submitPayment(transaction, peer.id);
    if (!isReject(answer)) return 'accept';
    this.#remember(id);
    return provable.has(answer.reason)
      ? this.#refuse(peer, `a payment that does not hold up: ${answer.reason}`)
      : 'ignore';
  }

  /** Asks for what waits there and not here. */
  async fetchFrom(peer: Peer): Promise<void> {
    if (this.#news.isBehind()) return;
    const { home } = this.#wire.parts;
    const theirs = await this.#wire.ask(peer, 'mempool', encode(MempoolQuestion, []), Ids);
    const ours = new Set(home.mempool.list().map(({ transaction }) => wtxid(transaction)));
    const lacking = theirs.filter((id) => !ours.has(id));
    for (let at = 0; at < lacking.length && !peer.isGone; at += maxPaymentsAsked) {
      const question = encode(MempoolQuestion, lacking.slice(at, at + maxPaymentsAsked));
      for (const bytes of await this.#wire.ask(peer, 'mempool', question, Payments)) {
        const payment = tryDecode(Transaction, bytes);
        if (!payment) throw this.#wire.punish(peer, 'a malformed payment');
        await this.take(peer, payment);
      }
    }
  }

  #remember(id: Hash): void {
    this.#refused.add(id);
    for (const each of this.#refused) {
      if (this.#refused.size <= maxRefused) break;
      this.#refused.delete(each);
    }
  }

  #refuse(peer: Peer, why: string): GossipVerdict {
    this.#wire.punish(peer, why);
    return 'reject';
  }
}
