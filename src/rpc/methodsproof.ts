/** The methods that prove that a transaction is in a block, and check such proofs. */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { ChainView } from '../chain/chain.ts';
import type { Entry } from '../chain/entry.ts';
import { hashHeader } from '../primitives/block.ts';
import { DecodeError, encode, type Hash, parseHex, Reader } from '../primitives/codec.ts';
import { Proof, prove, proven } from '../primitives/proof.ts';
import { txid } from '../primitives/transaction.ts';
import { badParameter, codes, Failure } from './failure.ts';
import { findEntry, type Method, method, type Run } from './method.ts';
import { hashOfText, isHex, textOf } from './parameters.ts';

/** Core: gettxoutproof. */
const getTxOutProof: Run = (asked, { node }) => {
  const wanted = new Set<Hash>();
  if (asked.list('txids').length === 0) throw badParameter("Parameter 'txids' cannot be empty");
  for (const each of asked.list('txids')) {
    const id = hashOfText(textOf(each), 'txid');
    if (wanted.has(id)) throw badParameter(`Invalid parameter, duplicated txid: ${textOf(each)}`);
    wanted.add(id);
  }
  return node.read(async (view) => {
    const entry = asked.has('blockhash')
      ? await findEntry(view, asked.hash('blockhash'))
      : await entryWith(view, [...wanted]);
    const { header, transactions } = await view.store.block(entry);
    const ids = transactions.map(txid);
    if (ids.filter((id) => wanted.has(id)).length !== wanted.size) {
      const problem = 'Not all transactions found in specified or retrieved block';
      throw new Failure(codes.addressOrKey, problem);
    }
    return bytesToHex(encode(Proof, prove(header, ids, wanted)));
  });
};

/** The block of the first of these that left a coin, or that the index knows. */
async function entryWith({ store }: ChainView, ids: readonly Hash[]): Promise<Entry> {
  for (const id of ids) {
    const coin = await store.coinOf(id);
    if (coin) return await store.activeEntry(coin.height);
  }
  const [first] = ids;
  const place = first && (await store.hasIndex()) ? await store.place(first) : undefined;
  if (place) return await store.activeEntry(place.height);
  throw new Failure(codes.addressOrKey, 'Transaction not yet in block');
}

/** Core: verifytxoutproof. */
const verifyTxOutProof: Run = (asked, { node }) => {
  const proof = readProof(asked.text('proof'));
  const found = proven(proof);
  if (!found) return [];
  return node.read(async ({ store }) => {
    const hash = hashHeader(proof.header);
    const entry = await store.entry(hash);
    if (!entry || (await store.hashAt(entry.height)) !== hash) {
      throw new Failure(codes.addressOrKey, 'Block not found in chain');
    }
    return entry.transactions === proof.count ? found : [];
  });
};

/** Bytes behind the proof are of no account, as in Core. */
function readProof(hex: string): Proof {
  if (!isHex(hex)) throw badParameter(`proof must be hexadecimal string (not '${hex}')`);
  try {
    return Proof.read(new Reader(parseHex(hex)));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new Failure(codes.misc, `Proof decode failed: ${error.message}`);
  }
}

export const proofMethods: readonly Method[] = [
  method(
    'gettxoutproof',
    'txids:array blockhash:string?',
    'Proves that transactions are in a block.',
    getTxOutProof,
  ),
  method(
    'verifytxoutproof',
    'proof:string',
    'Checks such a proof; the ids that it proves.',
    verifyTxOutProof,
  ),
];
