/** The methods of miners: what comes next, and blocks that were made. */
import type { ChainView } from '../chain/chain.ts';
import type { Entry } from '../chain/entry.ts';
import { isReject } from '../consensus/reject.ts';
import { Block, blockWeight, Header } from '../primitives/block.ts';
import { decode } from '../primitives/codec.ts';
import { minFeeRate } from '../primitives/standard.ts';
import { bitsFields, difficultyOf, hexOf, rounded } from './corejson.ts';
import { coins } from './exact.ts';
import { badParameter, codes, Failure } from './failure.ts';
import { findEntry, type Method, method, type Run } from './method.ts';
import { nobody } from './methodstemplate.ts';
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

export const miningMethods: readonly Method[] = [
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
];
