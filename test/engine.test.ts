/**
 * All engines are held against @noble/curves: the same boolean for any bytes, and never a throw.
 */
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { bytesToNumberBE, concatBytes, numberToBytesBE } from '@noble/curves/utils.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Candidate, chooseEngine, loadEngines } from '../src/cli/engine.ts';
import { nobleEngine } from '../src/primitives/reference.ts';
import { compactFromDer, type SignatureCheck } from '../src/primitives/signature.ts';
import { derFromCompact } from './der.ts';

const loaded = await loadEngines();
const chosen = chooseEngine(loaded);

const order = secp256k1.Point.Fn.ORDER;
const fieldPrime = secp256k1.Point.Fp.ORDER;

type Scheme = SignatureCheck['scheme'];

/** What is asked of an engine. */
type Question = Omit<SignatureCheck, 'scheme'>;

function askerOf(scheme: Scheme, engine: Candidate) {
  return scheme === 'ecdsa' ? engine.verifyEcdsa : engine.verifySchnorr;
}

/** The answer of the reference, which all the others must give too. */
function answer(scheme: Scheme, { signature, digest, publicKey }: Question): boolean {
  const expected = askerOf(scheme, nobleEngine)?.(signature, digest, publicKey);
  for (const engine of [...loaded, chosen]) {
    const ask = askerOf(scheme, engine);
    if (ask) expect(ask(signature, digest, publicKey), engine.name).toBe(expected);
  }
  return expected === true;
}

function hold(property: fc.IRawProperty<unknown>): void {
  fc.assert(property, { seed: 340, numRuns: 100 });
}

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const schemes = fc.constantFrom<Scheme>('ecdsa', 'schnorr');

/** A digest, now and then one at the ends of the range. */
const digests = fc.oneof(
  { weight: 8, arbitrary: bytes(32) },
  { weight: 1, arbitrary: fc.constantFrom(0n, 1n, order - 1n, order, 2n ** 256n - 1n).map(word) },
);

/** A true signature by a random key. */
const signed = fc
  .record({ scheme: schemes, seed: bytes(48), digest: digests })
  .map(({ scheme, seed, digest }) => ({ scheme, ...sign(scheme, seed, digest) }));

function sign(scheme: Scheme, seed: Uint8Array, digest: Uint8Array): Question {
  const { secretKey, publicKey } = secp256k1.keygen(seed);
  if (scheme === 'schnorr') {
    const signature = schnorr.sign(digest, secretKey, seed.subarray(0, 32));
    return { signature, digest, publicKey: schnorr.getPublicKey(secretKey) };
  }
  return { signature: secp256k1.sign(digest, secretKey, { prehash: false }), digest, publicKey };
}

/** The number in 32 bytes. */
function word(number: bigint): Uint8Array {
  return numberToBytesBE(number, 32);
}

describe('every engine that is here agrees with @noble/curves on what is well formed', () => {
  test('that a true signature holds', () => {
    hold(fc.property(signed, ({ scheme, ...question }) => answer(scheme, question)));
  });

  test('that none holds with one bit of it, of its digest or of its key flipped', () => {
    const fields = fc.constantFrom<keyof Question>('signature', 'digest', 'publicKey');
    hold(
      fc.property(signed, fields, fc.nat(), ({ scheme, ...question }, field, bit) => {
        const flipped = question[field].slice();
        const at = bit % (flipped.length * 8);
        flipped[at >> 3] = (flipped[at >> 3] ?? 0) ^ (1 << (at & 7));
        return !answer(scheme, { ...question, [field]: flipped });
      }),
    );
  });

  test('that no signature holds by the high s, which ECDSA alone would allow', () => {
    hold(
      fc.property(bytes(48), digests, (seed, digest) => {
        const { signature, publicKey } = sign('ecdsa', seed, digest);
        const high = order - bytesToNumberBE(signature.subarray(32));
        const turned = concatBytes(signature.subarray(0, 32), word(high));
        const isEcdsa = secp256k1.verify(turned, digest, publicKey, {
          prehash: false,
          lowS: false,
        });
        return isEcdsa && !answer('ecdsa', { signature: turned, digest, publicKey });
      }),
    );
  });

  test('that ECDSA signs 32 bytes and no other number of them, and BIP340 any', () => {
    const messages = fc.uint8Array({ maxLength: 100 });
    hold(
      fc.property(bytes(48), messages, schemes, (seed, digest, scheme) => {
        const isAllowed = scheme === 'schnorr' || digest.length === 32;
        return answer(scheme, sign(scheme, seed, digest)) === isAllowed;
      }),
    );
  });

  test('that r stands for an x above the order too', () => {
    // r is x modulo the order: here x is the least above it that is on the curve.
    const least = [...Array(50).keys()].map(BigInt).find((r) => r > 0n && isX(order + r)) ?? 0n;
    const digest = word(7n);
    const signature = concatBytes(word(least), word(1n));
    const recovered = secp256k1.Signature.fromBytes(signature).addRecoveryBit(2);
    const publicKey = recovered.recoverPublicKey(digest).toBytes();
    expect(answer('ecdsa', { signature, digest, publicKey })).toBe(true);
  });

  test('that no signature holds where the sum of points is infinite', () => {
    // With the key -(digest / r) G both terms cancel out, whatever s is.
    const { Fn, BASE } = secp256k1.Point;
    const digest = word(7n);
    const publicKey = BASE.multiply(Fn.neg(Fn.div(7n, 5n))).toBytes();
    const signature = concatBytes(word(5n), word(1n));
    expect(answer('ecdsa', { signature, digest, publicKey })).toBe(false);
  });
});

