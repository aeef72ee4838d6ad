/**
 * The keys of P2TR outputs. BIP341.
 *
 * An output key is an internal key with a tweak added, which would commit to scripts if there were
 * any. The tweak over nothing is added all the same, to prove that there are none.
 */
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { taggedHash } from '../primitives/hash.ts';
import { answers } from '../primitives/signature.ts';

const { Point } = secp256k1;
const { Fn } = Point;

/** Is there a point with this x? Where there is none, nobody can ever have the key. */
export function isOnCurve(x: Uint8Array): boolean {
  return answers(() => {
    liftX(x);
    return true;
  });
}

/** The key that the output names, 32 bytes of x, for an internal key of 32 bytes of x. */
export function outputKey(internalKey: Uint8Array): Uint8Array {
  return liftX(internalKey)
    .add(Point.BASE.multiply(tweak(internalKey)))
    .toBytes(true)
    .slice(1);
}

/** The private key of the output key, for the private key of the internal key. */
export function tweakPrivateKey(privateKey: Uint8Array): Uint8Array {
  const [prefix, ...x] = secp256k1.getPublicKey(privateKey);
  const scalar = Fn.fromBytes(privateKey);
  // A key of 32 bytes stands for the point with the even y, whichever the private key gave.
  const even = prefix === 2 ? scalar : Fn.neg(scalar);
  return Fn.toBytes(Fn.add(even, tweak(Uint8Array.from(x))));
}

function tweak(internalKey: Uint8Array): bigint {
  return Fn.fromBytes(taggedHash('TapTweak', internalKey));
}

function liftX(x: Uint8Array) {
  return schnorr.utils.lift_x(Point.Fp.fromBytes(x));
}
