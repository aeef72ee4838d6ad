/** The template: a block that is whole but for its nonce. */
import { commitmentHash, commitmentOutput } from '../consensus/commitment.ts';
import { nextBits } from '../consensus/difficulty.ts';
import type { HeaderContext } from '../consensus/header.ts';
import type { Params } from '../consensus/params.ts';
import { subsidyAt } from '../consensus/subsidy.ts';
import { maxBlockWeight } from '../consensus/transaction.ts';
import type { Member } from '../mempool/member.ts';
import type { Block } from '../primitives/block.ts';
import { encode, type Hash, noHash, U32 } from '../primitives/codec.ts';
import { merkleRoot } from '../primitives/merkle.ts';
import { heightPush, push } from '../primitives/script.ts';
import type { Steps } from '../primitives/steps.ts';
import { type Transaction, txid } from '../primitives/transaction.ts';
import { select } from './selection.ts';

export interface TemplateRequest {
  /** The block to build on. */
  readonly parent: Hash;
  readonly context: HeaderContext;
  /** The payments that wait. */
  readonly pool: readonly Member[];
  /** Where these are named, the block holds them and no others, and leaves their fees to nobody. */
  readonly payments?: readonly Transaction[] | undefined;
  /** Who is paid. */
  readonly script: Uint8Array;
  /** In seconds since 1970. */
  readonly now: number;
  /** Makes this coinbase differ from others of its height, and so all the hashes. */
  readonly extraNonce: number;
}

/** Kept free for the header, the count of transactions and the coinbase, in weight units. */
const reservedWeight = 4_000;

/** The witness of a coinbase: 32 bytes that mean nothing yet. BIP141. */
const reserved = new Uint8Array(32);

/** The block that all of this leads to. Core: CreateNewBlock. */
export function* buildTemplate(request: TemplateRequest, params: Params): Steps<Block> {
  const { parent, context, now } = request;
  const room = maxBlockWeight - reservedWeight;
  const chosen = request.payments ? [] : yield* select(request.pool, room);
  const fees = chosen.reduce((sum, { fee }) => sum + fee, 0n);
  const payments = request.payments ?? chosen.map(({ transaction }) => transaction);
  const reward = subsidyAt(context.height, params) + fees;
  const transactions = [buildCoinbase(request, reward, payments), ...payments];
  return {
    header: {
      version: 0x2000_0000,
      parent,
      merkleRoot: merkleRoot(transactions.map(txid)).root,
      time: Math.max(now, context.medianTimePast + 1),
      bits: nextBits(context, params.difficulty, params.limitBits),
      nonce: 0,
    },
    transactions,
  };
}

function buildCoinbase(
  { context, script, extraNonce }: TemplateRequest,
  amount: bigint,
  payments: readonly Transaction[],
): Transaction {
  const coinbase: Transaction = {
    version: 2,
    inputs: [
      {
        prevout: { txid: noHash, index: 0xffff_ffff },
        scriptSig: Uint8Array.of(...heightPush(context.height), ...push(encode(U32, extraNonce))),
        // As Core's miner: with it the lock time below counts, so that no two coinbases are alike.
        sequence: 0xffff_fffe,
        witness: [reserved],
      },
    ],
    outputs: [{ amount, script }],
    lockTime: context.height - 1,
  };
  const commitment = commitmentHash([coinbase, ...payments], reserved);
  return { ...coinbase, outputs: [...coinbase.outputs, commitmentOutput(commitment)] };
}
