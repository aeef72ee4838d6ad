/**
 * The methods that tell of addresses. Core has none; names and fields are those of the address
 * index that Bitcore added to it, which explorers were written against. Amounts are base units.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { ChainView } from '../chain/chain.ts';
import { historyOf } from '../node/history.ts';
import type { Node } from '../node/node.ts';
import { addressOf, scriptOf } from '../primitives/address.ts';
import { hashHeader } from '../primitives/block.ts';
import { DecodeError } from '../primitives/codec.ts';
import { type Fields, isFields, isList, type Value } from './exact.ts';
import { badParameter, codes, Failure } from './failure.ts';
import { type Context, demandRunning, type Method, method, type Run } from './method.ts';
import type { Arguments } from './parameters.ts';

/** So many in one call; Bitcore has no bound but that of the body. */
const maxAddresses = 1_000;

/** An address, a list of them, or an object with such a list. */
function scriptsOf(asked: Arguments, { chain }: Node): readonly Uint8Array[] {
  const value = asked.value('addresses');
  const named = isFields(value) ? value['addresses'] : value;
  const list = typeof named === 'string' ? [named] : named;
  if (!isList(list)) {
    throw new Failure(codes.addressOrKey, 'Addresses is expected to be an array');
  }
  if (list.length === 0) throw badParameter('Invalid parameter, addresses are missing');
  if (list.length > maxAddresses) {
    throw badParameter(`Invalid parameter, at most ${maxAddresses} addresses in one call`);
  }
  const addresses = new Set(list.map((each) => (typeof each === 'string' ? each : '')));
  return [...addresses].map((address) => scriptOfAddress(address, chain.params.prefix));
}

function scriptOfAddress(address: string, prefix: string): Uint8Array {
  try {
    return scriptOf(address, prefix);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new Failure(codes.addressOrKey, `Invalid address: ${error.message}`);
  }
}

/** Events that are read at once. */
const page = 500;

/** What an address gained in sum, all of it: payments to itself count by what they brought. */
async function receivedBy(
  { store }: ChainView,
  script: Uint8Array,
  rest: () => Promise<void>,
): Promise<bigint> {
  const { events } = await store.addressSum(script);
  let sum = 0n;
  for (let from = 0; from < events; from += page) {
    for (const { change } of await store.historyOf(script, from, page)) {
      if (change > 0n) sum += change;
    }
    await rest();
  }
  return sum;
}

function restOf({ pause }: Context, signal: AbortSignal): () => Promise<void> {
  return async () => {
    demandRunning(signal);
    await pause();
  };
}

const getAddressBalance: Run = (asked, context, signal) => {
  const { node } = context;
  const scripts = scriptsOf(asked, node);
  return node.read(async (view) => {
    let [balance, received] = [0n, 0n];
    for (const script of scripts) {
      balance += (await view.store.addressSum(script)).amount;
      received += await receivedBy(view, script, restOf(context, signal));
    }
    return { balance, received };
  });
};

const getAddressUtxos: Run = (asked, context, signal) => {
  const { node } = context;
  const scripts = scriptsOf(asked, node);
  const value = asked.value('addresses');
  const withChain = isFields(value) && value['chainInfo'] === true;
  return node.read(async (view): Promise<Value> => {
    const found: (Fields & { readonly height: number })[] = [];
    for (const script of scripts) {
      // Without indexes this says so, where looking at every coin would take for ever.
      await view.store.addressSum(script);
      for (const { outPoint, coin } of await view.store.coinsOf(script)) {
        found.push({
          address: addressOf(script, node.chain.params.prefix),
          txid: outPoint.txid,
          outputIndex: outPoint.index,
          script: bytesToHex(script),
          satoshis: coin.amount,
          height: coin.height,
        });
      }
      await restOf(context, signal)();
    }
    const utxos = found.toSorted((one, other) => one.height - other.height);
    const { tip } = view;
    return withChain ? { utxos, hash: hashHeader(tip.header), height: tip.height } : utxos;
  });
};

/** Where nothing is said, so much of it. */
const someEvents = 100;
const maxEvents = 10_000;

const getAddressHistory: Run = (asked, { node }) => {
  const scripts = scriptsOf(asked, node);
  const limit = asked.whole('limit', someEvents);
  if (limit < 1 || limit > maxEvents) {
    throw badParameter(`Invalid parameter, limit must be between 1 and ${maxEvents}`);
  }
  return node.read(async (view) => {
    const happenings = await historyOf(view, node.mempool, { scripts, limit });
    return happenings.map(({ txid, height, time, change, confirmations }): Fields => {
      return { txid, satoshis: change, height: height ?? -1, time, confirmations };
    });
  });
};

export const addressMethods: readonly Method[] = [
  method(
    'getaddressbalance',
    'addresses|address:any',
    'Tells in base units what addresses own, and what transactions brought them.',
    getAddressBalance,
  ),
  method(
    'getaddressutxos',
    'addresses|address:any',
    'Tells the coins of addresses, the oldest first; of those that wait for no block.',
    getAddressUtxos,
  ),
  method(
    'getaddresshistory',
    'addresses|address:any limit:number?',
    'Tells what transactions did to addresses taken together, the latest first; one that waits ' +
      'has height -1.',
    getAddressHistory,
  ),
];
