/** The wire: what the parts of the network room share; how peers are asked, and how judged. */
import type { Accepted, BlockReject, Chain, ChainView } from '../chain/chain.ts';
import type { Member } from '../mempool/member.ts';
import type { Mempool } from '../mempool/mempool.ts';
import type { PaymentReject } from '../mempool/policy.ts';
import type { Block } from '../primitives/block.ts';
import { type Codec, DecodeError } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import type { Transaction } from '../primitives/transaction.ts';
import type { Method, PeerId, Timers, Transport } from './boundary.ts';
import { maxAnswerBytes, maxShunned, maxStrikes } from './limits.ts';
import { decodeAnswer } from './messages.ts';
import type { Peer } from './peer.ts';

/** What the network room asks of the node that it belongs to. */
interface Home {
  readonly chain: Chain;
  readonly mempool: Mempool;
  /** The time in seconds since 1970. */
  readonly now: () => number;
  read<T>(reader: (view: ChainView) => Promise<T>): Promise<T>;
  submitBlock(block: Block): Promise<Accepted | BlockReject>;
  submitPayment(transaction: Transaction, peer: string): Promise<Member | PaymentReject>;
}

/** Tells a person what happens. */
export type Tell = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  facts?: Readonly<Record<string, string | number>>,
) => void;

/** Who may not connect. */
export interface BanList {
  /** @param seconds How long from now. */
  ban(peer: PeerId, address: string | undefined, seconds: number, why: string): void;
  isBanned(peer: PeerId, address: string): boolean;
}

export interface WireParts {
  readonly home: Home;
  readonly transport: Transport;
  readonly timers: Timers;
  /** So many bytes of chance. */
  readonly random: (length: number) => Uint8Array;
  readonly tell: Tell;
  readonly bans: BanList;
}

/** How long an answer may take: each is at most some megabytes. */
const answerMs = 20_000;
/** A provable lie ends the acquaintance for a day. */
const banSeconds = 86_400;
/** How long a peer is left alone after it was slow or busy. */
const restMs = 5_000;
/** The same, where it said so itself: its patience comes back by the second. */
const busyMs = 1_000;
/** Whom we left stays away for so long, or all would begin anew at once. */
const shunMs = 600_000;

export class Wire {
  readonly parts: WireParts;
  readonly peers = new Map<PeerId, Peer>();
  /** Those that were left, and until when they stay away; in milliseconds. */
  readonly #shunned = new Map<PeerId, number>();

  constructor(parts: WireParts) {
    this.parts = parts;
  }

  /** Was it left a while ago? It may come back later. */
  isShunned(peer: PeerId): boolean {
    return (this.#shunned.get(peer) ?? Number.NEGATIVE_INFINITY) > this.nowMs;
  }

  /** In milliseconds; of no meaning but to be compared. */
  get nowMs(): number {
    return this.parts.timers.nowMs();
  }

  /** Peers that may be asked now. */
  *idle(): Iterable<Peer> {
    for (const peer of this.peers.values()) {
      if (peer.status && !peer.isGone && peer.restsUntil <= this.nowMs) yield peer;
    }
  }

  /** Asks one peer. Whatever goes wrong is a `Fault`, and was held against it where it should. */
  async ask<T>(peer: Peer, method: Method, question: Uint8Array, answer: Codec<T>): Promise<T> {
    const options = { timeoutMs: answerMs, maxBytes: maxAnswerBytes[method] };
    try {
      const bytes = await this.parts.transport.request(peer.id, method, question, options);
      return decodeAnswer(answer, bytes);
    } catch (error) {
      if (error instanceof DecodeError) {
        throw this.punish(peer, `a malformed answer to ${method}: ${error.message}`);
      }
      if (!(error instanceof Fault)) throw error;
      if (error.code === 'peer-too-long') throw this.punish(peer, `too long a ${method} answer`);
      peer.restsUntil = this.nowMs + (error.code === 'peer-busy' ? busyMs : restMs);
      if (error.code !== 'peer-busy' && error.code !== 'peer-gone')
        this.strike(peer, error.message);
      throw error;
    }
  }

  /** It did what no honest node does: hangs up, and bans it at once. */
  punish(peer: Peer, why: string): Fault {
    const fault = new Fault('peer-lied', `peer ${peer.id} sent ${why}`);
    if (peer.isGone) return fault;
    const { transport, bans, tell } = this.parts;
    tell('warn', 'banned a peer', { peer: peer.id, because: why });
    const connected = transport.peers().find(({ id }) => id === peer.id);
    // First of all it goes: a full disk may keep us from noting that it may not come back.
    this.#hangUp(peer);
    bans.ban(peer.id, connected?.address, banSeconds, why);
    return fault;
  }

  /** It failed us, which may be nobody's fault; too often, and we leave it. */
  strike(peer: Peer, why: string, weight = 1): void {
    peer.strikes += weight;
    peer.restsUntil = this.nowMs + restMs;
    const { tell } = this.parts;
    tell('debug', 'a peer failed', { peer: peer.id, because: why, strikes: peer.strikes });
    if (peer.strikes >= maxStrikes) this.leave(peer, `it failed too often: ${why}`);
  }

  /** Nothing can be proved, but there is nothing to be had here either. */
  leave(peer: Peer, why: string): Fault {
    const fault = new Fault('peer-left', `left peer ${peer.id}: ${why}`);
    if (peer.isGone) return fault;
    this.parts.tell('info', 'left a peer', { peer: peer.id, because: why });
    this.#shunned.delete(peer.id);
    this.#shunned.set(peer.id, this.nowMs + shunMs);
    const [oldest] = this.#shunned.keys();
    if (this.#shunned.size > maxShunned && oldest !== undefined) this.#shunned.delete(oldest);
    this.#hangUp(peer);
    return fault;
  }

  #hangUp(peer: Peer): void {
    peer.isGone = true;
    this.background(this.parts.transport.hangUp(peer.id));
  }

  /** Work that nobody waits for. That a peer fails was seen to; all else is told. */
  background(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (error instanceof Fault && error.code.startsWith('peer-')) return;
      const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.parts.tell('error', 'the network failed', { because: told });
    });
  }
}
