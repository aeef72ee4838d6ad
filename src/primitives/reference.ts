/** The reference engine: what is slow and plain, and what all others are held against. */
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { answers, isEcdsaShaped, type SignatureEngine } from './signature.ts';

/** @noble/curves: pure JavaScript, audited. */
export const nobleEngine: SignatureEngine = {
  name: '@noble/curves',
  verifyEcdsa: (signature, digest, publicKey) =>
    isEcdsaShaped(signature, digest, publicKey) &&
    answers(() => secp256k1.verify(signature, digest, publicKey, { prehash: false, lowS: true })),
  verifySchnorr: (signature, digest, publicKey) =>
    signature.length === 64 &&
    publicKey.length === 32 &&
    answers(() => schnorr.verify(signature, digest, publicKey)),
};
