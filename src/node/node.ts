/**
 * The node: where the rooms meet. It holds the chain and the mempool together, and is the one door
 * for whoever asks, be it a person or a program. No private key ever passes it.
 */
import { inSteps } from '../chain/breathe.ts';
import { Chain, type ChainOptions, type ChainView, type Change } from '../chain/chain.ts';
import { hashOf } from '../chain/entry.ts';
import { Turns } from '../chain/turns.ts';
import { isMature } from '../consensus/connect.ts';
import { isReject, type Verdict } from '../consensus/reject.ts';
import { targetFromBits } from '../consensus/work.ts';
import type { Candidate, Member } from '../mempool/member.ts';
import { Mempool } from '../mempool/mempool.ts';
import type { PaymentReject } from '../mempool/policy.ts';
import { WaitingTable } from '../mempool/waiting.ts';
import { type Search, searchOf } from '../miner/kernel.ts';
import { buildTemplate } from '../miner/template.ts';
import { type Block, type Header, hashHeader } from '../primitives/block.ts';
import type { Hash } from '../primitives/codec.ts';
import type { NamedCoin } from '../primitives/coin.ts';
import { Fault } from '../primitives/fault.ts';
import { outPointName, type Transaction } from '../primitives/transaction.ts';
import { Events } from './events.ts';
import { tryBlock, tryHeader } from './trial.ts';

/** A view that several readers share; the last to leave closes it. */
class Reading {
  readonly view: ReturnType<Chain['view']>;
  #readers = 1;

  constructor(view: ReturnType<Chain['view']>) {
    this.view = view;
  }

  enter(): this {
    this.#readers++;
    return this;
  }

  async leave(): Promise<void> {
    if (--this.#readers === 0) await this.view.close();
  }
}

export interface NodeOptions extends ChainOptions {
  /** The time in seconds since 1970. */
  readonly now: () => number;
  /** What waiting payments may take of the memory. */
  readonly maxMempoolBytes?: number | undefined;
  /**
   * Searches for a nonce, in threads of its own. The answer is `undefined` where none will do, and
   * once the signal says that the search is in vain.
   */
  readonly search: (search: Search, signal: AbortSignal) => Promise<number | undefined>;
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

/** A search that goes on, to be ended when there is something better to search for. */
interface Work {
  readonly controller: AbortController;
  /** When its template was asked for, in seconds since 1970. */
  readonly begin: number;
}

/** How long a payment that came may be missing in what is searched for. Core: getblocktemplate. */
const maxStaleSeconds = 5;

/** Nonces a search, after which the time and the payments of the block are brought up to date. */
const noncesPerSearch = 8_000_000;

export class Node {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly events = new Events();
  readonly #options: NodeOptions;
  readonly #turns = new Turns();
  readonly #works = new Set<Work>();
  /** While a block is taken: how all was before it. */
  #before: Reading | undefined;

  private constructor(options: NodeOptions, chain: Chain, mempool: Mempool) {
    this.#options = options;
    this.chain = chain;
    this.mempool = mempool;
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
  async read<T>(reader: (view: ChainView) => Promise<T>): Promise<T> {
    const reading = this.#before?.enter() ?? new Reading(this.chain.view());
    try {
      return await reader(reading.view);
    } finally {
      await reading.leave();
    }
  }

  /** Takes a block, whoever made it. */
  async submitBlock(block: Block): ReturnType<Chain['accept']> {
    const answer = await this.#turns.take(async () => {
      const now = this.#options.now();
      // Where the last block ended in a failure, the chain may stand in the middle of its way.
      this.#before ??= new Reading(this.chain.view());
      const accepted = await this.chain.accept(block, now);
      const show = isReject(accepted) ? undefined : await this.#follow(accepted, now);
      const before = this.#before;
      // All at once: whoever reads from now on sees the coins and what waits after the change.
      show?.();
      this.#before = undefined;
      if (!isReject(accepted)) this.events.emitChange(accepted, this.chain.tip);
      await before.leave();
      return accepted;
    });
    if (!isReject(answer) && answer.status === 'connected') this.#endWorkBegunBy(Infinity);
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
      this.#endWorkBegunBy(this.#options.now() - maxStaleSeconds);
    }
    await this.#retryOrphans();
    return answer;
  }

  /** Whether a payment might wait now; nothing of it is kept. */
  tryPayment(transaction: Transaction): Promise<Candidate | PaymentReject> {
    return this.#turns.take(() => this.mempool.try(transaction, this.#options.now()));
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
      const block = await this.#searchBlock(script, extraNonce, signal);
      if (!block) continue;
      const answer = await this.submitBlock(block);
      if (isReject(answer)) throw new Fault(answer.reason, explainRefusal(answer.reason));
      // Another block may have come first; then this one is in vain, and the search begins anew.
      if (answer.status === 'connected') return block;
    }
  }

  /** The next block with a nonce that does, unless there is none or something better comes. */
  async #searchBlock(
    script: Uint8Array,
    extraNonce: number,
    stop: AbortSignal | undefined,
  ): Promise<Block | undefined> {
    const work = { controller: new AbortController(), begin: this.#options.now() };
    // Before the template is made, so that nothing can come between unnoticed.
    this.#works.add(work);
    try {
      const template = await this.template(script, extraNonce);
      const { header } = template;
      const target = targetFromBits(header.bits, this.chain.params.limitBits) ?? 0n;
      const signal = AbortSignal.any([work.controller.signal, ...(stop ? [stop] : [])]);
      const search = searchOf(header, target, noncesPerSearch);
      const nonce = await this.#options.search(search, signal);
      return nonce === undefined ? undefined : { ...template, header: { ...header, nonce } };
    } finally {
      this.#works.delete(work);
    }
  }

  /** Ends the searches that began at this time or before: there is something better to find. */
  #endWorkBegunBy(time: number): void {
    for (const { controller, begin } of this.#works) {
      if (begin <= time) controller.abort();
    }
  }

  /** The block that comes next, whole but for its nonce. */
  template(script: Uint8Array, extraNonce: number): Promise<Block> {
    // In turn, or it could hold a payment that the block before it held already.
    return this.#turns.take(async () => {
      const { branch, tip, params, breathe } = this.chain;
      const request = {
        parent: hashOf(tip),
        context: await branch.headerContext(tip),
        pool: this.mempool.list(),
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
