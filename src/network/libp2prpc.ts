/**
 * A first look at gossip, before gossipsub takes it: that drops what it cannot read and lets the
 * sender go on, and remembers the id of every message for two minutes, however many there are.
 */
import type { GossipSub } from '@libp2p/gossipsub';
import type { PeerId, Timers } from './boundary.ts';
import { isTooLong } from './libp2prequest.ts';
import { Limiter } from './limiter.ts';
import { gossipAtFirst, gossipBurst, gossipPerSecond, maxPeers } from './limits.ts';

/** What comes at once: messages, and what one wants to hear or has heard of. */
interface Rpc {
  readonly subscriptions: readonly unknown[];
  readonly messages: readonly Message[];
}

interface Message {
  readonly topic: string;
  readonly from?: Uint8Array;
  readonly seqno?: Uint8Array;
  readonly signature?: Uint8Array;
  readonly key?: Uint8Array;
}

/** By its name as text. */
interface Sender {
  toString(): PeerId;
}

/** What gossipsub's types hide. */
interface Inside {
  decodeRpc(bytes: Uint8Array): Rpc;
  handleReceivedRpc(sender: Sender, rpc: Rpc): Promise<void>;
  handlePeerReadStreamError(error: unknown, sender: Sender): void;
}

export interface FirstLookParts {
  readonly service: GossipSub;
  /** Those that we listen to: nobody is told of others. */
  readonly topics: ReadonlySet<string>;
  readonly timers: Timers;
  /** It did what no honest peer does. */
  readonly offend: (peer: PeerId, why: string) => void;
}

/** Stands for what cannot be read. */
const unreadable: Rpc = { subscriptions: [], messages: [] };

export class FirstLook {
  readonly #parts: FirstLookParts;
  readonly #limiters = new Map<PeerId, Limiter>();

  constructor(parts: FirstLookParts) {
    this.#parts = parts;
  }

  /** From now on everything is looked at. */
  start(): void {
    const inside = insideOf(this.#parts.service);
    const receive = inside.handleReceivedRpc.bind(inside);
    inside.handleReceivedRpc = async (sender, rpc) => {
      const seen = this.#look(`${sender}`, rpc);
      if (seen) await receive(sender, seen);
    };
    const decode = inside.decodeRpc.bind(inside);
    inside.decodeRpc = (bytes) => {
      try {
        return decode(bytes);
      } catch {
        // Whatever a stranger's bytes make the decoder throw means the same; who sent them is told
        // to `handleReceivedRpc` alone.
        return unreadable;
      }
    };
    const end = inside.handlePeerReadStreamError.bind(inside);
    inside.handlePeerReadStreamError = (error, sender) => {
      end(error, sender);
      if (isTooLong(error)) this.#parts.offend(`${sender}`, 'too much gossip at once');
    };
  }

  /** It is gone, and has a fresh allowance when it comes back. */
  end(peer: PeerId): void {
    this.#limiters.delete(peer);
  }

  /** As much of it as is taken. */
  #look(peer: PeerId, rpc: Rpc): Rpc | undefined {
    const wrong = this.#wrongWith(rpc);
    if (wrong !== undefined) {
      this.#parts.offend(peer, wrong);
      return undefined;
    }
    return this.#takes(peer, rpc.messages.length) ? rpc : { ...rpc, messages: [] };
  }

  #wrongWith(rpc: Rpc): string | undefined {
    if (rpc === unreadable) return 'malformed gossip';
    const isForeign = rpc.messages.some(({ topic }) => !this.#parts.topics.has(topic));
    if (isForeign) return 'gossip of another topic';
    const isSigned = rpc.messages.some(({ from, seqno, signature, key }) =>
      [from, seqno, signature, key].some((each) => each !== undefined),
    );
    return isSigned ? 'signed gossip' : undefined;
  }

  #takes(peer: PeerId, count: number): boolean {
    const nowMs = this.#parts.timers.nowMs();
    const limiter = this.#limiters.get(peer) ?? limiterOf(nowMs);
    this.#limiters.set(peer, limiter);
    // What was under way of those that are gone brings them back here.
    for (const each of this.#limiters.keys()) {
      if (this.#limiters.size <= maxPeers) break;
      this.#limiters.delete(each);
    }
    return limiter.take(nowMs, count);
  }
}

/** Of somebody new. */
function limiterOf(nowMs: number): Limiter {
  const limiter = new Limiter({ perSecond: gossipPerSecond, burst: gossipBurst });
  limiter.charge(nowMs, gossipBurst - gossipAtFirst);
  return limiter;
}

function insideOf(service: object): Inside {
  if (!isInside(service)) throw new TypeError('gossipsub is another inside');
  return service;
}

function isInside(value: object): value is Inside {
  const names = ['decodeRpc', 'handleReceivedRpc', 'handlePeerReadStreamError'];
  return names.every((name) => name in value);
}
