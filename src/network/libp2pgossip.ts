/**
 * Gossip over libp2p: what is told to everybody, judged before it is passed on.
 *
 * Gossipsub's scores punish nobody here: whoever passes on what breaks the rules is hung up on at
 * the first time. A peer to whom nothing gets through is hung up on too, since gossipsub never
 * opens its stream a second time; whoever keeps the connections dials it again.
 */

import {
  type GossipSub,
  type GossipsubOpts,
  gossipsub,
  type Message,
  TopicValidatorResult,
} from '@libp2p/gossipsub';
import type { Connection, PeerId as Libp2pPeerId, Stream } from '@libp2p/interface';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { Fault } from '../primitives/fault.ts';
import { sha256 } from '../primitives/hash.ts';
import { type GossipVerdict, type PeerId, type Timers, type Topic, topics } from './boundary.ts';
import { errorOf } from './libp2pdeadline.ts';
import { plain } from './libp2prequest.ts';
import { FirstLook } from './libp2prpc.ts';
import {
  maxGossipBytes,
  maxGossipInBytes,
  maxGossipOutBytes,
  maxGossipStreams,
  maxGossipWaiting,
} from './limits.ts';
import type { Tell } from './wire.ts';

const verdicts = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
} as const;

const options: Partial<GossipsubOpts> = {
  globalSignaturePolicy: 'StrictNoSign',
  msgIdFn: ({ topic, data }: Message) => sha256(concatBytes(utf8ToBytes(topic), data)),
  allowPublishToZeroTopicPeers: true,
  ignoreDuplicatePublishError: true,
  fallbackToFloodsub: false,
  // Nobody is dialled because somebody says so, nor kept for it.
  doPX: false,
  tagMeshPeers: false,
  // Each of them holds what has come of a message until the rest of it is there.
  maxInboundStreams: maxGossipStreams,
  maxOutboundBufferSize: maxGossipOutBytes,
  maxInboundDataLength: maxGossipInBytes,
  // Many nodes on one machine are no attack: a test, or a classroom with a proxy.
  scoreParams: { IPColocationFactorWhitelist: new Set(['127.0.0.1', '::1']) },
};

/** Gossipsub, for a node of this network. */
export function gossipFor(prefix: string) {
  return gossipsub({ ...options, allowedTopics: topics.map((each) => topicOf(prefix, each)) });
}

function topicOf(prefix: string, topic: Topic): string {
  return `${prefix}/${topic}/1`;
}

export interface GossipParts {
  readonly service: GossipSub;
  readonly prefix: string;
  /** Can the peer be named to those who judge? */
  readonly isReady: (peer: PeerId) => boolean;
  /** Settled once that is known. */
  readonly whenReady: (peer: PeerId) => Promise<boolean>;
  readonly judge: (topic: Topic, from: PeerId, bytes: Uint8Array) => Promise<GossipVerdict>;
  readonly hangUp: (peer: PeerId) => void;
  /** It did what no honest peer does. */
  readonly offend: (peer: PeerId, why: string) => void;
  readonly timers: Timers;
  readonly tell: Tell;
}

export class Gossip {
  readonly #parts: GossipParts;
  readonly #firstLook: FirstLook;
  /** Messages of peers that are not ready yet. */
  #waiting = 0;

  constructor(parts: GossipParts) {
    this.#parts = parts;
    const names = new Set(topics.map((each) => topicOf(parts.prefix, each)));
    this.#firstLook = new FirstLook({ ...parts, topics: names });
  }

  start(): void {
    const { service, prefix } = this.#parts;
    this.#firstLook.start();
    for (const topic of topics) {
      const name = topicOf(prefix, topic);
      service.topicValidators.set(name, (peer, message) => this.#validate(topic, peer, message));
      service.subscribe(name);
    }
  }

  /** Gossipsub passes a message on once this has said so; what it throws nobody would hear of. */
  async #validate(topic: Topic, peer: Libp2pPeerId, { data }: Message) {
    try {
      return verdicts[await this.#judge(topic, `${peer}`, plain(data))];
    } catch (error) {
      const because = errorOf(error).message;
      this.#parts.tell('error', 'could not judge a message', { peer: `${peer}`, topic, because });
      return verdicts.ignore;
    }
  }

  async #judge(topic: Topic, from: PeerId, bytes: Uint8Array): Promise<GossipVerdict> {
    const { isReady, judge, hangUp } = this.#parts;
    if (!isReady(from) && !(await this.#becomesReady(from))) return 'ignore';
    if (bytes.length > maxGossipBytes) {
      this.#parts.offend(from, `a message of ${bytes.length} bytes`);
      return 'reject';
    }
    const verdict = await judge(topic, from, bytes);
    if (verdict === 'reject') hangUp(from);
    return verdict;
  }

  /** Some messages come a moment too early; but nobody may send for as long as he delays. */
  async #becomesReady(from: PeerId): Promise<boolean> {
    if (this.#waiting >= maxGossipWaiting) return false;
    this.#waiting++;
    const isReady = await this.#parts.whenReady(from);
    this.#waiting--;
    return isReady;
  }

  /** A peer is gone. */
  end(peer: PeerId): void {
    this.#firstLook.end(peer);
  }

  async publish(topic: Topic, bytes: Uint8Array): Promise<void> {
    const { service, prefix } = this.#parts;
    if (bytes.length > maxGossipBytes) {
      throw new Fault('too-long', `${bytes.length} bytes are too many to be told to everybody`);
    }
    await service.publish(topicOf(prefix, topic), bytes);
  }

  /** The stream by which a peer hears all that is told, once it also wants to. */
  streamTo(peer: Libp2pPeerId, connections: readonly Connection[]): Stream | undefined {
    const { service, prefix } = this.#parts;
    const isListening = topics.every((topic) =>
      service.getSubscribers(topicOf(prefix, topic)).some((each) => each.equals(peer)),
    );
    if (!isListening) return undefined;
    return connections
      .flatMap(({ streams }) => streams)
      .find(({ direction, protocol, status }) => {
        const isOurs = direction === 'outbound' && status === 'open';
        return isOurs && service.protocols.includes(protocol);
      });
  }
}
