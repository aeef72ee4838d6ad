/**
 * Those who meet in a test of a `Transport`: each one writes down what it hears.
 *
 * Nothing sleeps here: a test waits for what it expects, and `until` lets time pass meanwhile.
 */
import { expect } from 'vitest';
import type {
  GossipVerdict,
  Handlers,
  Method,
  PeerId,
  RequestOptions,
  Topic,
  Transport,
} from '../src/network/boundary.ts';

/** Where transports meet. */
export interface World {
  /** One that listens; `start` is for the test to call. Two networks have nothing in common. */
  readonly open: (network: 'ours' | 'other') => Promise<Transport>;
  /** Lets time pass until this is settled; a simulation moves its clock meanwhile. */
  readonly until: <T>(settled: Promise<T>) => Promise<T>;
  /** Stops what was opened and has not been stopped. */
  readonly close: () => Promise<void>;
}

interface Asking extends RequestOptions {
  readonly method: Method;
}

/** A transport with somebody who writes down what it hears. */
export class Member {
  readonly transport: Transport;
  /** Of each peer, what became of it. */
  readonly states: { readonly peer: PeerId; readonly state: 'ready' | 'gone' }[] = [];
  /** Who did what no honest peer does. */
  readonly offences: { readonly peer: PeerId; readonly why: string }[] = [];
  readonly heard: { readonly topic: Topic; readonly from: PeerId; readonly text: string }[] = [];
  /** To be replaced: what it makes of a message, and of a request. */
  judge: (text: string) => Promise<GossipVerdict> = async () => 'accept';
  answer: Handlers['onRequest'] = async (_method, _from, bytes) => bytes;
  readonly #waiting = new Set<() => void>();

  constructor(transport: Transport) {
    this.transport = transport;
  }

  start(): Promise<void> {
    return this.transport.start({
      onPeer: (peer, state) => {
        this.states.push({ peer, state });
        this.#look();
      },
      onFound: () => {},
      onOffence: (peer, why) => {
        this.offences.push({ peer, why });
        this.#look();
      },
      onGossip: (topic, from, bytes) => {
        const text = decodeText(bytes);
        this.heard.push({ topic, from, text });
        this.#look();
        return this.judge(text);
      },
      onRequest: (method, from, bytes) => this.answer(method, from, bytes),
    });
  }

  /** Settled once this holds, which is looked at whenever something was heard. */
  sees(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!holds()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** What became of one peer, in order. */
  statesOf({ transport: { id } }: Member): readonly string[] {
    return this.states.filter(({ peer }) => peer === id).map(({ state }) => state);
  }

  hears(text: string): Promise<void> {
    return this.sees(() => this.texts().includes(text));
  }

  texts(): readonly string[] {
    return this.heard.map(({ text }) => text);
  }

  knows({ transport: { id } }: Member): boolean {
    return this.transport.peers().some((peer) => peer.id === id);
  }

  /** Calls at the first address of the other. */
  dial({ transport }: Member): Promise<PeerId> {
    const [address = ''] = transport.addresses();
    return this.transport.dial(address, { timeoutMs: 10_000 });
  }

  tell(text: string, topic: Topic = 'tx'): Promise<void> {
    return this.transport.publish(topic, encodeText(text));
  }

  ask(
    { transport: { id } }: Member,
    bytes: Uint8Array = Uint8Array.of(7),
    { method = 'blocks', timeoutMs = 20_000, maxBytes = 1_000 }: Partial<Asking> = {},
  ): Promise<Uint8Array> {
    return this.transport.request(id, method, bytes, { timeoutMs, maxBytes });
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }
}

const encodeText = (text: string) => new TextEncoder().encode(text);
const decodeText = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

export const never = () => new Promise<never>(() => {});

/** Bytes of which each part is another, so that none can be taken for its neighbour. */
export function patterned(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i >> 8) ^ i);
}

/** With which code this fails. */
export function codeOf(failing: Promise<unknown>): Promise<unknown> {
  return failing.then(
    () => 'no failure',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  );
}

/** Brings members together in a world. */
export class Meeting {
  #world: World | undefined;

  async open(world: Promise<World>): Promise<void> {
    this.#world = await world;
  }

  async close(): Promise<void> {
    await this.#world?.close();
  }

  until<T>(settled: Promise<T>): Promise<T> {
    if (!this.#world) throw new Error('no world');
    return this.#world.until(settled);
  }

  async member(network: 'ours' | 'other' = 'ours'): Promise<Member> {
    if (!this.#world) throw new Error('no world');
    const made = new Member(await this.#world.open(network));
    await this.until(made.start());
    return made;
  }

  async connect(from: Member, to: Member): Promise<void> {
    expect(await this.until(from.dial(to))).toBe(to.transport.id);
    await this.until(to.sees(() => to.knows(from)));
  }

  async pair(): Promise<readonly [Member, Member]> {
    const one = await this.member();
    const two = await this.member();
    await this.connect(one, two);
    return [one, two];
  }

  /** Three in a row: the outer two hear of one another only over the middle. */
  async row(): Promise<readonly [Member, Member, Member]> {
    const [one, two] = await this.pair();
    const three = await this.member();
    await this.connect(two, three);
    return [one, two, three];
  }
}
