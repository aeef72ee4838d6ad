/**
 * Chooses the engine that checks signatures: the fastest that this machine has.
 *
 * Verifies a CPU second, measured: secp256k1 (native) 21,500 ECDSA; tiny-secp256k1 (WebAssembly)
 * 5,400 of either kind; @noble/curves 860. Each is loaded, asked a question whose answer is known,
 * and left out where it is missing or wrong.
 */
import { parseHex } from '../primitives/codec.ts';
import { nobleEngine } from '../primitives/reference.ts';
import { answers, isEcdsaShaped, type SignatureEngine } from '../primitives/signature.ts';

type VerifyEcdsa = SignatureEngine['verifyEcdsa'];
type VerifySchnorr = SignatureEngine['verifySchnorr'];

/** An engine, or the half of one. */
export interface Candidate {
  readonly name: string;
  readonly verifyEcdsa?: VerifyEcdsa;
  readonly verifySchnorr?: VerifySchnorr;
}

/** Every engine that can be loaded here, fastest first; @noble/curves always, and last. */
export async function loadEngines(): Promise<readonly Candidate[]> {
  const loaded = await Promise.all([load(loadNative), load(loadWasm)]);
  return [...loaded.filter((each) => each !== undefined), nobleEngine];
}

/** For each scheme the fastest engine that answers rightly. */
export function chooseEngine(candidates: readonly Candidate[]): SignatureEngine {
  const ecdsa = candidates.find(({ verifyEcdsa }) => verifyEcdsa && isSoundEcdsa(verifyEcdsa));
  const schnorr = candidates.find((each) => {
    return each.verifySchnorr && isSoundSchnorr(each.verifySchnorr);
  });
  return {
    name: `ecdsa ${(ecdsa ?? nobleEngine).name}, schnorr ${(schnorr ?? nobleEngine).name}`,
    verifyEcdsa: ecdsa?.verifyEcdsa ?? nobleEngine.verifyEcdsa,
    verifySchnorr: schnorr?.verifySchnorr ?? nobleEngine.verifySchnorr,
  };
}

/** A build that is missing for this machine is no failure: the next engine takes its place. */
async function load(loader: () => Promise<Candidate>): Promise<Candidate | undefined> {
  try {
    return await loader();
  } catch {
    return undefined;
  }
}

/** The binding by its own name: the package's main door would fall back to slow JavaScript. */
async function loadNative(): Promise<Candidate> {
  const { default: native } = await import('secp256k1/bindings.js');
  return {
    name: 'secp256k1 (native)',
    verifyEcdsa: (signature, digest, publicKey) =>
      isEcdsaShaped(signature, digest, publicKey) &&
      answers(() => native.ecdsaVerify(signature, digest, publicKey)),
  };
}

async function loadWasm(): Promise<Candidate> {
  const wasm = await import('tiny-secp256k1');
  return {
    name: 'tiny-secp256k1 (wasm)',
    verifyEcdsa: (signature, digest, publicKey) =>
      isEcdsaShaped(signature, digest, publicKey) &&
      answers(() => wasm.verify(digest, publicKey, signature, true)),
    verifySchnorr: (signature, digest, publicKey) =>
      // It takes digests only; what signs other messages is not for us, yet answered rightly.
      digest.length === 32
        ? answers(() => wasm.verifySchnorr(digest, publicKey, signature))
        : nobleEngine.verifySchnorr(signature, digest, publicKey),
  };
}

/** The signed digest of BIP143's native P2WPKH example, as r and s. */
const ecdsaExample = {
  signature:
    '3609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a' +
    '573a954c4518331561406f90300e8f3358f51928d43c212a8caed02de67eebee',
  digest: 'c37af31116d1b27caf68aae9e3ac82f1477929014d5b917657d0eb49478cb670',
  publicKey: '025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee6357',
};

/** The first of BIP340's test vectors. */
const schnorrExample = {
  signature:
    'e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca8215' +
    '25f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0',
  digest: '00'.repeat(32),
  publicKey: 'f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9',
};

function isSoundEcdsa(verify: VerifyEcdsa): boolean {
  return isSound(verify, ecdsaExample);
}

function isSoundSchnorr(verify: VerifySchnorr): boolean {
  return isSound(verify, schnorrExample);
}

/** Says yes to a true signature, and no once a bit of the digest differs. */
function isSound(verify: VerifyEcdsa, example: typeof ecdsaExample): boolean {
  const signature = parseHex(example.signature);
  const digest = parseHex(example.digest);
  const publicKey = parseHex(example.publicKey);
  const ask = () => answers(() => verify(signature, digest, publicKey));
  const isTrue = ask();
  digest[31] = (digest[31] ?? 0) ^ 1;
  return isTrue && !ask();
}
