/** The methods of miners: what comes next, and blocks that were made. */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { ChainView } from '../chain/chain.ts';
import type { Entry } from '../chain/entry.ts';
import { isReject } from '../consensus/reject.ts';
import { maxSigopsCost, sigopsCost } from '../consensus/sigops.ts';
import { maxBlockWeight } from '../consensus/transaction.ts';
import type { Member } from '../mempool/member.ts';
import type { Node } from '../node/node.ts';
import { Block, blockWeight, Header, hashHeader } from '../primitives/block.ts';
import { decode, type Hash } from '../primitives/codec.ts';
import { minFeeRate } from '../primitives/standard.ts';
import { txid, weight, wtxid } from '../primitives/transaction.ts';
import { bitsFields, difficultyOf, hexOf, rounded, transactionHex } from './corejson.ts';
import { coins, type Fields, isFields, isList, type Value } from './exact.ts';
import { badParameter, codes, Failure } from './failure.ts';
import { type Context, findEntry, type Method, method, type Run } from './method.ts';
import { payee } from './methodscoins.ts';
import { decoded } from './parameters.ts';

const decodeBlock = (hex: string): Block =>
  decoded(hex, (bytes) => decode(Block, bytes), 'Block decode failed');

/** BIP22: null, or why not. */
const submitBlock: Run = async (asked, context) => {
  const answer = await context.submitBlock(decodeBlock(asked.text('hexdata')));
  if (isReject(answer)) return answer.reason;
  if (answer.status === 'known') return 'duplicate';
  return answer.status === 'side' ? 'inconclusive' : null;
};

/** No header is kept without its block here: it is judged, and that is all. */
const submitHeader: Run = async (asked, { node }) => {
  const problem = 'Block header decode failed';
  const hex = asked.text('hexdata');
  const header = decoded(hex, (bytes) => decode(Header, bytes), problem);
  const wrong = await node.tryHeader(header);
  if (!wrong) return null;
  const isOrphan = wrong.reason === 'prev-blk-not-found';
  throw new Failure(
    codes.verify,
    isOrphan ? `Must submit previous header (${header.parent}) first` : wrong.reason,
  );
};

const getBlockTemplate: Run = async (asked, context) => {
  const request = asked.value('template_request');
  if (!isFields(request)) throw badParameter('Invalid mode');
  const { mode = 'template', data, rules = [] } = request;
  if (mode === 'proposal') return await judgeProposal(data, context.node);
  if (mode !== 'template') throw badParameter('Invalid mode');
  if (!isList(rules) || !rules.includes('segwit')) {
    const call = '(call with {"rules": ["segwit"]})';
    throw badParameter(`getblocktemplate must be called with the segwit rule set ${call}`);
  }
  return await tellTemplate(context);
};

/** BIP23. */
async function judgeProposal(data: Value | undefined, node: Node): Promise<Value> {
  if (typeof data !== 'string') {
    throw new Failure(codes.type, 'Missing data String key for proposal');
  }
  const block = decodeBlock(data);
  const hash = hashHeader(block.header);
  const known = await node.read(async ({ store }) => ({
    entry: await store.entry(hash),
    isTip: hashHeader((await store.tipEntry()).header) === block.header.parent,
  }));
  if (known.entry) return known.entry.isFailed ? 'duplicate-invalid' : 'duplicate';
  if (!known.isTip) return 'inconclusive-not-best-prevblk';
  return (await node.tryBlock(block))?.reason ?? null;
}

/** Core: getblocktemplate. */
async function tellTemplate({ node }: Context): Promise<Fields> {
  const { block, members } = await nextBlock(node);
  const { header } = block;
  const [coinbase] = block.transactions;
  const parent = await node.read(({ store }) => store.entry(header.parent));
  const ids = members.map(({ id }) => id);
  return {
    capabilities: ['proposal'],
    version: header.version,
    rules: ['csv', '!segwit', 'taproot'],
    vbavailable: {},
    vbrequired: 0,
    previousblockhash: header.parent,
    transactions: members.map((member) => choiceFields(member, ids)),
    coinbaseaux: {},
    coinbasevalue: coinbase?.outputs[0]?.amount ?? 0n,
    longpollid: `${header.parent}${members.length}`,
    target: bitsFields(header.bits)['target'],
    mintime: (parent?.medianTimePast ?? 0) + 1,
    mutable: ['time', 'transactions', 'prevblock'],
    noncerange: '00000000ffffffff',
    sigoplimit: maxSigopsCost,
    sizelimit: maxBlockWeight,
    weightlimit: maxBlockWeight,
    curtime: header.time,
    bits: hexOf(header.bits, 8),
    height: (parent?.height ?? 0) + 1,
    default_witness_commitment: bytesToHex(coinbase?.outputs.at(-1)?.script ?? new Uint8Array(0)),
  };
}

