/** Payments in a block of their own, and what their inputs show. */
import type { Params } from '../../src/consensus/params.ts';
import { hash160 } from '../../src/primitives/hash.ts';
import { p2wpkhScript } from '../../src/primitives/script.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import {
  blockAt,
  hex,
  judge,
  type Owned,
  own,
  pay,
  placeAt,
  type SpendableKind,
  withWitness,
  witnessIn,
} from '../forge.ts';

const height = 200;
/** The kinds as people write them. */
export const name = { p2wpkh: 'P2WPKH', p2tr: 'P2TR' };
/** A byte as people write it. */
export const hexByte = (byte: number) => byte.toString(16).padStart(2, '0');

/** A block with this payment, which spends these coins. */
export const spending = (coins: readonly Owned[], payment: Transaction) => (params: Params) =>
  judge(blockAt(height, [payment]), placeAt(params, height, coins));

/** A good payment of this coin, with another witness made of its own. */
export const showing = (
  coin: Owned,
  change: (signature: Uint8Array, key: Uint8Array) => readonly Uint8Array[],
) => {
  const payment = pay([coin]);
  const [signature, key = new Uint8Array(0)] = witnessIn(payment);
  return spending([coin], withWitness(payment, change(signature as Uint8Array, key)));
};

/** A coin for the hash of these bytes as a key; spending it shows them. */
export const keyed = (bytes: Uint8Array) => {
  const coin = own(1, { script: p2wpkhScript(hash160(bytes)) });
  return showing(coin, (sig) => [sig, bytes]);
};

/** Two coins of a kind, of two keys. */
export const pair = (kind: SpendableKind) => [own(1, { kind }), own(2, { kind })] as const;

/** BIP340, test vector 5: the x of no point. */
export const offCurve = hex('eefdea4cdb677750a420fee807eacf21eb9898ae79b9768766e4faa04a2d4a34');
