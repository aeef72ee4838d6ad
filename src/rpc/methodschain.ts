/** The methods that tell of the chain: its blocks, its branches and its tip. */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { ChainView } from '../chain/chain.ts';
import type { Entry } from '../chain/entry.ts';
import { Block, Header, hashHeader } from '../primitives/block.ts';
import { encode, type Hash } from '../primitives/codec.ts';
import {
  bitsFields,
  blockFields,
  type Detail,
  difficultyOf,
  headerFields,
  hexOf,
  rounded,
} from './corejson.ts';
import type { Fields } from './exact.ts';
import { badParameter } from './failure.ts';
import { findEntry, type Method, method, type Run } from './method.ts';

const getBlockchainInfo: Run = (_asked, { node, diskBytes }) =>
  node.read(async ({ tip }) => {
    const { header, height } = tip;
    return {
      chain: node.chain.params.name,
      blocks: height,
      headers: height,
      bestblockhash: hashHeader(header),
      ...bitsFields(header.bits),
      difficulty: rounded(difficultyOf(header.bits)),
      time: header.time,
      mediantime: tip.medianTimePast,
      verificationprogress: 1,
      initialblockdownload: false,
      chainwork: hexOf(tip.work, 64),
      size_on_disk: diskBytes(),
      pruned: false,
      warnings: [],
    };
  });

const getBlockHash: Run = (asked, { node }) =>
  node.read(async ({ store }) => {
    const height = asked.whole('height');
    const hash = height < 0 ? undefined : await store.hashAt(height);
    if (hash === undefined) throw badParameter('Block height out of range');
    return hash;
  });

const getBlockHeader: Run = (asked, { node }) =>
  node.read(async (view) => {
    const entry = await findEntry(view, asked.hash('blockhash', 'hash'));
    if (asked.flag('verbose', true)) return await headerFields(view, entry);
    return bytesToHex(encode(Header, entry.header));
  });

/** From verbosity 1 on. */
const details: readonly Detail[] = ['ids', 'fees', 'prevouts'];

const getBlock: Run = (asked, { node }) =>
  node.read(async (view) => {
    const entry = await findEntry(view, asked.hash('blockhash'));
    const verbosity = asked.verbosity('verbosity', 1);
    if (verbosity <= 0) return bytesToHex(encode(Block, await view.store.block(entry)));
    const detail = details[Math.min(verbosity, 3) - 1] ?? 'ids';
    return await blockFields(view, entry, detail, node.chain.params);
  });

/** The tips of all branches, the highest first. Core: getchaintips. */
const getChainTips: Run = (_asked, { node }) =>
  node.read(async (view) => {
    const { store, tip } = view;
    const leaves = new Set(await store.leaves());
    // On the true tip something bad may be built; it is a tip all the same.
    leaves.add(hashHeader(tip.header));
    const tips: (Fields & { readonly height: number })[] = [];
    for (const hash of leaves) {
      const entry = await findEntry(view, hash);
      const branchlen = await branchLength(view, hash);
      const status = branchlen === 0 ? 'active' : sideStatus(entry);
      tips.push({ height: entry.height, hash, branchlen, status });
    }
    return tips.toSorted((one, other) => other.height - one.height);
  });

/** Every header here has its block, so that none is `headers-only`. */
function sideStatus({ isFailed, wasConnected }: Entry): string {
  if (isFailed) return 'invalid';
  return wasConnected ? 'valid-fork' : 'valid-headers';
}

/** How many blocks it is from this one down to the active chain. */
async function branchLength(view: ChainView, hash: Hash): Promise<number> {
  let length = 0;
  let at = await findEntry(view, hash);
  while ((await view.store.hashAt(at.height)) !== hashHeader(at.header)) {
    at = await findEntry(view, at.header.parent);
    length++;
  }
  return length;
}

const getDifficulty: Run = (_asked, { node }) =>
  node.read(async ({ tip }) => rounded(difficultyOf(tip.header.bits)));

/** The rules that Bitcoin took up one by one; here they hold from the first block on. */
const buried = ['bip34', 'bip66', 'bip65', 'csv', 'segwit', 'taproot'];

const getDeploymentInfo: Run = (asked, { node }) =>
  node.read(async (view) => {
    const entry = asked.has('blockhash')
      ? await findEntry(view, asked.hash('blockhash'))
      : view.tip;
    const rule = (height: number): Fields => ({
      type: 'buried',
      active: entry.height + 1 >= height,
      height,
    });
    const isFromGenesis = (name: string) => name === 'segwit' || name === 'taproot';
    const deployments = buried.map((name): [string, Fields] => {
      return [name, rule(isFromGenesis(name) ? 0 : 1)];
    });
    return {
      hash: hashHeader(entry.header),
      height: entry.height,
      deployments: Object.fromEntries(deployments),
    };
  });

const getIndexInfo: Run = (asked, { node }) =>
  node.read(async ({ store, tip }): Promise<Fields> => {
    const isAsked = ['', 'txindex'].includes(asked.text('index_name'));
    if (!isAsked || !(await store.hasIndex())) return {};
    return { txindex: { synced: true, best_block_height: tip.height } };
  });

export const chainMethods: readonly Method[] = [
  method('getblockchaininfo', '', 'Tells the state of the chain.', getBlockchainInfo),
  method('getbestblockhash', '', 'Tells the hash of the tip.', (_asked, { node }) =>
    node.read(async ({ tip }) => hashHeader(tip.header)),
  ),
  method('getblockcount', '', 'Tells the height of the tip; genesis has 0.', (_asked, { node }) =>
    node.read(async ({ tip }) => tip.height),
  ),
  method(
    'getblockhash',
    'height:number',
    'Returns hash of block in best-block-chain at height provided.',
    getBlockHash,
  ),
  method(
    'getblockheader',
    'blockhash:string verbose:bool?',
    'Tells the header of a block; its 80 bytes in hex where verbose is false.',
    getBlockHeader,
  ),
  method(
    'getblock',
    'blockhash:string verbosity|verbose:any?',
    'Tells a block, as much of it as is asked for.',
    getBlock,
  ),
  method('getchaintips', '', 'Tells the tips of all branches.', getChainTips),
  method('getdifficulty', '', 'Tells the difficulty of the tip.', getDifficulty),
  method(
    'getdeploymentinfo',
    'blockhash:string?',
    'Tells since when rules hold that Bitcoin took up one by one.',
    getDeploymentInfo,
  ),
  method('getindexinfo', 'index_name:string?', 'Tells which indexes there are.', getIndexInfo),
];
