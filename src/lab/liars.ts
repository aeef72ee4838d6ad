/**
 * Liars: peers that speak the protocol and break it, each in one way.
 *
 * A lie is what it answers, where that is not the truth, and what it does of its own accord. All
 * else a liar says as an honest peer would, out of the ledgers of this world: it knows everything.
 */
import type { Method, PeerId, Topic, Transport } from '../network/boundary.ts';
import { methods, topics } from '../network/boundary.ts';
import { maxAnswerBytes, maxGossipBytes, maxHeaders } from '../network/limits.ts';
import { Bodies, encodeAnswer, encodeNo, Headers, Status } from '../network/messages.ts';
import { Block, Header, hashHeader } from '../primitives/block.ts';
import { encode, type Hash } from '../primitives/codec.ts';
import type { Chance } from './chance.ts';
import { ancestor, type Ledger, type Ledgers } from './ledger.ts';
import { pressBlock, pressHash, pressHeaders } from './press.ts';
import { headersAfter, readHashes, statusOf } from './truth.ts';

/** What a liar has in its hands. */
export interface LiarParts {
  readonly transport: Transport;
  readonly ledgers: Ledgers;
  readonly chance: Chance;
}

/** What it answers; `undefined` where it says the truth. */
type Answer = (
  method: Method,
  from: PeerId,
  bytes: Uint8Array,
) => Promise<Uint8Array> | Uint8Array | undefined;

export interface Lie {
  readonly answer?: Answer;
  /** Done every so often. */
  readonly act?: () => Promise<unknown>;
}

/** Tells of a block by its header. */
function announce(transport: Transport, header: Header): Promise<void> {
  return transport.publish('block', encode(Header, header));
}

/** Answers as if these blocks, of this peer's own making, were on the best branch. */
function serving(blocks: ReadonlyMap<Hash, Block>, latest: () => Header | undefined): Answer {
  return (method, _from, bytes) => {
    const header = latest();
    if (method === 'headers' && header) return encodeAnswer(Headers, [header]);
    if (method !== 'blocks') return undefined;
    const found = readHashes(bytes).flatMap((hash) => blocks.get(hash) ?? []);
    const bodies = found.map((each) => encode(Block, each));
    return found.length > 0 ? encodeAnswer(Bodies, bodies) : undefined;
  };
}

const giantWork = 2n ** 255n;

/** Claims work beyond all measure, and has no header to show for it. */
function claimsWork({ ledgers, chance }: LiarParts): Lie {
  const tip = pressHash(chance.bytes(32));
  return {
    answer: (method) => {
      const truth = statusOf(ledgers);
      const claim = { ...truth, tip, height: truth.height + 1_000_000, work: giantWork };
      if (method === 'status') return encodeAnswer(Status, claim);
      return method === 'headers' ? encodeAnswer(Headers, []) : undefined;
    },
  };
}

/** Mines blocks with work in them that claim one unit too many. */
function claimsTooMuch({ transport, ledgers, chance }: LiarParts): Lie {
  const blocks = new Map<Hash, Block>();
  let latest: Header | undefined;
  return {
    answer: serving(blocks, () => latest),
    act: () => {
      const block = pressBlock(ledgers.best, ledgers.params, chance, { excess: 1n });
      latest = block.header;
      blocks.set(hashHeader(block.header), block);
      return announce(transport, block.header);
    },
  };
}

/** Answers every question for blocks with another block, whole and valid. */
function swapsBodies({ transport, ledgers }: LiarParts): Lie {
  return {
    answer: (method, _from, bytes) => {
      if (method !== 'blocks') return undefined;
      const other = encode(Block, (ledgers.best.parent ?? ledgers.best).block);
      return encodeAnswer(
        Bodies,
        readHashes(bytes).map(() => other),
      );
    },
    act: () => announce(transport, ledgers.best.block.header),
  };
}

