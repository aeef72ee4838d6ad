/** The methods that tell of single transactions, coins, scripts and addresses. */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { ChainView } from '../chain/chain.ts';
import type { Entry } from '../chain/entry.ts';
import type { Node } from '../node/node.ts';
import { scriptOf } from '../primitives/address.ts';
import { type Block, hashHeader } from '../primitives/block.ts';
import { DecodeError, decode, type Hash } from '../primitives/codec.ts';
import type { Coin } from '../primitives/coin.ts';
import { carrierScript, outputKind } from '../primitives/script.ts';
import { type Output, Transaction, txid } from '../primitives/transaction.ts';
import { describeScript, scriptFields } from './assembly.ts';
import { spentIn, transactionFields } from './corejson.ts';
import { coins, Exact, type Fields, isFields, isList, type Value } from './exact.ts';
import { badParameter, codes, Failure } from './failure.ts';
import { transactionHex } from './json.ts';
import { type Method, method, type Run } from './method.ts';
import { amountOf, decoded, hashIn, objectsIn, wholeIn } from './parameters.ts';

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
    const told = place && (await placeFields(view, place.entry));
    const spent =
      verbosity >= 2 && place ? await spentIn(view, place.entry, place.block) : undefined;
    const detail = { hex: true, ...(spent ? { spent } : {}) };
    return {
      in_active_chain: isNamed ? told?.isActive : undefined,
      ...transactionFields(transaction, node.chain.params, detail),
      ...told?.fields,
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
async function placeFields({ store, tip }: ChainView, { header, height }: Entry) {
  const hash = hashHeader(header);
  const isActive = (await store.hashAt(height)) === hash;
  const fields: Fields = isActive
    ? {
        blockhash: hash,
        confirmations: tip.height - height + 1,
        time: header.time,
        blocktime: header.time,
      }
    : { blockhash: hash, confirmations: 0 };
  return { isActive, fields };
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

/** Core: ConstructTransaction. */
const createRawTransaction: Run = (asked, { node }) => {
  const lockTime = Number(exactOr(asked.value('locktime'), '0'));
  if (!Number.isInteger(lockTime) || lockTime < 0 || lockTime > 0xffff_ffff) {
    throw badParameter('Invalid parameter, locktime out of range');
  }
  const version = asked.whole('version', 2);
  if (version < 1 || version > 3) {
    throw badParameter('Invalid parameter, version out of range(1~3)');
  }
  const isReplaceable = asked.flag('replaceable', true);
  const sequence = isReplaceable ? 0xffff_fffd : lockTime > 0 ? 0xffff_fffe : 0xffff_ffff;
  const inputs = objectsIn(asked.list('inputs')).map((each) => ({
    prevout: { txid: hashIn(each, 'txid'), index: wholeIn(each, 'vout', 0xffff_ffff) },
    scriptSig: new Uint8Array(0),
    sequence: each['sequence'] === undefined ? sequence : wholeIn(each, 'sequence', 0xffff_ffff),
    witness: [],
  }));
  const outputs = outputsOf(asked.value('outputs'), node.chain.params.prefix);
  return transactionHex({ version, inputs, outputs, lockTime });
};

function exactOr(value: Value, otherwise: string): string {
  return value instanceof Exact ? value.digits : otherwise;
}

/** A list of objects, or one object with everything. */
function outputsOf(value: Value, prefix: string): readonly Output[] {
  const objects = isList(value) ? objectsIn(value) : isFields(value) ? [value] : undefined;
  if (!objects) throw new Failure(codes.type, 'Expected an array or an object of outputs');
  const pairs = objects.flatMap((each) => Object.entries(each));
  const seen = new Set<string>();
  return pairs.map(([name, told]) => {
    if (seen.has(name)) throw badParameter(`Invalid parameter, duplicated address: ${name}`);
    seen.add(name);
    if (name !== 'data') return { amount: amountOf(told), script: payee(name, prefix) };
    const hex = typeof told === 'string' ? told : '!';
    const bytes = decoded(hex, (each) => each, 'Data must be hexadecimal string');
    return { amount: 0n, script: carrierScript(bytes) };
  });
}

/** The script of an address that somebody is to be paid at. */
function payee(address: string, prefix: string): Uint8Array {
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
    'decoderawtransaction',
    'hexstring:string iswitness:bool?',
    'Tells what is in the bytes of a transaction.',
    decodeRawTransaction,
  ),
  method('decodescript', 'hexstring:string', 'Tells what is in a script.', decodeScript),
  method(
    'createrawtransaction',
    'inputs:array outputs:any locktime:number? replaceable:bool? version:number?',
    'Makes a transaction that nobody has signed.',
    createRawTransaction,
  ),
  method('validateaddress', 'address:string', 'Tells whether an address is one.', validateAddress),
];
