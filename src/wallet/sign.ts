/**
 * Signs a payment: for each coin the proof that we may spend it.
 *
 * What leaves here has been judged by the rules that every node applies, signatures included, so a
 * mistake in a key or a path is ours to see and never a payment that the network refuses.
 */
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { isReject } from '../consensus/reject.ts';
import { readWitnesses } from '../consensus/witness.ts';
import { hash160 } from '../primitives/hash.ts';
import { nobleEngine } from '../primitives/reference.ts';
import { Digests, sighash } from '../primitives/sighash.ts';
import { verify } from '../primitives/signature.ts';
import type { Output, Transaction } from '../primitives/transaction.ts';
import type { Key, Keys } from './keys.ts';
import type { Payment } from './payment.ts';
import { tweakPrivateKey } from './taproot.ts';

/** Random bytes, that many. */
type Random = (length: number) => Uint8Array;

/** The payment with its witnesses. Each input signs all of it. */
export function signPayment(payment: Payment, keys: Keys, random: Random): Transaction {
  const { transaction, spent } = payment;
  const outputs = spent.map(({ output }) => output);
  const digests = new Digests(transaction, outputs);
  const witnesses = spent.map(({ path }, index) => {
    const key = keys.key(path);
    return path.kind === 'p2wpkh'
      ? signP2wpkh(key, digests, index)
      : signP2tr(key, digests, { index, random });
  });
  const inputs = transaction.inputs.map((input, i) => ({ ...input, witness: witnesses[i] ?? [] }));
  const signed = { ...transaction, inputs };
  assertSigned(signed, outputs);
  return signed;
}

/** ECDSA with the nonce of RFC6979: the same signature whenever the same thing is signed. */
function signP2wpkh({ privateKey, publicKey }: Key, digests: Digests, index: number) {
  const digest = digests.p2wpkh(index, sighash.all, hash160(publicKey));
  const der = secp256k1.sign(digest, privateKey, { prehash: false, format: 'der' });
  return [Uint8Array.of(...der, sighash.all), publicKey];
}

interface Place {
  readonly index: number;
  readonly random: Random;
}

/** BIP340; the random bytes blind the signer against measurement, the nonce does not need them. */
function signP2tr({ privateKey }: Key, digests: Digests, { index, random }: Place) {
  const digest = digests.p2tr(index, sighash.default);
  if (!digest) throw new Error('assertion failed: type DEFAULT always has a digest');
  return [schnorr.sign(digest, tweakPrivateKey(privateKey), random(32))];
}

function assertSigned(signed: Transaction, outputs: readonly Output[]): void {
  const checks = readWitnesses(signed, outputs);
  if (isReject(checks) || !checks.every((check) => verify(check, nobleEngine))) {
    throw new Error('assertion failed: a signature of our own does not hold');
  }
}
