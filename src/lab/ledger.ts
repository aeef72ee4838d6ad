/**
 * The ledgers: what every block of this world leaves, worked out from the rules alone.
 *
 * Nothing of the room `chain` is in it: no store, no undo, no reorganisation. A block is judged
 * once on what its parent left, and what it leaves is a value that never changes; so the state of
 * every branch is there, for whoever wants to hold a node against it.
 */
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import type { VerifyAll } from '../chain/chain.ts';
import { checkBlock, checkBlockInContext } from '../consensus/block.ts';
import { connectBlock, type Transition, touchedCoins } from '../consensus/connect.ts';
import { pastHeight } from '../consensus/difficulty.ts';
import {
  checkHeader,
  checkHeaderInContext,
  type HeaderContext,
  medianTime,
  medianTimeSpan,
} from '../consensus/header.ts';
import type { Params } from '../consensus/params.ts';
import { describeReject, isReject, type Reject, reject } from '../consensus/reject.ts';
import { subsidyAt } from '../consensus/subsidy.ts';
import { workFromBits } from '../consensus/work.ts';
import { type Block, hashHeader } from '../primitives/block.ts';
import type { Hash } from '../primitives/codec.ts';
import type { Coin } from '../primitives/coin.ts';
import { nobleEngine } from '../primitives/reference.ts';
import { isUnspendable } from '../primitives/script.ts';
import { type SignatureCheck, verify } from '../primitives/signature.ts';
import { outPointName, txid } from '../primitives/transaction.ts';
import { lookUp, type SortedMap, walk, withKey, withoutKey } from './sorted.ts';

/** What a block and all before it leave. */
export interface Ledger {
  readonly hash: Hash;
  readonly block: Block;
  readonly parent: Ledger | undefined;
  readonly height: number;
  readonly work: bigint;
  readonly medianTimePast: number;
  /** By `outPointName`. */
  readonly coins: SortedMap<Coin>;
  /** At which height each payment is. */
  readonly txids: SortedMap<number>;
  /** All subsidies so far, less what was not claimed and what nobody can spend. */
  readonly supply: bigint;
}

/** Each signature is checked once in a world, however many nodes ask. */
export class Signatures {
  readonly #answers = new Map<string, boolean>();

  readonly holds = (check: SignatureCheck): boolean => {
    const { scheme, signature, digest, publicKey } = check;
    const question = `${scheme} ${bytesToHex(concatBytes(signature, digest, publicKey))}`;
    const answer = this.#answers.get(question) ?? verify(check, nobleEngine);
    this.#answers.set(question, answer);
    return answer;
  };

  readonly verifyAll: VerifyAll = async (checks) => checks.find((check) => !this.holds(check));
}

export class Ledgers {
  readonly params: Params;
  readonly genesis: Ledger;
  readonly #signatures: Signatures;
  readonly #all = new Map<Hash, Ledger>();
  #best: Ledger;

  constructor(params: Params, signatures: Signatures) {
    this.params = params;
    this.#signatures = signatures;
    this.genesis = genesisLedger(params);
    this.#best = this.genesis;
    this.#all.set(this.genesis.hash, this.genesis);
  }

  /** With most work of all blocks that any honest node took. */
  get best(): Ledger {
    return this.#best;
  }

  get(hash: Hash): Ledger | undefined {
    return this.#all.get(hash);
  }

