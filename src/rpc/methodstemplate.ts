/** The template of the next block, for miners that are programs of their own; and its proposals. */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Entry } from '../chain/entry.ts';
import { maxSigopsCost, sigopsCost } from '../consensus/sigops.ts';
import { maxBlockWeight } from '../consensus/transaction.ts';
import type { Member } from '../mempool/member.ts';
import type { Node } from '../node/node.ts';
import { Block, hashHeader } from '../primitives/block.ts';
import { decode, type Hash } from '../primitives/codec.ts';
import { txid, weight, wtxid } from '../primitives/transaction.ts';
import { bitsFields, hexOf, transactionHex } from './corejson.ts';
import { type Fields, isFields, isList, type Value } from './exact.ts';
import { badParameter, codes, Failure } from './failure.ts';
import { type Context, demandRunning, type Method, method, type Run } from './method.ts';
import { decoded, hashOfText } from './parameters.ts';
import { untilTip } from './waiting.ts';

const getBlockTemplate: Run = async (asked, context, signal) => {
  const request = asked.value('template_request');
  if (!isFields(request)) throw badParameter('Invalid mode');
  const { mode = 'template', data, rules = [] } = request;
  if (mode === 'proposal') return await judgeProposal(data, context.node);
  if (mode !== 'template') throw badParameter('Invalid mode');
  if (!isList(rules) || !rules.includes('segwit')) {
    const call = '(call with {"rules": ["segwit"]})';
    throw badParameter(`getblocktemplate must be called with the segwit rule set ${call}`);
  }
  await untilOther(request['longpollid'], context, signal);
  return await tellTemplate(context);
};

/** How long a template is good enough where only payments came: at first, and from then on. */
const firstPatienceMs = 60_000;
const patienceMs = 10_000;

/** Until the template differs from that of this id: its parent and a count of changes. BIP22. */
async function untilOther(
  id: Value | undefined,
  context: Context,
  signal: AbortSignal,
): Promise<void> {
  if (id === undefined || id === null) return;
  const { mempool, chain } = context.node;
  const text = typeof id === 'string' ? id : `${hashHeader(chain.tip.header)}${mempool.changes}`;
  const parent = hashOfText(text.slice(0, 64), 'longpollid');
  const changes = text.slice(64);
  const isWanted = ({ header }: Entry) => hashHeader(header) !== parent;
  let ms = firstPatienceMs;
  do {
    const tip = await untilTip(context, { isWanted, ms }, signal);
    demandRunning(signal);
    if (isWanted(tip)) return;
    ms = patienceMs;
  } while (String(mempool.changes) === changes);
}

/** BIP23. */
async function judgeProposal(data: Value | undefined, node: Node): Promise<Value> {
  if (typeof data !== 'string') {
    throw new Failure(codes.type, 'Missing data String key for proposal');
  }
  const block = decoded(data, (bytes) => decode(Block, bytes), 'Block decode failed');
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
  // Counted before: what comes meanwhile is at worst told of once more.
  const { changes } = node.mempool;
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
    longpollid: `${header.parent}${changes}`,
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
export const nobody = Uint8Array.of(0x6a);

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

export const templateMethods: readonly Method[] = [
  method(
    'getblocktemplate',
    'template_request:object',
    'Tells what a miner needs for the next block, or judges a proposal for it.',
    getBlockTemplate,
  ),
];
