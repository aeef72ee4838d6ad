/** The press: makes blocks for those who lie, good ones and bad ones, on any block there is. */
import { commitmentHash, commitmentOutput } from '../consensus/commitment.ts';
import { nextBits } from '../consensus/difficulty.ts';
import type { Params } from '../consensus/params.ts';
import { subsidyAt } from '../consensus/subsidy.ts';
import { targetFromBits } from '../consensus/work.ts';
import { searchNonce, searchOf } from '../miner/kernel.ts';
import { type Block, type Header, hashHeader } from '../primitives/block.ts';
import { type Hash, noHash } from '../primitives/codec.ts';
import { merkleRoot } from '../primitives/merkle.ts';
import { heightPush, push } from '../primitives/script.ts';
import { type Transaction, txid } from '../primitives/transaction.ts';
import type { Chance } from './chance.ts';
import { contextAfter, type Ledger } from './ledger.ts';
import { Purse } from './purse.ts';

/** How a block is to be, and what is wrong with it. */
export interface Flaw {
  /** Claims so much more than is due. */
  readonly excess?: bigint;
  /**
   * When it is mined. Without it, as early as may be: then the chain's time stands still, and where
   * the difficulty follows it there is soon no nonce to be found.
   */
  readonly time?: number;
}

/** A block on this one, with work in it and no payments. Its signature is its coinbase's salt. */
export function pressBlock(
  parent: Ledger,
  params: Params,
  chance: Chance,
  { excess = 0n, time = 0 }: Flaw = {},
): Block {
  const context = contextAfter(parent, params);
  const amount = subsidyAt(context.height, params) + excess;
  const coinbase = pressCoinbase(context.height, amount, chance.bytes(8));
  const bits = nextBits(context, params.difficulty, params.limitBits);
  const header = {
    version: 0x2000_0000,
    parent: parent.hash,
    merkleRoot: merkleRoot([txid(coinbase)]).root,
    time: Math.max(context.medianTimePast + 1, time),
    bits,
    nonce: 0,
  };
  return { header: grind(header, params), transactions: [coinbase] };
}

/** So many headers on this one, of the easiest work, behind which there are no blocks. */
export function pressHeaders(
  parent: Ledger,
  params: Params,
  { count, chance }: { readonly count: number; readonly chance: Chance },
): readonly Header[] {
  const headers: Header[] = [];
  let hash: Hash = parent.hash;
  for (let i = 1; i <= count; i++) {
    const time = parent.medianTimePast + i;
    const merkle = chance.bytes(32);
    const root = pressHash(merkle);
    const bits = params.limitBits;
    const bare = { version: 0x2000_0000, parent: hash, merkleRoot: root, time, bits, nonce: 0 };
    const header = grind(bare, params);
    headers.push(header);
    hash = hashHeader(header);
  }
  return headers;
}

/** A hash of nothing. */
export function pressHash(bytes: Uint8Array): Hash {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('') as Hash;
}

/** More than any story should need: whoever asks for more would seem to hang. */
const mostNonces = 2 ** 24;

function grind(header: Header, { limitBits }: Params): Header {
  const target = targetFromBits(header.bits, limitBits) ?? 0n;
  const nonce = searchNonce(searchOf(header, target, mostNonces));
  if (nonce === undefined) throw new Error('there is no nonce for this header');
  return { ...header, nonce };
}

const reserved = new Uint8Array(32);
/** Where the press pays to. */
export const presser = new Purse('press');

function pressCoinbase(height: number, amount: bigint, salt: Uint8Array): Transaction {
  const prevout = { txid: noHash, index: 0xffff_ffff };
  const scriptSig = Uint8Array.of(...heightPush(height), ...push(salt));
  const input = { prevout, scriptSig, sequence: 0xffff_ffff, witness: [reserved] };
  const bare = {
    version: 2,
    inputs: [input],
    outputs: [{ amount, script: presser.script }],
    lockTime: 0,
  };
  const commitment = commitmentOutput(commitmentHash([bare], reserved));
  return { ...bare, outputs: [...bare.outputs, commitment] };
}
