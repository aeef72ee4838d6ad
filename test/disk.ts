/** A node on a real disk, opened as the program opens it, and all that can be asked of it. */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { VerifyAll } from '../src/chain/chain.ts';
import type { Database } from '../src/chain/database.ts';
import { demandDigest } from '../src/chain/missing.ts';
import { signatureEngine } from '../src/cli/bestengine.ts';
import { checksum, openDatabase } from '../src/cli/leveldb.ts';
import { random } from '../src/cli/machine.ts';
import { searchNonce } from '../src/miner/kernel.ts';
import { Node } from '../src/node/node.ts';
import { Block, hashHeader } from '../src/primitives/block.ts';
import { encode, type Hash } from '../src/primitives/codec.ts';
import { sha256 } from '../src/primitives/hash.ts';
import { verify } from '../src/primitives/signature.ts';
import { type OutPoint, outPointName, txid } from '../src/primitives/transaction.ts';
import { addresses } from './forest.ts';
import { outputTo } from './forge.ts';
import { grass, noon } from './grove.ts';

export interface Disk {
  readonly node: Node;
  readonly close: () => Promise<void>;
}

/** Opens the node of this folder; what is handed to the guard may be wrapped. */
export async function openDisk(
  folder: string,
  wrap: (database: Database) => Database = (database) => database,
): Promise<Disk> {
  const { database, last, close } = await openDatabase(folder);
  try {
    const node = await Node.open({
      database: wrap(database),
      last,
      checksum,
      random,
      params: grass,
      verifyAll,
      now: () => noon,
      search: async (search) => searchNonce(search),
    });
    return { node, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const verifyAll: VerifyAll = async (checks) => {
  const engine = await signatureEngine();
  return checks.find((check) => !verify(check, engine));
};

/** A question with its name. */
export type Question = readonly [name: string, ask: (node: Node) => Promise<unknown>];

/** Everything that can be asked of a node that knows these blocks. */
export function questionsAbout(blocks: readonly Block[]): readonly Question[] {
  const outPoints = new Map<string, OutPoint>();
  const ids = new Set<Hash>();
  for (const transaction of blocks.flatMap(({ transactions }) => transactions)) {
    ids.add(txid(transaction));
    for (const index of transaction.outputs.keys()) {
      const outPoint = { txid: txid(transaction), index };
      outPoints.set(outPointName(outPoint), outPoint);
    }
  }
  const scripts = Array.from({ length: addresses + 1 }, (_, seed) => [
    outputTo(seed, 0n).script,
    outputTo(seed, 0n, 'p2tr').script,
  ]).flat();
  return [
    ...wholeQuestions,
    ...blocks.flatMap((block) => blockQuestions(hashHeader(block.header))),
    ...blocks.flatMap((_, height) => heightQuestions(height + 1)),
    ...[...outPoints.values()].map(coinQuestion),
    ...[...ids].map(placeQuestion),
    ...scripts.flatMap(addressQuestions),
  ];
}

const wholeQuestions: readonly Question[] = [
  ['the tip', async ({ chain }) => chain.tip],
  ['the tip as it is kept', async ({ chain }) => (await chain.store.tip())?.hash],
  ['the leaves', async ({ chain }) => (await chain.store.leaves()).toSorted()],
  ['the index', ({ chain }) => chain.store.hasIndex()],
  [
    'all coins',
    async ({ chain }) => {
      await demandDigest(chain.store, chain.guard);
      const names: string[] = [];
      for await (const { outPoint } of chain.store.allCoins()) names.push(outPointName(outPoint));
      return names;
    },
  ],
  ['what waits', async ({ mempool }) => mempool.list().map(({ transaction }) => txid(transaction))],
];

function blockQuestions(hash: Hash): readonly Question[] {
  return [
    [`entry ${hash}`, ({ chain }) => chain.store.entry(hash)],
    [
      `block ${hash}`,
      async ({ chain }) => {
        const entry = await chain.store.entry(hash);
        return entry && bytesToHex(sha256(encode(Block, await chain.store.block(entry))));
      },
    ],
  ];
}

/** Above the tip there is nothing, and that is an answer too. */
function heightQuestions(height: number): readonly Question[] {
  return [
    [`active block ${height}`, ({ chain }) => chain.store.hashAt(height)],
    [
      `undo record ${height}`,
      async ({ chain }) => {
        const isActive = height <= chain.tip.height;
        return isActive ? chain.store.undo(await chain.store.activeEntry(height)) : undefined;
      },
    ],
  ];
}

function coinQuestion(outPoint: OutPoint): Question {
  return [`coin ${outPointName(outPoint)}`, ({ chain }) => chain.store.coin(outPoint)];
}

function placeQuestion(id: Hash): Question {
  return [`place of ${id}`, ({ chain }) => chain.store.place(id)];
}

function addressQuestions(script: Uint8Array): readonly Question[] {
  const name = bytesToHex(script);
  return [
    [`coins of ${name}`, (node) => node.coinsOf(script)],
    [`sum of ${name}`, ({ chain }) => chain.store.addressSum(script)],
    [`history of ${name}`, ({ chain }) => chain.store.historyOf(script, 0, 1_000_000)],
  ];
}

/** What is answered, as text that can be compared. */
export async function answerTo([, ask]: Question, node: Node): Promise<string> {
  return (
    JSON.stringify(await ask(node), (_, value) => {
      if (typeof value === 'bigint') return `${value}n`;
      return value instanceof Uint8Array ? bytesToHex(value) : value;
    }) ?? 'nothing'
  );
}
