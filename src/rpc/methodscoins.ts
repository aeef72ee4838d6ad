/** The methods that tell of single transactions, coins, scripts and addresses. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { ChainView } from '../chain/chain.ts';
import type { Entry } from '../chain/entry.ts';
import type { Node } from '../node/node.ts';
import { type EntryView, spentIn, viewEntry } from '../node/view.ts';
import { scriptOf } from '../primitives/address.ts';
import { type Block, hashHeader } from '../primitives/block.ts';
import { DecodeError, decode, encode, type Hash, hashFromBytes } from '../primitives/codec.ts';
import { type Coin, NamedCoin } from '../primitives/coin.ts';
import { outputKind } from '../primitives/script.ts';
import { type Output, Transaction, txid } from '../primitives/transaction.ts';
import { describeScript, scriptFields } from './assembly.ts';
import { transactionFields, transactionHex } from './corejson.ts';
import { coins, type Fields, type Value } from './exact.ts';
import { badParameter, codes, Failure } from './failure.ts';
import { type Method, method, type Run } from './method.ts';
import { decoded } from './parameters.ts';

/** A transaction, and the block that holds it, where one does. */
interface Found {
  readonly transaction: Transaction;
  readonly place?: { readonly entry: Entry; readonly block: Block };
}

const getRawTransaction: Run = (asked, { node }) =>
  node.read(async (view) => {
    const id = asked.hash('txid', 'parameter 1');
    const verbosity = asked.verbosity('verbosity', 0);
    const isNamed = asked.has('blockhash');
    const named = isNamed ? asked.hash('blockhash', 'parameter 3') : undefined;
    const { transaction, place } = named
      ? await findInBlock(view, id, named)
      : await findAnywhere(view, id, node);
    if (verbosity <= 0) return transactionHex(transaction);
    const seen = place && (await viewEntry(view, place.entry));
    const spent = verbosity >= 2 && seen ? await spentIn(view, seen, place.block) : undefined;
    const detail = { hex: true, ...(spent ? { spent } : {}) };
    return {
      in_active_chain: isNamed ? seen?.isActive : undefined,
      ...transactionFields(transaction, node.chain.params, detail),
      ...(seen && placeFields(seen)),
    };
  });

async function findInBlock({ store }: ChainView, id: Hash, hash: Hash): Promise<Found> {
  const entry = await store.entry(hash);
  if (!entry) throw new Failure(codes.addressOrKey, 'Block hash not found');
  const block = await store.block(entry);
  const transaction = block.transactions.find((each) => txid(each) === id);
  if (transaction) return { transaction, place: { entry, block } };
  throw notFound('No such transaction found in the provided block');
}

async function findAnywhere({ store }: ChainView, id: Hash, node: Node): Promise<Found> {
  const [minted] = node.chain.params.genesis.transactions;
  if (minted && txid(minted) === id) {
    const problem = 'The genesis block coinbase is not considered an ordinary transaction and ';
    throw new Failure(codes.addressOrKey, `${problem}cannot be retrieved`);
  }
  const waiting = node.mempool.get(id);
  if (waiting) return waiting;
  if (!(await store.hasIndex())) {
    const remedy =
      'Build the index or provide a block hash to enable blockchain transaction queries';
    throw notFound(`No such mempool transaction. ${remedy}`);
  }
  const at = await store.place(id);
  const entry = at && (await store.activeEntry(at.height));
  const block = entry && (await store.block(entry));
  const transaction = block?.transactions[at?.position ?? 0];
  if (!transaction || !entry) throw notFound('No such mempool or blockchain transaction');
  return { transaction, place: { entry, block } };
}

function notFound(problem: string): Failure {
  const hint = 'Use gettransaction for wallet transactions.';
  return new Failure(codes.addressOrKey, `${problem}. ${hint}`);
}

/** Where it lies, as Core adds it to a transaction. */
function placeFields({ entry, hash, isActive, confirmations }: EntryView): Fields {
  const { time } = entry.header;
  return isActive
    ? { blockhash: hash, confirmations, time, blocktime: time }
    : { blockhash: hash, confirmations: 0 };
}

const getTxOut: Run = (asked, { node }) => {
  const outPoint = { txid: asked.hash('txid'), index: asked.whole('n') };
  const withWaiting = asked.flag('include_mempool', true);
  return node.read(async ({ store, tip }): Promise<Value> => {
    const isSpent = withWaiting && node.mempool.spenderOf(outPoint) !== undefined;
    if (isSpent || outPoint.index < 0) return null;
    const waiting = withWaiting ? node.mempool.get(outPoint.txid) : undefined;
    const output = waiting?.transaction.outputs[outPoint.index];
    const stored = await store.coin(outPoint);
    const found: Output | Coin | undefined = stored ?? output;
    if (!found) return null;
    return {
      bestblock: hashHeader(tip.header),
      confirmations: stored ? tip.height - stored.height + 1 : 0,
      value: coins(found.amount),
      scriptPubKey: scriptFields(found.script, node.chain.params.prefix),
      coinbase: stored?.isCoinbase ?? false,
    };
  });
};

