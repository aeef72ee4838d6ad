/**
 * Witnesses: exactly the proof that a coin asks for, as the one question it puts to the curve.
 *
 * In Bitcoin these are programs to run. Here the two kinds of coin have one form of witness each,
 * so an input is a signature check or it is refused.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import { DecodeError, isSameBytes } from '../primitives/codec.ts';
import { hash160 } from '../primitives/hash.ts';
import { outputKind } from '../primitives/script.ts';
import { Digests, isSighashType, sighash } from '../primitives/sighash.ts';
import { compactFromDer, type SignatureCheck } from '../primitives/signature.ts';
import { type Output, type Transaction, txid } from '../primitives/transaction.ts';
import { type Facts, isReject, type Reject, reject } from './reject.ts';

/** A signature check, and which input of which transaction asks it. */
export interface InputCheck extends SignatureCheck {
  readonly txid: string;
  readonly input: number;
}

/** The checks of a transaction, given the coins it spends in the order of its inputs. */
export function readWitnesses(
  transaction: Transaction,
  coins: readonly Output[],
): readonly InputCheck[] | Reject {
  const digests = new Digests(transaction, coins);
  const checks: InputCheck[] = [];
  for (const [input, { witness }] of transaction.inputs.entries()) {
    const place = { txid: txid(transaction), input };
    const output = outputKind(coins[input]?.script ?? new Uint8Array(0));
    const check =
      output?.kind === 'p2wpkh'
        ? readP2wpkh(witness, output.program, { digests, ...place })
        : output?.kind === 'p2tr'
          ? readP2tr(witness, output.program, { digests, ...place })
          : reject('witness-form', { ...place, problem: 'no witness spends such a coin' });
    if (isReject(check)) return check;
    checks.push({ ...check, ...place });
  }
  return checks;
}

interface Place {
  readonly digests: Digests;
  readonly txid: string;
  readonly input: number;
}

/** A signature and the key whose HASH160 is the program. BIP141 and BIP143. */
function readP2wpkh(
  witness: readonly Uint8Array[],
  program: Uint8Array,
  place: Place,
): SignatureCheck | Reject {
  const [signature, publicKey] = witness;
  if (!signature || !publicKey || witness.length !== 2) {
    return refuse(place, { items: witness.length, expected: 2 });
  }
  if (publicKey.length !== 33 || (publicKey[0] !== 2 && publicKey[0] !== 3)) {
    return refuse(place, { problem: 'the key is not a compressed one', bytes: publicKey.length });
  }
  const keyHash = hash160(publicKey);
  if (!isSameBytes(keyHash, program)) {
    return refuse(place, { keyHash: bytesToHex(keyHash), expected: bytesToHex(program) });
  }
  const type = signature.at(-1) ?? 0;
  if (!isSighashType(type)) return refuse(place, { sighashType: type });
  try {
    const compact = compactFromDer(signature.subarray(0, -1));
    const digest = place.digests.p2wpkh(place.input, type, program);
    return { scheme: 'ecdsa', signature: compact, digest, publicKey };
  } catch (error) {
    if (error instanceof DecodeError) return refuse(place, { problem: error.message });
    throw error;
  }
}

/** One signature by the output key: no annex, no script. BIP341. */
function readP2tr(
  witness: readonly Uint8Array[],
  program: Uint8Array,
  place: Place,
): SignatureCheck | Reject {
  const [signature] = witness;
  if (!signature || witness.length !== 1) {
    return refuse(place, { items: witness.length, expected: 1 });
  }
  if (signature.length !== 64 && signature.length !== 65) {
    return refuse(place, { signatureBytes: signature.length, expected: '64 or 65' });
  }
  const type = signature[64] ?? sighash.default;
  if (signature.length === 65 && !isSighashType(type)) return refuse(place, { sighashType: type });
  const digest = place.digests.p2tr(place.input, type);
  if (!digest) {
    const { txid, input } = place;
    const problem = 'type SINGLE has no output to sign';
    return reject('block-script-verify-flag-failed', { txid, input, problem });
  }
  return { scheme: 'schnorr', signature: signature.slice(0, 64), digest, publicKey: program };
}

function refuse({ txid, input }: Place, facts: Facts): Reject {
  return reject('witness-form', { txid, input, ...facts });
}
