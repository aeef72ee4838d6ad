/**
 * The node: where the rooms meet. It holds the chain and the mempool together, and is the one door
 * for whoever asks, be it a person or a program. No private key ever passes it.
 */
import { inSteps } from '../chain/breathe.ts';
import {
  type BlockReject,
  Chain,
  type ChainOptions,
  type ChainView,
  type Change,
} from '../chain/chain.ts';
import { hashOf } from '../chain/entry.ts';
import { Turns } from '../chain/turns.ts';
import { type TopOptions, verifyTop } from '../chain/verify.ts';
import { isMature } from '../consensus/connect.ts';
import { isReject, type Reject, type Verdict } from '../consensus/reject.ts';
import type { Candidate, Member } from '../mempool/member.ts';
import { Mempool } from '../mempool/mempool.ts';
import type { PaymentReject } from '../mempool/policy.ts';
import { WaitingTable } from '../mempool/waiting.ts';
import { buildTemplate } from '../miner/template.ts';
import { type Block, type Header, hashHeader } from '../primitives/block.ts';
import type { Hash } from '../primitives/codec.ts';
import type { NamedCoin } from '../primitives/coin.ts';
import { Fault } from '../primitives/fault.ts';
import { outPointName, type Transaction } from '../primitives/transaction.ts';
import { Events } from './events.ts';
import { Readers } from './readers.ts';
import { type FindNonce, Searches } from './searches.ts';
import { tryBlock, tryHeader } from './trial.ts';

export interface NodeOptions extends ChainOptions {
  /** The time in seconds since 1970. */
  readonly now: () => number;
  /** What waiting payments may take of the memory. */
  readonly maxMempoolBytes?: number | undefined;
  /**
   * Searches for a nonce, in threads of its own. The answer is `undefined` where none will do, and
   * once the signal says that the search is in vain.
   */
  readonly search: FindNonce;
}

/** A coin as its owner wants to know it. */
export interface OwnCoin extends NamedCoin {
  /** Made by a payment that still waits for a block. */
  readonly isWaiting: boolean;
  /** Spent by a payment that still waits for a block. */
  readonly isSpent: boolean;
  /** Minted too recently to be spent. */
  readonly isImmature: boolean;
}

/** How long a payment that came may be missing in what is searched for. Core: getblocktemplate. */
const maxStaleSeconds = 5;

export class Node {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly events = new Events();
  readonly #options: NodeOptions;
  readonly #turns = new Turns();
  readonly #readers: Readers;
  readonly #searches: Searches;

  private constructor(options: NodeOptions, chain: Chain, mempool: Mempool) {
    this.#options = options;
    this.chain = chain;
    this.mempool = mempool;
    this.#readers = new Readers(chain);
    this.#searches = new Searches({ ...options, chain });
  }

  static async open(options: NodeOptions): Promise<Node> {
    const chain = await Chain.open(options);
    const table = new WaitingTable(chain.guard);
    const missed = await changeSince(await table.followed(), chain);
    const { verifyAll, maxMempoolBytes: maxBytes } = options;
    const parts = { chain, table, verifyAll, maxBytes };
    return new Node(options, chain, await Mempool.open(parts, missed, options.now()));
  }

  /**
   * Reads one view of the chain, which stands still for as long as the reader takes: none sees the
   * middle of a reorganisation, but what was before it until all of it is done.
   */
  read<T>(reader: (view: ChainView) => Promise<T>): Promise<T> {
    return this.#readers.read(reader);
  }

  /** Takes a block, whoever made it. */
  submitBlock(block: Block): ReturnType<Chain['accept']> {
    return this.#change((now) => this.chain.accept(block, now));
  }

  /** An operator calls a block bad, or takes that back, or wants it to have come first. */
  rule(verdict: 'invalidate' | 'reconsider' | 'prefer', hash: Hash): Promise<Change> {
    return this.#change(() => this.chain[verdict](hash));
  }

