/** Subscriptions: what a client of the hub wants to hear, read from what it sent. */
import { scriptOf } from '../primitives/address.ts';
import { DecodeError } from '../primitives/codec.ts';

const topics = ['block', 'tx', 'reorg', 'mining', 'peer'] as const;
export type Topic = (typeof topics)[number];

export interface Subscription {
  readonly event: Topic;
  /** Only what pays this address, or spends what paid it; of payments alone. */
  readonly address?: string;
}

/** What a client asks for. */
export interface Wish {
  readonly subscribe: readonly Subscription[];
  readonly unsubscribe: readonly Subscription[];
}

/** Reads a message, or says in a sentence what is wrong with it. */
export function readWish(text: string, prefix: string): Wish | string {
  try {
    const message: unknown = JSON.parse(text);
    const known = { subscribe: undefined, unsubscribe: undefined, ...fieldsOf(message) };
    const { subscribe = [], unsubscribe = [], ...others } = known;
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) throw new DecodeError(`there is no message '${unknown}'`);
    return { subscribe: readList(subscribe, prefix), unsubscribe: readList(unsubscribe, prefix) };
  } catch (error) {
    // Not JSON, or so deep that it was sent to exhaust the stack.
    if (error instanceof SyntaxError || error instanceof RangeError) return 'this is not JSON';
    if (error instanceof DecodeError) return error.message;
    throw error;
  }
}

function readList(list: unknown, prefix: string): readonly Subscription[] {
  if (!Array.isArray(list)) throw new DecodeError('subscriptions are a list');
  return list.map((each) => readOne(each, prefix));
}

function readOne(one: unknown, prefix: string): Subscription {
  const { event, address, ...others } = typeof one === 'string' ? { event: one } : fieldsOf(one);
  const topic = topics.find((each) => each === event);
  if (!topic) throw new DecodeError(`an event is one of ${topics.join(', ')}`);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new DecodeError(`there is no filter '${unknown}'`);
  if (address === undefined) return { event: topic };
  if (topic !== 'tx') throw new DecodeError(`a '${topic}' has no address`);
  if (typeof address !== 'string') throw new DecodeError('an address is text');
  // An address that is none ends here.
  scriptOf(address, prefix);
  return { event: topic, address: address.toLowerCase() };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new DecodeError('a message is an object like {"subscribe":["block"]}');
}

export function isSame(one: Subscription, other: Subscription): boolean {
  return one.event === other.event && one.address === other.address;
}