/** All coins, counted and hashed one after the other. Core: ComputeUTXOStats. */
const getTxOutSetInfo: Run = (asked, { node }) => {
  const hashType = asked.text('hash_type', 'hash_serialized_3');
  if (hashType !== 'hash_serialized_3' && hashType !== 'none') {
    throw badParameter(`'${hashType}' is not a valid hash_type`);
  }
  if (asked.has('hash_or_height')) {
    throw badParameter('Querying specific block heights requires coinstatsindex');
  }
  return node.read(async ({ store, tip }) => {
    const hasher = sha256.create();
    const count = { txouts: 0, bogosize: 0, transactions: 0, amount: 0n };
    let last: NamedCoin[] = [];
    const settle = () => {
      // The index is written little end first, so beyond 255 the order of the keys is not its own.
      last.sort((one, other) => one.outPoint.index - other.outPoint.index);
      for (const coin of last) hasher.update(encode(NamedCoin, coin));
      count.transactions += Number(last.length > 0);
      last = [];
    };
    for await (const named of store.allCoins()) {
      if (last[0]?.outPoint.txid !== named.outPoint.txid) settle();
      last.push(named);
      count.txouts++;
      count.bogosize += 50 + named.coin.script.length;
      count.amount += named.coin.amount;
    }
    settle();
    return {
      height: tip.height,
      bestblock: hashHeader(tip.header),
      txouts: count.txouts,
      bogosize: count.bogosize,
      hash_serialized_3: hashType === 'none' ? undefined : hashFromBytes(sha256(hasher.digest())),
      total_amount: coins(count.amount),
      transactions: count.transactions,
    };
  });
};

const decodeRawTransaction: Run = (asked, { node }) => {
  const problem = 'TX decode failed';
  const hex = asked.text('hexstring');
  const transaction = decoded(hex, (bytes) => decode(Transaction, bytes), problem);
  return transactionFields(transaction, node.chain.params);
};

const decodeScript: Run = (asked, { node }) => {
  const problem = 'argument must be hexadecimal string';
  const script = decoded(asked.text('hexstring'), (bytes) => bytes, problem);
  const { asm, desc, address, type } = describeScript(script, node.chain.params.prefix);
  return { asm, desc, address, type };
};

const validateAddress: Run = (asked, { node }) => {
  const address = asked.text('address');
  try {
    const script = scriptOf(address, node.chain.params.prefix);
    const output = outputKind(script);
    const program = output && output.kind !== 'carrier' ? output.program : script;
    return {
      isvalid: true,
      address: address.toLowerCase(),
      scriptPubKey: bytesToHex(script),
      isscript: output?.kind === 'p2tr',
      iswitness: true,
      witness_version: output?.kind === 'p2tr' ? 1 : 0,
      witness_program: bytesToHex(program),
    };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { isvalid: false, error_locations: [], error: error.message };
  }
};

/** The script of an address that somebody is to be paid at. */
export function payee(address: string, prefix: string): Uint8Array {
  try {
    return scriptOf(address, prefix);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new Failure(codes.addressOrKey, `Invalid Bitcoin address: ${address}`);
  }
}

export const coinMethods: readonly Method[] = [
  method(
    'getrawtransaction',
    'txid:string verbosity|verbose:any? blockhash:string?',
    'Tells a transaction: 0 its bytes in hex, 1 what is in them, 2 its fee and coins too.',
    getRawTransaction,
  ),
  method(
    'gettxout',
    'txid:string n:number include_mempool:bool?',
    'Tells of a coin; null where it was spent or never made.',
    getTxOut,
  ),
  method(
    'gettxoutsetinfo',
    'hash_type:string? hash_or_height:any? use_index:bool?',
    'Counts all coins; this takes long where there are many.',
    getTxOutSetInfo,
  ),
  method(
    'decoderawtransaction',
    'hexstring:string iswitness:bool?',
    'Tells what is in the bytes of a transaction.',
    decodeRawTransaction,
  ),
  method('decodescript', 'hexstring:string', 'Tells what is in a script.', decodeScript),
  method('validateaddress', 'address:string', 'Tells whether an address is one.', validateAddress),
];
