/**
 * The hub: tells clients on `/ws` what happens, as JSON, one object a message.
 *
 * A client says what it wants to hear, and is told what it then hears, or what was wrong:
 *
 *     {"subscribe":["block",{"event":"tx","address":"bcrt1…"}]}   {"unsubscribe":["block"]}
 *     {"subscribed":["block",{"event":"tx","address":"bcrt1…"}]}  {"error":"an event is one of …"}
 *
 * The events; amounts are in coins, rates in coins per 1,000 virtual bytes, times in seconds:
 *
 *     {"event":"block","height","hash","parent","time","transactions","size","weight","fees"}
 *         a block joined the active chain; `fees` is what its coinbase takes above the subsidy
 *     {"event":"tx","txid","fee","vsize","feerate"}
 *         a payment waits for a block
 *     {"event":"reorg","fork":{"height","hash"},"left","joined","disconnected","connected",
 *      "waiting","message"}
 *         the tip moved to another branch: how many blocks left and joined above the fork, the
 *         hashes of at most 1,000 of each as they left and joined, the ids of at most as many
 *         payments of those that left and wait again, and all of it in a sentence
 *     {"event":"mining","height","hashrate"}
 *         the block that is searched for, and the hashes a second; at most every 250 ms
 *     {"event":"peer",…}
 *         for the network, which comes later
 *
 * Nobody is waited for. Who has more waiting than the limits allow is dropped (close code 1013),
 * and so is who asks too much (1008). A message is made once, however many clients it goes to: many
 * that never read cost little more than one.
 */
import { type Fields, writeJson } from '../rpc/exact.ts';
import { Bucket, type BucketSize } from './bucket.ts';
import { isSame, readWish, type Subscription, type Topic } from './subscription.ts';

/** Who listens: a web socket, as a rule. */
export interface Client {
  /** What was sent to it and has not left this machine's memory. */
  readonly waiting: { readonly messages: number; readonly bytes: number };
  readonly send: (message: Uint8Array) => void;
  /** Hangs up, with a close code of RFC 6455. */
  readonly drop: (code: number, reason: string) => void;
}

export interface HubLimits {
  readonly clients: number;
  readonly subscriptions: number;
  readonly waitingMessages: number;
  readonly waitingBytes: number;
}

const defaultHubLimits: HubLimits = {
  clients: 128,
  subscriptions: 16,
  waitingMessages: 256,
  waitingBytes: 2 ** 20,
};

/** Messages that a client may send. */
const bucketSize: BucketSize = { tokens: 32, perSecond: 4 };

export interface HubEvent {
  readonly topic: Topic;
  readonly fields: Fields;
  /** Whom it concerns, where that can be asked. */
  readonly addresses?: () => ReadonlySet<string>;
}

/** A client, and what the hub knows of it. */
interface Listener {
  subscriptions: readonly Subscription[];
  readonly bucket: Bucket;
}

export interface HubSettings {
  /** Of the addresses of this network. */
  readonly prefix: string;
  /** In seconds and parts of them. */
  readonly clock: () => number;
  readonly limits?: Partial<HubLimits>;
}

/** Close codes of RFC 6455. */
const violation = 1008;
const tryAgainLater = 1013;

export class Hub {
  readonly #settings: HubSettings;
  readonly #limits: HubLimits;
  readonly #clients = new Map<Client, Listener>();

  constructor(settings: HubSettings) {
    this.#settings = settings;
    this.#limits = { ...defaultHubLimits, ...settings.limits };
  }

  get size(): number {
    return this.#clients.size;
  }

  get isFull(): boolean {
    return this.size >= this.#limits.clients;
  }

  register(client: Client): void {
    const bucket = new Bucket(bucketSize, this.#settings.clock());
    this.#clients.set(client, { subscriptions: [], bucket });
  }

  unregister(client: Client): void {
    this.#clients.delete(client);
  }

  /** Takes what a client sent, and answers it. */
  hear(client: Client, text: string): void {
    const listener = this.#clients.get(client);
    if (!listener) return;
    if (listener.bucket.take(1, this.#settings.clock()) > 0) {
      this.#drop(client, violation, 'too many messages');
      return;
    }
    this.#send(client, encode(this.#change(listener, text)));
  }

  /** Does anybody want to hear of this? Then it is worth the work to tell it. */
  wants(topic: Topic): boolean {
    return [...this.#clients.values()].some(({ subscriptions }) => {
      return subscriptions.some(({ event }) => event === topic);
    });
  }

  /** Tells all who want to hear it, and waits for none of them. */
  broadcast({ topic, fields, addresses }: HubEvent): void {
    let message: Uint8Array | undefined;
    let concerned: ReadonlySet<string> | undefined;
    const isWanted = ({ event, address }: Subscription) => {
      if (event !== topic) return false;
      if (address === undefined) return true;
      concerned ??= addresses?.() ?? new Set();
      return concerned.has(address);
    };
    for (const [client, { subscriptions }] of [...this.#clients]) {
      if (!subscriptions.some(isWanted)) continue;
      message ??= encode({ event: topic, ...fields });
      this.#send(client, message);
    }
  }

  /** What the client is subscribed to from now on, or why nothing changed. */
  #change(listener: Listener, text: string): Fields {
    const wish = readWish(text, this.#settings.prefix);
    if (typeof wish === 'string') return { error: wish };
    const isLeft = (one: Subscription) => !wish.unsubscribe.some((each) => isSame(one, each));
    const all = [...listener.subscriptions.filter(isLeft), ...wish.subscribe];
    const next = all.filter((one, i) => all.findIndex((each) => isSame(one, each)) === i);
    const { subscriptions: most } = this.#limits;
    if (next.length > most) return { error: `there are at most ${most} subscriptions` };
    listener.subscriptions = next;
    const tell = ({ event, address }: Subscription) => {
      return address === undefined ? event : { event, address };
    };
    return { subscribed: next.map(tell) };
  }

  #send(client: Client, message: Uint8Array): void {
    const { messages, bytes } = client.waiting;
    const { waitingMessages, waitingBytes } = this.#limits;
    const isTooMuch = bytes > 0 && bytes + message.length > waitingBytes;
    if (isTooMuch || messages >= waitingMessages) this.#drop(client, tryAgainLater, 'too slow');
    else client.send(message);
  }

  #drop(client: Client, code: number, reason: string): void {
    this.unregister(client);
    client.drop(code, reason);
  }
}

function encode(fields: Fields): Uint8Array {
  return Buffer.from(writeJson(fields));
}
