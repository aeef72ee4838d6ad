/**
 * The witness commitment: the coinbase holds the root of a second tree, over the wtxids, so that
 * the header stands for the witnesses too, which its own tree leaves out. BIP141.
 */
import { concatBytes } from '@noble/hashes/utils.js';
import type { Block } from '../primitives/block.ts';
import { type Hash, hashFromBytes, hashToBytes, noHash } from '../primitives/codec.ts';
import { sha256d } from '../primitives/hash.ts';
import { merkleRoot } from '../primitives/merkle.ts';
import { hasWitness, type Output, type Transaction, wtxid } from '../primitives/transaction.ts';
import { reject, type Verdict, valid } from './reject.ts';

/** OP_RETURN, a push of 36 bytes, and four bytes that say what they are. */
const mark = Uint8Array.of(0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed);

/**
 * The commitment to these transactions, a coinbase first, with the 32 bytes of the coinbase's own
 * witness: those are the miner's to choose, so that a later rule can use them.
 */
export function commitmentHash(transactions: readonly Transaction[], reserved: Uint8Array): Hash {
  const { root } = merkleRoot([noHash, ...transactions.slice(1).map(wtxid)]);
  return hashFromBytes(sha256d(concatBytes(hashToBytes(root), reserved)));
}

/** The output that carries this commitment. */
export function commitmentOutput(commitment: Hash): Output {
  return { amount: 0n, script: concatBytes(mark, hashToBytes(commitment)) };
}

/** The commitment of a coinbase: of several the last counts. Core: GetWitnessCommitmentIndex. */
export function findCommitment(coinbase: Transaction): Hash | undefined {
  const output = coinbase.outputs.findLast(
    ({ script }) => script.length >= 38 && mark.every((byte, i) => script[i] === byte),
  );
  return output && hashFromBytes(output.script.slice(mark.length, mark.length + 32));
}

/**
 * All three of its rejections condemn these bytes only: witnesses can be altered or dropped without
 * touching the header's hash. Core: CheckWitnessMalleation.
 */
export function checkCommitment({ transactions }: Block): Verdict {
  const [coinbase] = transactions;
  const committed = coinbase && findCommitment(coinbase);
  if (!coinbase || committed === undefined) {
    const index = transactions.findIndex(hasWitness);
    return index < 0 ? valid : reject('unexpected-witness', { transaction: index });
  }
  const [reserved, ...others] = coinbase.inputs[0]?.witness ?? [];
  if (reserved?.length !== 32 || others.length > 0) {
    return reject('bad-witness-nonce-size', { bytes: reserved?.length ?? 0 });
  }
  const expected = commitmentHash(transactions, reserved);
  return committed === expected
    ? valid
    : reject('bad-witness-merkle-match', { got: committed, expected });
}
