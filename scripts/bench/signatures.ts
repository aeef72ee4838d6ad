/** The signature engines that this machine has, held against @noble/curves. */
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { loadEngines } from '../../src/cli/engine.ts';
import { nobleEngine } from '../../src/primitives/reference.ts';
import { type Benchmark, repeated } from './harness.ts';

type Verify = (signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array) => boolean;

/** So many checks between two looks at the clock. */
const atOnce = 20;

export async function signatures(): Promise<readonly Benchmark[]> {
  const privateKey = new Uint8Array(32).fill(7);
  const digest = new Uint8Array(32).fill(9);
  const engines = await loadEngines();
  const contender = (name: string, verify: Verify, asked: Parameters<Verify>) => ({
    name,
    turn: repeated(() => {
      for (let i = 0; i < atOnce; i++) {
        if (!verify(...asked)) throw new Error(`${name} refused a true signature`);
      }
      return atOnce;
    }),
  });
  const publicKey = secp256k1.getPublicKey(privateKey);
  const signed = secp256k1.sign(digest, privateKey, { prehash: false });
  const xOnly = schnorr.getPublicKey(privateKey);
  const bip340 = schnorr.sign(digest, privateKey, new Uint8Array(32));
  const reference = nobleEngine.name;
  return [
    {
      name: 'ECDSA',
      unit: 'verifies',
      reference,
      contenders: engines.flatMap(({ name, verifyEcdsa: verify }) =>
        verify ? [contender(name, verify, [signed, digest, publicKey])] : [],
      ),
    },
    {
      name: 'BIP340',
      unit: 'verifies',
      reference,
      contenders: engines.flatMap(({ name, verifySchnorr: verify }) =>
        verify ? [contender(name, verify, [bip340, digest, xOnly])] : [],
      ),
    },
  ];
}