/** Pays nobody: only what it would be worth is told. */
const nobody = Uint8Array.of(0x6a);

/** The template, and the payments in it, all of which still wait. */
async function nextBlock(node: Node): Promise<{ block: Block; members: readonly Member[] }> {
  for (;;) {
    const block = await node.template(nobody, 0);
    const members = block.transactions.slice(1).map((each) => node.mempool.get(txid(each)));
    const present = members.filter((each) => each !== undefined);
    // Another block may just have come; then this template is stale, and the next one is not.
    if (present.length === members.length) return { block, members: present };
  }
}

function choiceFields({ transaction, coins, fee, parents }: Member, ids: readonly Hash[]): Fields {
  return {
    data: transactionHex(transaction),
    txid: txid(transaction),
    hash: wtxid(transaction),
    depends: [...parents].map((id) => ids.indexOf(id) + 1).toSorted((one, other) => one - other),
    fee,
    sigops: sigopsCost([transaction], coins),
    weight: weight(transaction),
  };
}

const getMiningInfo: Run = async (_asked, { node }) => {
  const next = await node.template(nobody, 0);
  const { bits, parent } = next.header;
  // All is told of the block that the template is built on, whatever came since.
  const { tip, hashRate } = await node.read(async (view) => {
    const tip = await findEntry(view, parent);
    const window = { blocks: 120, height: tip.height };
    return { tip, hashRate: await networkHashRate(view, window) };
  });
  return {
    blocks: tip.height,
    currentblockweight: blockWeight(next),
    currentblocktx: next.transactions.length - 1,
    bits: hexOf(tip.header.bits, 8),
    difficulty: rounded(difficultyOf(tip.header.bits)),
    target: bitsFields(tip.header.bits)['target'],
    networkhashps: hashRate,
    pooledtx: node.mempool.size,
    blockmintxfee: coins(minFeeRate),
    chain: node.chain.params.name,
    next: {
      height: tip.height + 1,
      bits: hexOf(bits, 8),
      difficulty: rounded(difficultyOf(bits)),
      target: bitsFields(bits)['target'],
    },
    warnings: [],
  };
};

/** The most blocks that a rate is reckoned over, so that a question has a bound. */
const maxWindow = 100_000;

/** Core: GetNetworkHashPS. */
async function networkHashRate(
  { store, tip }: ChainView,
  window: { readonly blocks: number; readonly height: number },
): Promise<number> {
  const at = window.height >= 0 && window.height < tip.height;
  const last = at ? await store.activeEntry(window.height) : tip;
  const since = window.blocks === -1 ? (last.height % 2016) + 1 : window.blocks;
  const count = Math.min(since, last.height, maxWindow);
  if (count === 0) return 0;
  let earliest = last.header.time;
  let latest = last.header.time;
  let first: Entry = last;
  for (let height = last.height - 1; height >= last.height - count; height--) {
    first = await store.activeEntry(height);
    earliest = Math.min(earliest, first.header.time);
    latest = Math.max(latest, first.header.time);
  }
  if (earliest === latest) return 0;
  return rounded(Number(last.work - first.work) / (latest - earliest));
}

const getNetworkHashRate: Run = (asked, { node }) => {
  const blocks = asked.whole('nblocks', 120);
  const height = asked.whole('height', -1);
  if (blocks < -1 || blocks === 0) {
    throw badParameter('Invalid nblocks. Must be a positive number or -1.');
  }
  return node.read(async (view) => {
    if (height < -1 || height > view.tip.height) {
      throw badParameter('Block does not exist at specified height');
    }
    return await networkHashRate(view, { blocks, height });
  });
};

const generateToAddress: Run = async (asked, { node, mine }) => {
  const script = payee(asked.text('address'), node.chain.params.prefix);
  const hashes: Hash[] = [];
  for (let i = asked.whole('nblocks'); i > 0; i--) {
    hashes.push(hashHeader((await mine(script)).header));
  }
  return hashes;
};

export const miningMethods: readonly Method[] = [
  method(
    'getblocktemplate',
    'template_request:object',
    'Tells what a miner needs for the next block, or judges a proposal for it.',
    getBlockTemplate,
  ),
  method('getmininginfo', '', 'Tells of mining.', getMiningInfo),
  method(
    'getnetworkhashps',
    'nblocks:number? height:number?',
    'Estimates the hashes that are tried a second, over so many blocks.',
    getNetworkHashRate,
  ),
  method(
    'submitblock',
    'hexdata:string dummy:string?',
    'Takes a block; null, or why not.',
    submitBlock,
  ),
  method('submitheader', 'hexdata:string', 'Judges the header of a block.', submitHeader),
  method(
    'generatetoaddress',
    'nblocks:number address:string maxtries:number?',
    'Mines blocks now; their hashes.',
    generateToAddress,
  ),
];
