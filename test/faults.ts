/**
 * Planted faults: mistakes that nodes have made, each a few words of our source said otherwise.
 *
 * None is in what is shipped. A process that begins with `--import ./test/faulty.ts` and has the
 * name of one in CHAIN_FAULT has it, and the simulator must see that something is wrong.
 */
import type { StoryOptions } from '../src/lab/story.ts';

export type Wishes = Pick<StoryOptions, 'hours' | 'nodes' | 'liars' | 'past' | 'minutesToHeal'>;

export interface Fault {
  /** In the folder `src`. */
  readonly file: string;
  /** What stands there, exactly once. */
  readonly right: string;
  readonly wrong: string;
  /** In what stories it shows. */
  readonly in: Wishes;
  /** What the simulator then says. */
  readonly shows: RegExp;
}

const calm = { hours: 0.1, nodes: 3, liars: [], past: 10, minutesToHeal: 3 } as const;
const eventful = { ...calm, hours: 0.4 } as const;

export const faults = {
  /** Who claims more work than he shows is believed, and asked for it again before all others. */
  'trust-claimed-work': {
    file: 'network/headersync.ts',
    right: 'if (shown < claimed) {',
    wrong: 'if (shown < 0n) {',
    in: { ...calm, hours: 0.3, liars: ['claimsWork', 'claimsWork', 'claimsWork'] },
    shows: /^the nodes are not on one tip/,
  },
  /** What only the branch held that lost is forgotten. */
  'forget-returned-payments': {
    file: 'mempool/rebuild.ts',
    right: 'const returned = paymentsOf(rebuilding.disconnected);',
    wrong: 'const returned = paymentsOf([]);',
    in: eventful,
    shows: /^payments are lost/,
  },
  /** One peer is asked for all blocks at once. */
  'no-in-flight-limit': {
    file: 'network/download.ts',
    right: 'if (peer.asked < batchesEach && this.#askOne(peer)) isAsking = true;',
    wrong: 'if (this.#askOne(peer)) isAsking = true;',
    in: { ...calm, past: 150 },
    shows: /^node\d failed: it wants 8 answers of one peer at once/,
  },
  /** A false body speaks against its header, whose true body somebody else has. CVE-2012-2459. */
  'condemn-mutated': {
    file: 'network/download.ts',
    right: "answer.kind === 'never'",
    wrong: "(answer.kind === 'never' || answer.kind === 'bytes')",
    in: { ...calm, liars: ['spoilsBodies'] },
    shows: /^the nodes are not on one tip/,
  },
  /** Who does not give a block is waited for, and nobody else is asked. */
  'wait-for-withheld': {
    file: 'network/download.ts',
    right: 'const asked = this.#asked.get(hashOf(entry));',
    wrong: `const one = entry as { asker?: Peer };
      one.asker ??= peer;
      if (one.asker !== peer) return false;
      const asked = this.#asked.get(hashOf(entry));`,
    in: { ...calm, liars: ['withholdsBodies', 'withholdsBodies'] },
    shows: /^the nodes are not on one tip/,
  },
  /** What a block spent stays spent where the block is undone. */
  'keep-coins-spent': {
    file: 'chain/writer.ts',
    right: `
      for (const { outPoint, coin } of spent) yield tables.coins.put(outPoint, coin);
      yield tables.undos.del({ height, hash });`,
    wrong: `
      yield tables.undos.del({ height, hash });`,
    in: eventful,
    shows: /^node\d has \d+ coins of \d+|^node\d failed: .* is lost/,
  },
  /** A payment is acknowledged before it would outlive a loss of power. */
  'acknowledge-unsynced': {
    file: 'mempool/waiting.ts',
    right: '{ sync: added.size > 0 || gone.length > 0 }',
    wrong: '{ sync: false }',
    in: eventful,
    shows: /^node\d lost payment [0-9a-f]{64} in a crash/,
  },
  /** Whoever passes on a payment whose parent is not here is held for a liar. */
  'ban-for-orphans': {
    file: 'network/relay.ts',
    right: "  'bad-txns-in-belowout',",
    wrong: "  'bad-txns-in-belowout', 'bad-txns-inputs-missingorspent',",
    in: eventful,
    shows: /^node\d bans honest node\d: .*bad-txns-inputs-missingorspent/,
  },
  /** A payment comes in, whoever signed it. */
  'trust-signatures': {
    file: 'mempool/door.ts',
    right: 'const broken = await verifyAll(checks);',
    wrong: 'const broken = await verifyAll([]);',
    in: { ...calm, liars: ['twistsPayments'] },
    shows: /^a block that was mined here is not valid|: no such block can be/,
  },
} satisfies Readonly<Record<string, Fault>>;

/** This source with the fault in it; it must have exactly one place for it. */
export function plant({ file, right, wrong }: Fault, source: string): string {
  const places = source.split(right).length - 1;
  if (places === 1) return source.replace(right, () => wrong);
  throw new Error(`${places} places in src/${file} read ${right}`);
}