describe('every engine that is here agrees with @noble/curves on what is malformed', () => {
  test('that no signature holds with a number that is zero or out of range', () => {
    const numbers = fc.constantFrom(0n, order, order + 1n, fieldPrime, 2n ** 256n - 1n).map(word);
    hold(
      fc.property(signed, numbers, fc.boolean(), ({ scheme, ...question }, number, isFirst) => {
        const { signature } = question;
        const parts = isFirst
          ? [number, signature.subarray(32)]
          : [signature.subarray(0, 32), number];
        return !answer(scheme, { ...question, signature: concatBytes(...parts) });
      }),
    );
  });

  test('that none holds by a key that is another, off the curve or not in its form', () => {
    const keys = fc.oneof(
      bytes(32),
      fc.constantFrom(0n, 5n, fieldPrime - 1n, fieldPrime, fieldPrime + 1n).map(word),
    );
    const prefixes = fc.constantFrom(0x00, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0xff);
    hold(
      fc.property(signed, keys, prefixes, ({ scheme, ...question }, x, prefix) => {
        const publicKey = scheme === 'ecdsa' ? Uint8Array.of(prefix, ...x) : x;
        return !answer(scheme, { ...question, publicKey });
      }),
    );
  });

  test('that ECDSA takes no uncompressed key, not even the right one', () => {
    hold(
      fc.property(bytes(48), digests, fc.constantFrom(0x04, 0x06, 0x07), (seed, digest, prefix) => {
        const { publicKey, ...question } = sign('ecdsa', seed, digest);
        const point = secp256k1.Point.fromBytes(publicKey).toBytes(false);
        point[0] = prefix;
        return !answer('ecdsa', { ...question, publicKey: point });
      }),
    );
  });

  test('on bytes of any length', () => {
    const lengths = fc.uint8Array({ maxLength: 70 });
    hold(
      fc.property(schemes, lengths, lengths, lengths, (scheme, signature, digest, publicKey) => {
        return !answer(scheme, { signature, digest, publicKey });
      }),
    );
  });

  test('that a signature or a key of another length does not hold', () => {
    const fields = fc.constantFrom<keyof Question>('signature', 'publicKey');
    hold(
      fc.property(signed, fields, fc.nat(69), ({ scheme, ...question }, field, length) => {
        const resized = new Uint8Array(length);
        resized.set(question[field].subarray(0, length));
        const isSame = length === question[field].length;
        return answer(scheme, { ...question, [field]: resized }) === isSame;
      }),
    );
  });

  test('on random bytes of the right lengths', () => {
    hold(
      fc.property(schemes, bytes(64), bytes(32), bytes(33), (scheme, signature, digest, key) => {
        const publicKey = scheme === 'ecdsa' ? key : key.subarray(1);
        return !answer(scheme, { signature, digest, publicKey });
      }),
    );
  });
});

/** Is there a point with this x? */
function isX(x: bigint): boolean {
  return secp256k1.utils.isValidPublicKey(Uint8Array.of(2, ...word(x)));
}

describe('the choice of an engine', () => {
  const yes = () => true;
  const no = () => false;
  const broken = () => {
    throw new Error('not a function of this build');
  };

  test('takes the first that answers rightly, and names it, for each scheme', () => {
    const first: Candidate = { ...nobleEngine, name: 'first' };
    expect(chooseEngine([first, nobleEngine]).name).toBe('ecdsa first, schnorr first');
    const half: Candidate = { name: 'half', verifyEcdsa: nobleEngine.verifyEcdsa };
    expect(chooseEngine([half, first]).name).toBe('ecdsa half, schnorr first');
  });

  test('falls back to @noble/curves where there is nothing else', () => {
    const { name, ...engine } = chooseEngine([]);
    expect(name).toBe('ecdsa @noble/curves, schnorr @noble/curves');
    expect(engine).toEqual({
      verifyEcdsa: nobleEngine.verifyEcdsa,
      verifySchnorr: nobleEngine.verifySchnorr,
    });
  });

  test.each([
    ['says yes to everything', yes],
    ['says no to everything', no],
    ['throws', broken],
    [
      'says yes to what is false only',
      (...asked: Parameters<typeof nobleEngine.verifyEcdsa>) => !nobleEngine.verifyEcdsa(...asked),
    ],
  ])('passes over one that %s', (_, verify) => {
    const liar: Candidate = { name: 'liar', verifyEcdsa: verify, verifySchnorr: verify };
    expect(chooseEngine([liar, nobleEngine]).name).not.toContain('liar');
    expect(chooseEngine([liar]).verifyEcdsa).toBe(nobleEngine.verifyEcdsa);
    expect(chooseEngine([liar]).verifySchnorr).toBe(nobleEngine.verifySchnorr);
  });

  test('is among those that are here, of which the last is @noble/curves', () => {
    expect(loaded.at(-1)).toBe(nobleEngine);
    expect(loaded.map(({ verifyEcdsa }) => verifyEcdsa)).toContain(chosen.verifyEcdsa);
    expect(loaded.map(({ verifySchnorr }) => verifySchnorr)).toContain(chosen.verifySchnorr);
    console.log(`engines here: ${loaded.map(({ name }) => name).join(', ')}; ${chosen.name}`);
  });
});

test('s is low up to half the order of the curve, and high above', () => {
  const compactOf = (s: bigint) => concatBytes(word(1n), word(s));
  const [low, high] = [compactOf(order >> 1n), compactOf((order >> 1n) + 1n)];
  expect(compactFromDer(derFromCompact(low))).toEqual(low);
  expect(() => compactFromDer(derFromCompact(high))).toThrow('s is high');
});