  /** Keeps the block's ledger, if it has one. */
  add(block: Block): Ledger | Reject {
    const known = this.#all.get(hashHeader(block.header));
    if (known) return known;
    const ledger = this.judge(block);
    if (isReject(ledger)) return ledger;
    this.#all.set(ledger.hash, ledger);
    if (ledger.work > this.#best.work) this.#best = ledger;
    return ledger;
  }

  /** What the block leaves, or why there can be no such block. When it came is not asked. */
  judge(block: Block): Ledger | Reject {
    const { header } = block;
    const parent = this.#all.get(header.parent);
    if (!parent) return reject('prev-blk-not-found', { parent: header.parent });
    const context = contextAfter(parent, this.params);
    const verdict =
      checkHeader(header, this.params) ??
      checkHeaderInContext(header, context, header.time, this.params) ??
      checkBlock(block) ??
      checkBlockInContext(block, context);
    if (verdict) return verdict;
    const coins = new Map<string, Coin>();
    for (const outPoint of touchedCoins(block)) {
      const name = outPointName(outPoint);
      const coin = lookUp(parent.coins, name);
      if (coin) coins.set(name, coin);
    }
    const medianTimePastAt = (height: number) => ancestor(parent, height).medianTimePast;
    const transition = connectBlock(block, { ...context, coins, medianTimePastAt }, this.params);
    if (isReject(transition)) return transition;
    const broken = transition.checks.find((check) => !this.#signatures.holds(check));
    return broken
      ? reject('block-script-verify-flag-failed', { txid: broken.txid })
      : ledgerAfter(parent, block, { transition, params: this.params });
  }
}

/** What the rules for headers must know, for a block on this one. */
export function contextAfter(parent: Ledger, params: Params): HeaderContext {
  const height = parent.height + 1;
  const past = pastHeight(height, params.difficulty);
  return {
    height,
    parent: parent.block.header,
    pastTime: past === undefined ? undefined : ancestor(parent, past).block.header.time,
    medianTimePast: parent.medianTimePast,
  };
}

/** The block at this height below this one, or this one. */
export function ancestor(ledger: Ledger, height: number): Ledger {
  let at = ledger;
  while (at.height > height && at.parent) at = at.parent;
  return at;
}

/** All coins as text, in order: the same wherever they are the same. */
export function namesOf(coins: SortedMap<Coin>): readonly string[] {
  return Array.from(walk(coins), ([name, coin]) => describeCoin(name, coin));
}

export function describeCoin(name: string, coin: Coin): string {
  const { amount, script, height, isCoinbase } = coin;
  return `${name} ${amount} ${bytesToHex(script)} ${height} ${isCoinbase ? 'minted' : 'paid'}`;
}

function genesisLedger({ genesis }: Params): Ledger {
  const { header } = genesis;
  return {
    hash: hashHeader(header),
    block: genesis,
    parent: undefined,
    height: 0,
    work: workFromBits(header.bits),
    medianTimePast: header.time,
    coins: undefined,
    txids: undefined,
    // Nothing can spend what genesis mints, as in Bitcoin.
    supply: 0n,
  };
}

interface Step {
  readonly transition: Transition;
  readonly params: Params;
}

function ledgerAfter(parent: Ledger, block: Block, { transition, params }: Step): Ledger {
  const height = parent.height + 1;
  let { coins, txids } = parent;
  for (const { outPoint } of transition.spent) coins = withoutKey(coins, outPointName(outPoint));
  for (const { outPoint, coin } of transition.created) {
    coins = withKey(coins, outPointName(outPoint), coin);
  }
  for (const each of block.transactions) txids = withKey(txids, txid(each), height);
  const times = [block.header.time];
  for (let at: Ledger | undefined = parent; at && times.length < medianTimeSpan; at = at.parent) {
    times.push(at.block.header.time);
  }
  const due = subsidyAt(height, params) + transition.fees;
  const [coinbase] = block.transactions;
  const claimed = coinbase?.outputs.reduce((sum, { amount }) => sum + amount, 0n) ?? 0n;
  const buried = block.transactions
    .flatMap(({ outputs }) => outputs)
    .reduce((sum, { amount, script }) => sum + (isUnspendable(script) ? amount : 0n), 0n);
  return {
    hash: hashHeader(block.header),
    block,
    parent,
    height,
    work: parent.work + workFromBits(block.header.bits),
    medianTimePast: medianTime(times),
    coins,
    txids,
    supply: parent.supply + subsidyAt(height, params) - (due - claimed) - buried,
  };
}

/** A block that should be there, or a complaint. */
export function demandLedger(answer: Ledger | Reject): Ledger {
  if (isReject(answer)) throw new Error(`no such block can be: ${describeReject(answer)}`);
  return answer;
}