/** Mines good blocks, tells of them, and never lets anybody have one. */
function withholdsBodies({ transport, ledgers, chance }: LiarParts): Lie {
  let latest: Header | undefined;
  return {
    answer: (method) => {
      if (method === 'blocks') return new Promise(() => {});
      return method === 'headers' && latest ? encodeAnswer(Headers, [latest]) : undefined;
    },
    act: () => {
      latest = pressBlock(ledgers.best, ledgers.params, chance).header;
      return announce(transport, latest);
    },
  };
}

/** What `neverEnds` has to say in each world: it takes a while to make. */
const endless = new WeakMap<Ledgers, readonly Header[]>();

/** Has ever more headers of the least work there is, from far below the tip. */
function neverEnds({ ledgers, chance }: LiarParts): Lie {
  const { params } = ledgers;
  const branch =
    endless.get(ledgers) ?? pressHeaders(ledgers.genesis, params, { count: maxHeaders, chance });
  endless.set(ledgers, branch);
  const places = new Map(branch.map((header, i) => [hashHeader(header), i]));
  return {
    answer: (method, _from, bytes) => {
      const truth = statusOf(ledgers);
      if (method === 'status') return encodeAnswer(Status, { ...truth, work: truth.work * 2n });
      if (method !== 'headers') return undefined;
      // What comes after the end begins at the beginning, so that it never comes to an end.
      const [at = -1] = readHashes(bytes).flatMap((hash) => places.get(hash) ?? []);
      const rest = branch.slice(at + 1);
      return encodeAnswer(Headers, rest.length > 0 ? rest : branch);
    },
  };
}

/** Says bytes that mean nothing, wherever anything can be said. */
function talksJunk({ transport, chance }: LiarParts): Lie {
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
function floods({ transport, ledgers, chance }: LiarParts): Lie {
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

/** Mines two blocks at once, and tells everybody of one of them only. */
function equivocates({ transport, ledgers, chance }: LiarParts): Lie {
  let twins: readonly Block[] = [];
  const blocks = new Map<Hash, Block>();
  const twinFor = (peer: PeerId) =>
    twins[[...peer].reduce((sum, c) => sum + c.charCodeAt(0), 0) & 1];
  return {
    answer: (method, from, bytes) => {
      const twin = twinFor(from);
      if (method === 'status' && twin) {
        const truth = statusOf(ledgers);
        return encodeAnswer(Status, { ...truth, tip: hashHeader(twin.header) });
      }
      return serving(blocks, () => twin?.header)(method, from, bytes);
    },
    act: () => {
      const { best, params } = ledgers;
      twins = [pressBlock(best, params, chance), pressBlock(best, params, chance)];
      for (const each of twins) blocks.set(hashHeader(each.header), each);
      return Promise.all(twins.map((each) => announce(transport, each.header)));
    },
  };
}

/** Lives in the past, and tells of it. */
function isStale({ transport, ledgers, chance }: LiarParts): Lie {
  const old = (): Ledger => ancestor(ledgers.best, ledgers.best.height >> 1);
  return {
    answer: (method, _from, bytes) => {
      if (method === 'status') return encodeAnswer(Status, statusOf(ledgers, old()));
      if (method !== 'headers') return undefined;
      return encodeAnswer(Headers, headersAfter(ledgers, readHashes(bytes), old()));
    },
    act: () => {
      const { best } = ledgers;
      return announce(transport, ancestor(best, chance.below(best.height + 1)).block.header);
    },
  };
}

/** Says that it will say more than anybody could hear. */
function saysTooMuch({ transport, chance }: LiarParts): Lie {
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
function knowsNothing(): Lie {
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

/** By their names, for the stories to choose from. */
export const lies = {
  claimsWork,
  claimsTooMuch,
  swapsBodies,
  withholdsBodies,
  neverEnds,
  talksJunk,
  floods,
  equivocates,
  isStale,
  saysTooMuch,
  knowsNothing,
} satisfies Record<string, (parts: LiarParts) => Lie>;
export type LieName = keyof typeof lies;
