/**
 * Liars: peers that speak the protocol and break it, each in one way.
 *
 * A lie is what it answers, where that is not the truth, and what it does of its own accord. All
 * else a liar says as an honest peer would, out of the ledgers of this world: it knows everything.
 */
import type { PeerId } from '../network/boundary.ts';
import { BlockTxs, BlockTxsQuestion, CompactBlock, compactOf } from '../network/compact.ts';
import { maxHeaders } from '../network/limits.ts';
import { Bodies, encodeAnswer, Headers, Status } from '../network/messages.ts';
import { Block, type Header, hashHeader } from '../primitives/block.ts';
import { encode, type Hash } from '../primitives/codec.ts';
import { ancestor, type Ledger, type Ledgers } from './ledger.ts';
import { announce, type LiarParts, type Lie, serving } from './lie.ts';
import { floods, knowsNothing, saysTooMuch, talksJunk } from './noise.ts';
import { spendsTwice, sprinklesDust, twistsPayments } from './payer.ts';
import { pressBlock, pressHash, pressHeaders } from './press.ts';
import { attempt, headersAfter, isForCompact, readHashes, statusOf } from './truth.ts';

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
function claimsTooMuch({ transport, ledgers, chance, now }: LiarParts): Lie {
  const blocks = new Map<Hash, Block>();
  let latest: Header | undefined;
  return {
    answer: serving(blocks, () => latest),
    act: () => {
      const block = pressBlock(ledgers.best, ledgers.params, chance, { excess: 1n, time: now() });
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

/** Has every block, but never as it is: the header is true, and something behind it is not. */
function spoilsBodies({ transport, ledgers, chance }: LiarParts): Lie {
  const spoil = (block: Block): Block => {
    const [coinbase, ...payments] = block.transactions;
    if (!coinbase || chance.is(0.3)) return { ...block, transactions: [] };
    // The txid does not commit to a witness, but the block does.
    const witness = [chance.bytes(32)];
    const inputs = coinbase.inputs.map((input) => ({ ...input, witness }));
    const last = payments.at(-1);
    // CVE-2012-2459: the last one twice may give the same root.
    const twice = last && chance.is(0.5) ? [last] : [];
    return { ...block, transactions: [{ ...coinbase, inputs }, ...payments, ...twice] };
  };
  return {
    answer: (method, _from, bytes) => {
      if (method !== 'blocks' || isForCompact(bytes)) return undefined;
      const found = readHashes(bytes).flatMap((hash) => ledgers.get(hash) ?? []);
      return encodeAnswer(
        Bodies,
        found.map(({ block }) => encode(Block, spoil(block))),
      );
    },
    act: () => announce(transport, ledgers.best.block.header),
  };
}

/** Tells blocks in compact form, but by false ids, or fills in what belongs elsewhere. */
function spoilsCompact({ transport, ledgers, chance }: LiarParts): Lie {
  return {
    answer: (method, _from, bytes) => {
      const [hash] = readHashes(bytes);
      const ledger = hash && ledgers.get(hash);
      if (method === 'blocks' && ledger && isForCompact(bytes)) {
        const { header, prefilled } = compactOf(ledger.block, 0n);
        const ids = Array.from({ length: chance.below(4) }, () => chance.below(2 ** 40));
        const at = chance.below(3);
        const moved = prefilled.map((each) => ({ ...each, at }));
        const compact = { header, nonce: 0n, shortIds: ids, prefilled: moved };
        return encodeAnswer(Bodies, [encode(CompactBlock, compact)]);
      }
      const question = method === 'blocktxs' ? attempt(BlockTxsQuestion, bytes) : undefined;
      if (!question) return undefined;
      const { transactions } = ledgers.best.block;
      const wrong = question.positions.flatMap(() => transactions[0] ?? []);
      return encodeAnswer(BlockTxs, { block: question.block, transactions: wrong });
    },
    act: () => announce(transport, ledgers.best.block.header),
  };
}

/** Mines good blocks, tells of them, and never lets anybody have one. */
function withholdsBodies({ transport, ledgers, chance, now }: LiarParts): Lie {
  let latest: Header | undefined;
  return {
    answer: (method) => {
      if (method === 'blocks') return new Promise(() => {});
      return method === 'headers' && latest ? encodeAnswer(Headers, [latest]) : undefined;
    },
    act: () => {
      latest = pressBlock(ledgers.best, ledgers.params, chance, { time: now() }).header;
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

/** Mines two blocks at once, and tells everybody of one of them only. */
function equivocates({ transport, ledgers, chance, now }: LiarParts): Lie {
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
      const time = now();
      twins = [1, 2].map(() => pressBlock(best, params, chance, { time }));
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

/** By their names, for the stories to choose from. */
export const lies = {
  claimsWork,
  claimsTooMuch,
  swapsBodies,
  spoilsBodies,
  spoilsCompact,
  withholdsBodies,
  neverEnds,
  talksJunk,
  floods,
  equivocates,
  isStale,
  saysTooMuch,
  knowsNothing,
  twistsPayments,
  spendsTwice,
  sprinklesDust,
} satisfies Record<string, (parts: LiarParts) => Lie>;
export type LieName = keyof typeof lies;