  /** Checks the last blocks again; the first thing that is wrong is thrown. */
  verifyTop(closely: Pick<TopOptions, 'level' | 'count' | 'pause'>): Promise<void> {
    const { params, verifyAll } = this.#options;
    return this.read((view) => verifyTop(view, { ...closely, params, verifyAll }));
  }

  /** Lets the chain change, and all that hangs on it. */
  async #change<T extends Change | BlockReject>(task: (now: number) => Promise<T>): Promise<T> {
    const answer = await this.#turns.take(async () => {
      const now = this.#options.now();
      this.#readers.hold();
      const done = await task(now);
      const change = changeOf(done);
      const show = change && (await this.#follow(change, now));
      // All at once: whoever reads from now on sees the coins and what waits after the change.
      show?.();
      const left = this.#readers.release();
      if (change) this.events.emitChange(change, this.chain.tip);
      await left;
      return done;
    });
    const { connected = [], disconnected = [] } = changeOf(answer) ?? {};
    if (connected.length + disconnected.length > 0) this.#searches.endThoseBegunBy(Infinity);
    await this.#retryOrphans();
    return answer;
  }

  /** Takes a payment, to wait for a block; from a peer of this name, where one is named. */
  async submitPayment(transaction: Transaction, peer?: string): Promise<Member | PaymentReject> {
    const answer = await this.#turns.take(() =>
      this.mempool.accept(transaction, this.#options.now(), peer),
    );
    if (!isReject(answer)) {
      this.events.emit({ kind: 'tx', member: answer });
      this.#searches.endThoseBegunBy(this.#options.now() - maxStaleSeconds);
    }
    await this.#retryOrphans();
    return answer;
  }

  /** Whether a payment might wait now; nothing of it is kept. */
  tryPayment(transaction: Transaction): Promise<Candidate | PaymentReject> {
    return this.#turns.take(() => this.mempool.try(transaction, this.#options.now()));
  }

  /** The same for several, of which later ones may spend what earlier ones make. */
  tryPayments(transactions: readonly Transaction[]): ReturnType<Mempool['tryAll']> {
    return this.#turns.take(() => this.mempool.tryAll(transactions, this.#options.now()));
  }

  /** Lets a payment count for more or less than it pays, among others; see `Mempool`. */
  prioritise(id: Hash, by: bigint): Promise<void> {
    // In turn, or a pool that is being rebuilt would not hear of it.
    return this.#turns.take(async () => this.mempool.prioritise(id, by));
  }

  /** Whether a block might be the next one, but for its work; nothing of it is kept. */
  tryBlock(block: Block): Promise<Verdict> {
    return this.#turns.take(() => tryBlock(block, this.chain, this.#options.now()));
  }

  /** Whether a block with this header might be valid; nothing of it is kept. */
  tryHeader(header: Header): Promise<Verdict> {
    return this.#turns.take(() => tryHeader(header, this.chain, this.#options.now()));
  }

  /** What is asked of a payment now for want of room, in base units per 1,000 virtual bytes. */
  minFeeRate(): bigint {
    return this.mempool.minFeeRate(this.#options.now());
  }

  /** One a turn, so that a stranger's row of orphans keeps no block waiting. */
  async #retryOrphans(): Promise<void> {
    const retry = () => this.#turns.take(() => this.mempool.retry(this.#options.now()));
    for (let tried = await retry(); tried; tried = await retry()) {
      const { answer } = tried;
      if (!isReject(answer)) this.events.emit({ kind: 'tx', member: answer });
    }
  }

  /** Works out what waits after a change of the chain; what it answers shows it. */
  async #follow(change: Change, now: number): Promise<(() => void) | undefined> {
    const { followed } = this.mempool;
    if (followed === hashOf(this.chain.tip)) return undefined;
    // Where a failure cut short what went before, the change began elsewhere than where we are.
    const isNext = startOf(change) === followed;
    return this.mempool.follow(isNext ? change : await changeSince(followed, this.chain), now);
  }

  /**
   * Mines a block that pays this script and holds what waits. Answers once it is accepted; the
   * signal ends it before, and then it throws the signal's reason.
   */
  async mine(script: Uint8Array, signal?: AbortSignal): Promise<Block> {
    for (let extraNonce = 0; ; extraNonce++) {
      signal?.throwIfAborted();
      const template = () => this.template(script, extraNonce);
      const block = await this.#searches.seal(template, signal);
      if (!block) continue;
      const answer = await this.submitBlock(block);
      if (isReject(answer)) throw new Fault(answer.reason, explainRefusal(answer.reason));
      // Another block may have come first; then this one is in vain, and the search begins anew.
      if (answer.status === 'connected') return block;
    }
  }

  /** The same with these payments alone, in this order; a block that is not handed in. */
  async mineThese(
    script: Uint8Array,
    payments: readonly Transaction[],
    signal?: AbortSignal,
  ): Promise<Block | Reject> {
    for (let extraNonce = 0; ; extraNonce++) {
      signal?.throwIfAborted();
      const template = await this.template(script, extraNonce, payments);
      const wrong = await this.tryBlock(template);
      if (wrong) return wrong;
      const block = await this.#searches.seal(async () => template, signal);
      if (block) return block;
    }
  }

  /** The block that comes next, whole but for its nonce. */
  template(
    script: Uint8Array,
    extraNonce: number,
    payments?: readonly Transaction[],
  ): Promise<Block> {
    // In turn, or it could hold a payment that the block before it held already.
    return this.#turns.take(async () => {
      const { branch, tip, params, breathe } = this.chain;
      const request = {
        parent: hashOf(tip),
        context: await branch.headerContext(tip),
        pool: this.mempool.list(),
        payments,
        script,
        now: this.#options.now(),
        extraNonce,
      };
      return inSteps(buildTemplate(request, params), breathe);
    });
  }

  /** The coins that pay these scripts, those of waiting payments too, in one view of all. */
  coinsOf(...scripts: readonly Uint8Array[]): Promise<readonly OwnCoin[]> {
    // All that waits is read at one moment, that of the view.
    const waiting = scripts.map((script) => this.mempool.coinsOf(script));
    const spending = scripts.flatMap((script) => this.mempool.touching(script));
    const inputs = spending.flatMap(({ transaction }) => transaction.inputs);
    const spent = new Set(inputs.map(({ prevout }) => outPointName(prevout)));
    return this.read(async ({ store, tip }) => {
      const own = (named: NamedCoin, isWaiting: boolean): OwnCoin => ({
        ...named,
        isWaiting,
        isSpent: spent.has(outPointName(named.outPoint)),
        isImmature: !isMature(named.coin, tip.height + 1, this.chain.params),
      });
      const coins: OwnCoin[] = [];
      for (const [i, script] of scripts.entries()) {
        coins.push(...(await store.coinsOf(script)).map((named) => own(named, false)));
        coins.push(...(waiting[i] ?? []).map((named) => own(named, true)));
      }
      return coins;
    });
  }
}

function changeOf(answer: Change | BlockReject): Change | undefined {
  return isReject(answer) ? undefined : answer;
}

/** What happened to the chain since this block was its tip; nothing where we do not know it. */
async function changeSince(hash: Hash | undefined, { store, branch, tip }: Chain): Promise<Change> {
  const from = hash && (await store.entry(hash));
  const { down, up } = from ? await branch.path(from, tip) : { down: [], up: [] };
  const disconnected = await Promise.all(down.map((entry) => store.block(entry)));
  const connected = await Promise.all(up.map((entry) => store.block(entry)));
  return { disconnected, connected };
}

/** The tip before the change. */
function startOf({ disconnected, connected }: Change): Hash | undefined {
  const [latest] = disconnected;
  return latest ? hashHeader(latest.header) : connected[0]?.header.parent;
}

function explainRefusal(reason: string): string {
  return reason === 'time-too-new'
    ? 'the chain is ahead of the clock: blocks came so fast for so long that the next would be ' +
        'too far in the future; wait, or set the clock right'
    : 'the block that was mined here is not valid by the rules; please report this';
}
