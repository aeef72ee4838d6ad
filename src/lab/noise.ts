/** Noise: lies that say nothing, too much of it, or too fast. */
import { type Method, methods, type Topic, type Transport, topics } from '../network/boundary.ts';
import { maxAnswerBytes, maxGossipBytes } from '../network/limits.ts';
import { encodeNo } from '../network/messages.ts';
import { type Answer, announce, type LiarParts, type Lie } from './lie.ts';
import { pressHeaders } from './press.ts';

/** Says bytes that mean nothing, wherever anything can be said. */
export function talksJunk({ transport, chance }: LiarParts): Lie {
  const junk = (most: number) => chance.bytes(chance.below(most));
  return {
    answer: (method) => (method === 'status' ? undefined : junk(2_000)),
    act: async () => {
      for (const topic of topics) await transport.publish(topic, junk(300));
      await askAll(transport, (method) => ({ method, bytes: junk(300) }));
    },
  };
}

/** Asks and tells as fast as it can. */
export function floods({ transport, ledgers, chance }: LiarParts): Lie {
  return {
    act: async () => {
      const tell = (topic: Topic) => transport.publish(topic, chance.bytes(200));
      for (let i = 0; i < 50; i++) await tell('tx');
      for (let i = 0; i < 50; i++) {
        const [header] = pressHeaders(ledgers.genesis, ledgers.params, { count: 1, chance });
        if (header) await announce(transport, header);
      }
      const locator = Uint8Array.of(0);
      const rounds = Array.from({ length: 20 }, () =>
        askAll(transport, (method) => ({ method, bytes: locator })),
      );
      await Promise.all(rounds);
    },
  };
}

/** Says that it will say more than anybody could hear. */
export function saysTooMuch({ transport, chance }: LiarParts): Lie {
  const count = Uint8Array.of(0, 0xfe, 0xff, 0xff, 0xff, 0x01);
  const act = async () => {
    await transport.publish(chance.pick(topics), new Uint8Array(maxGossipBytes + 1));
    await transport.publish(chance.pick(topics), count.subarray(1));
    await askAll(transport, (method) => ({ method, bytes: count.subarray(1) }));
  };
  const answer: Answer = (method) => {
    if (method === 'status') return undefined;
    return chance.is(0.5) ? count : new Uint8Array(Math.min(maxAnswerBytes[method] + 1, 500_000));
  };
  return { answer, act };
}

/** Knows nothing, whatever it is asked. */
export function knowsNothing(): Lie {
  return { answer: (method) => (method === 'status' ? undefined : encodeNo('unknown')) };
}

/** Asks every peer everything; what comes of it, it does not want to know. */
async function askAll(
  transport: Transport,
  question: (method: Method) => { readonly method: Method; readonly bytes: Uint8Array },
): Promise<void> {
  const asked = transport.peers().flatMap(({ id }) =>
    methods.map((each) => {
      const { method, bytes } = question(each);
      const options = { timeoutMs: 10_000, maxBytes: maxAnswerBytes[method] };
      return transport.request(id, method, bytes, options);
    }),
  );
  await Promise.allSettled(asked);
}
