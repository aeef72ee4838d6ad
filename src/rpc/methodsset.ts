/** The methods that walk over all coins: how many there are, and which pay some scripts. */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { ChainView } from '../chain/chain.ts';
import { coinsIn, countCoins, type HashKind } from '../node/coinset.ts';
import { hashHeader } from '../primitives/block.ts';
import { hashToBytes } from '../primitives/codec.ts';
import type { NamedCoin } from '../primitives/coin.ts';
import { describeScript } from './assembly.ts';
import { scriptOfDescriptor } from './descriptor.ts';
import { coins, type Fields, isFields, type Value } from './exact.ts';
import { badParameter, codes, Failure } from './failure.ts';
import { type Context, demandRunning, type Method, method, type Run } from './method.ts';

const hashKinds: readonly HashKind[] = ['hash_serialized_3', 'muhash', 'none'];

const getTxOutSetInfo: Run = (asked, { node, pause }, signal) => {
  const name = asked.text('hash_type', 'hash_serialized_3');
  const kind = hashKinds.find((each) => each === name);
  if (!kind) throw badParameter(`'${name}' is not a valid hash_type`);
  if (asked.has('hash_or_height')) {
    throw badParameter('Querying specific block heights requires coinstatsindex');
  }
  const rest = async () => {
    demandRunning(signal);
    await pause();
  };
  return node.read(async (view): Promise<Fields> => {
    const count = await countCoins(view, kind, rest);
    return {
      height: view.tip.height,
      bestblock: hashHeader(view.tip.header),
      txouts: count.coins,
      bogosize: count.bogoSize,
      [kind === 'none' ? 'hash_serialized_3' : kind]: count.hash,
      total_amount: coins(count.amount),
      transactions: count.transactions,
    };
  });
};

/** A scan that goes on. */
interface Scan {
  /** Parts of a hundred. */
  progress: number;
  isAborted: boolean;
}

/** One scan at a time, which others can ask of and end. Core: CoinsViewScanReserver. */
function scanTxOutSet(): Run {
  let scan: Scan | undefined;
  return async (asked, context, signal): Promise<Value> => {
    const action = asked.text('action');
    if (action === 'status') return scan ? { progress: Math.floor(scan.progress) } : null;
    if (action === 'abort') {
      if (scan) scan.isAborted = true;
      return scan !== undefined;
    }
    if (action !== 'start') throw badParameter(`Invalid action '${action}'`);
    if (scan) {
      throw badParameter('Scan already in progress, use action "abort" or "status"');
    }
    if (!asked.has('scanobjects')) {
      const problem = 'scanobjects argument is required for the start action';
      throw new Failure(codes.misc, problem);
    }
    const { prefix } = context.node.chain.params;
    const scripts = asked.list('scanobjects').map((each) => scriptIn(each, prefix));
    const begun = { progress: 0, isAborted: false };
    scan = begun;
    try {
      return await search(scripts, begun, context, signal);
    } finally {
      scan = undefined;
    }
  };
}

/** Core: EvalDescriptorStringOrObject. */
function scriptIn(value: Value, prefix: string): Uint8Array {
  if (typeof value === 'string') return scriptOfDescriptor(value, prefix);
  if (!isFields(value)) {
    throw badParameter('Scan object needs to be either a string or an object');
  }
  const { desc } = value;
  if (typeof desc === 'string') return scriptOfDescriptor(desc, prefix);
  throw badParameter('Descriptor needs to be provided in scan object');
}

function search(
  scripts: readonly Uint8Array[],
  scan: Scan,
  { node, pause }: Context,
  signal: AbortSignal,
): Promise<Fields> {
  const wanted = new Set(scripts.map(bytesToHex));
  return node.read(async (view) => {
    const found: NamedCoin[] = [];
    let txouts = 0;
    for await (const named of coinsIn(view, pause)) {
      demandRunning(signal);
      if (scan.isAborted) break;
      txouts++;
      if (wanted.has(bytesToHex(named.coin.script))) found.push(named);
      // Coins lie in the order of their hashes, which are spread evenly.
      const [first = 0, second = 0] = hashToBytes(named.outPoint.txid);
      scan.progress = ((first * 256 + second) * 100) / 65_536;
    }
    const { tip } = view;
    return {
      success: !scan.isAborted,
      txouts,
      height: tip.height,
      bestblock: hashHeader(tip.header),
      unspents: await Promise.all(
        found.map((each) => coinFields(each, view, node.chain.params.prefix)),
      ),
      total_amount: coins(found.reduce((sum, { coin }) => sum + coin.amount, 0n)),
    };
  });
}

async function coinFields(
  { outPoint, coin }: NamedCoin,
  { store, tip }: ChainView,
  prefix: string,
): Promise<Fields> {
  return {
    txid: outPoint.txid,
    vout: outPoint.index,
    scriptPubKey: bytesToHex(coin.script),
    desc: describeScript(coin.script, prefix).desc,
    amount: coins(coin.amount),
    coinbase: coin.isCoinbase,
    height: coin.height,
    blockhash: await store.hashAt(coin.height),
    confirmations: tip.height - coin.height + 1,
  };
}

/** The scan that goes on is that of one node. */
export function setMethods(): readonly Method[] {
  return [
    method(
      'gettxoutsetinfo',
      'hash_type:string? hash_or_height:any? use_index:bool?',
      'Counts all coins; this takes long where there are many.',
      getTxOutSetInfo,
    ),
    method(
      'scantxoutset',
      'action:string scanobjects:array?',
      'Looks for coins of descriptors (start), tells how far it is (status) or ends it (abort).',
      scanTxOutSet(),
    ),
  ];
}
