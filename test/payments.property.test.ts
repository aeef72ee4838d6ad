/**
 * Any payments, replacements, blocks and reorganisations: what the command line tells of a wallet
 * is what a reference of a few lines says, which knows the blocks and what waits and nothing else.
 */
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashOf } from '../src/chain/entry.ts';
import { bumpRequest } from '../src/cli/bump.ts';
import { spendableCoins } from '../src/cli/coins.ts';
import { balanceOf } from '../src/cli/getbalance.ts';
import { regtest } from '../src/consensus/params.ts';
import { type Block, hashHeader } from '../src/primitives/block.ts';
import type { Coin } from '../src/primitives/coin.ts';
import { heightPush, push } from '../src/primitives/script.ts';
import { outPointName, type Transaction, txid } from '../src/primitives/transaction.ts';
import { planBump } from '../src/wallet/bump.ts';
import { Keys } from '../src/wallet/keys.ts';
import { type Payment, planPayment } from '../src/wallet/payment.ts';
import { signPayment } from '../src/wallet/sign.ts';
import { newWallet, pathsOf, takeAddress, type Wallet } from '../src/wallet/wallet.ts';
import { doorTo } from './door.ts';
import { coinbaseOf, epoch, grind, seal } from './forge.ts';
import { type Grove, plant, verifyOnce, wordOf } from './grove.ts';
import { faultOr } from './wallet.purse.ts';

const subsidy = 50_0000_0000n;

/** A minted coin rests for a block. */
const params = { ...regtest, coinbaseMaturity: 2 };

/** The entropy of BIP39's vectors. */
const allWords = [
  'legal winner thank year wave sausage worth useful legal winner thank yellow',
  'letter advice cage absurd amount doctor acoustic avoid letter advice cage above',
  'zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong',
];
const allKeys = allWords.map((words) => new Keys(words, regtest.coinType));

const who = fc.nat({ max: allWords.length - 1 });
const feeRate = fc.bigInt(1_000n, 9_000n);
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('pay' as const),
      from: who,
      to: who,
      amount: fc.oneof(
        { weight: 5, arbitrary: fc.bigInt(1_000n, 40_0000_0000n) },
        { weight: 1, arbitrary: fc.constant('all' as const) },
      ),
      feeRate,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('bump' as const),
      which: fc.nat({ max: 20 }),
      feeRate: fc.option(fc.bigInt(1_000n, 40_000n), { nil: undefined }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('block' as const),
      /** How many blocks of the tip it leaves aside; where some, it is followed by as many. */
      depth: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 3 })),
      to: who,
      /** Which of the payments ever made it would hold, bit by bit. */
      choice: fc.bigInt(0n, 2n ** 64n - 1n),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type Pay = Extract<Step, { kind: 'pay' }>;
type Bump = Extract<Step, { kind: 'bump' }>;
type Grow = Extract<Step, { kind: 'block' }>;

/** A block as the test knows it, which is not by the node. */
interface Known {
  readonly block: Block;
  readonly height: number;
  readonly parent: Known | undefined;
  /** The coins after it. That it could be made says that none is spent twice before it. */
  readonly coins: ReadonlyMap<string, Coin>;
}

/** The coins after one more payment; `undefined` where it spends what is not there, or not yet. */
function spendFrom(
  coins: ReadonlyMap<string, Coin>,
  transaction: Transaction,
  height: number,
): ReadonlyMap<string, Coin> | undefined {
  const left = new Map(coins);
  for (const { prevout } of transaction.inputs) {
    const coin = left.get(outPointName(prevout));
    if (!coin || (coin.isCoinbase && height - coin.height < params.coinbaseMaturity)) return;
    left.delete(outPointName(prevout));
  }
  for (const [name, coin] of made(transaction, height, false)) left.set(name, coin);
  return left;
}

function made(transaction: Transaction, height: number, isCoinbase: boolean) {
  return transaction.outputs.flatMap((output, index): [string, Coin][] => {
    if (output.script[0] === 0x6a) return [];
    return [[outPointName({ txid: txid(transaction), index }), { ...output, height, isCoinbase }]];
  });
}

class World {
  readonly grove: Grove;
  readonly wallets: Wallet[];
  /** Every payment that was ever accepted, replaced ones too, in order. */
  readonly payments: Transaction[] = [];
  tip: Known = { block: params.genesis, height: 0, parent: undefined, coins: new Map() };
  #number = 0;

  constructor(grove: Grove) {
    this.grove = grove;
    this.wallets = allKeys.map((keys, i) => {
      const genesis = hashHeader(params.genesis.header);
      const fields = { accounts: keys.accounts(), secret: allWords[i] ?? '', genesis, created: 0 };
      const wallet = newWallet({ label: `w${i}`, ...fields });
      return i === 1 ? takeAddress(wallet, 'p2tr', false).wallet : wallet;
    });
  }

  purse(who: number) {
    const [wallet, keys] = [this.wallets[who], allKeys[who]];
    if (!wallet || !keys) throw new RangeError(`no wallet ${who}`);
    const chosen = pathsOf(wallet).map((path) => keys.key(path));
    const { wallet: next, path } = takeAddress(wallet, 'p2wpkh', true);
    return { wallet, keys, chosen, isWhole: true, next, changeScript: keys.key(path).script };
  }

  /** The address that was given out last: of wallet 1 that is P2TR, or change. */
  scriptOf(who: number): Uint8Array {
    return this.purse(who).chosen.at(-1)?.script ?? new Uint8Array(0);
  }

  async pay({ from, to, amount, feeRate }: Pay): Promise<void> {
    const { chosen, changeScript } = this.purse(from);
    const coins = await spendableCoins(doorTo(this.grove), chosen);
    const request = { coins, to: this.scriptOf(to), amount, feeRate, changeScript };
    await this.#submit(
      from,
      faultOr(() => planPayment(request)),
    );
  }

  async bump({ which, feeRate }: Bump): Promise<void> {
    const { node } = this.grove;
    const waiting = node.mempool.list();
    const member = waiting[which % Math.max(waiting.length, 1)];
    if (!member) return;
    const owners = [...this.wallets.keys()].filter((who) => this.#isOwn(who, member.coins[0]));
    for (const who of owners) {
      const purse = this.purse(who);
      const door = doorTo(this.grove);
      const waiting = await door.payment(member.id);
      if (waiting.kind !== 'waiting') throw new Error('it waits no more');
      const request = await bumpRequest(door, waiting, purse);
      const { changeScript } = purse;
      await this.#submit(
        who,
        faultOr(() => planBump({ ...request, changeScript, feeRate })),
      );
      return;
    }
    throw new Error('a payment waits that nobody made');
  }

  /** What was planned is accepted, whatever it replaces. */
  async #submit(who: number, payment: Payment | string): Promise<void> {
    if (typeof payment === 'string') {
      expect(refusals).toContain(payment);
      return;
    }
    const { keys, next } = this.purse(who);
    this.wallets[who] = next;
    const signed = signPayment(payment, keys, (length) => new Uint8Array(length));
    expect(await this.grove.pay(signed)).toBe('waits');
    this.payments.push(signed);
  }

  async grow({ depth, to, choice }: Grow): Promise<void> {
    let parent = this.tip;
    this.grove.clock = epoch + (parent.height + 1) * 600;
    if (depth === 0 && choice % 2n === 0n) return await this.#mine(this.scriptOf(to));
    for (let i = 0; i < depth && parent.parent; i++) parent = parent.parent;
    for (let isLonger = false; !isLonger; ) {
      isLonger = parent.height === this.tip.height;
      parent = this.#forge(parent, this.scriptOf(to), choice);
      const word = wordOf(await this.grove.node.submitBlock(parent.block));
      expect(word).toBe(isLonger ? 'connected' : 'side');
    }
    this.tip = parent;
  }

  /** The node's own block holds all that waits, and spends nothing twice. */
  async #mine(script: Uint8Array): Promise<void> {
    const { waiting, node } = this.grove;
    const height = this.tip.height + 1;
    const block = await node.mine(script);
    const [coinbase, ...held] = block.transactions;
    expect(new Set(held.map(txid))).toEqual(new Set(waiting.map(txid)));
    let { coins } = this.tip;
    for (const each of held) {
      const after = spendFrom(coins, each, height);
      if (!after) throw new Error(`${txid(each)} was mined, and spends what is not there`);
      coins = after;
    }
    const minted = coinbase ? made(coinbase, height, true) : [];
    this.tip = { block, height, parent: this.tip, coins: new Map([...coins, ...minted]) };
  }

  /** A block that holds what it can of the payments that were chosen. */
  #forge(parent: Known, script: Uint8Array, choice: bigint): Known {
    const height = parent.height + 1;
    let { coins } = parent;
    const held: Transaction[] = [];
    for (const [i, payment] of this.payments.entries()) {
      if (((choice >> BigInt(i % 64)) & 1n) === 0n) continue;
      const after = spendFrom(coins, payment, height);
      if (!after) continue;
      held.push(payment);
      coins = after;
    }
    const scriptSig = Uint8Array.of(
      ...heightPush(height),
      ...push(utf8ToBytes(`${this.#number++}`)),
    );
    const outputs = [{ amount: subsidy, script }];
    const coinbase = coinbaseOf(height, held, { scriptSig, outputs });
    const fields = { parent: hashHeader(parent.block.header), time: epoch + height * 600 };
    const sealed = seal([coinbase, ...held], fields);
    const block = { ...sealed, header: grind(sealed.header) };
    const all = new Map([...coins, ...made(coinbase, height, true)]);
    return { block, height, parent, coins: all };
  }

  /** Each wallet's balance is the reference's, and no two payments that wait spend one coin. */
  async check(): Promise<void> {
    const { node, waiting } = this.grove;
    expect(hashOf(node.chain.tip)).toBe(hashHeader(this.tip.block.header));
    let coins = this.tip.coins;
    for (const payment of waiting) {
      const after = spendFrom(coins, payment, this.tip.height + 1);
      if (!after) throw new Error(`${txid(payment)} waits, and no block could hold it`);
      coins = after;
    }
    for (const who of this.wallets.keys()) {
      const scripts = this.purse(who).chosen.map(({ script }) => script);
      expect(balanceOf(await node.coinsOf(...scripts))).toEqual(this.#balance(who, coins));
    }
  }

  #balance(who: number, after: ReadonlyMap<string, Coin>) {
    const isYoung = ({ isCoinbase, height }: Coin) =>
      isCoinbase && this.tip.height + 1 - height < params.coinbaseMaturity;
    const sumOf = (coins: Iterable<Coin>) =>
      [...coins].reduce((sum, coin) => sum + (this.#isOwn(who, coin) ? coin.amount : 0n), 0n);
    const now = [...this.tip.coins.values()];
    const [confirmed, immature] = [
      sumOf(now.filter((c) => !isYoung(c))),
      sumOf(now.filter(isYoung)),
    ];
    const total = sumOf(after.values());
    return { confirmed, immature, pending: total - confirmed - immature, total };
  }

  #isOwn(who: number, coin: Coin | undefined): boolean {
    const hex = coin && bytesToHex(coin.script);
    return this.purse(who).chosen.some(({ script }) => bytesToHex(script) === hex);
  }
}

/** The only reasons for which nothing is paid here. */
const refusals = ['no-coins', 'insufficient-funds', 'too-long-mempool-chain', 'fee-too-low'];

test('a wallet owns what blocks and waiting payments say, and spends no coin twice', async () => {
  const verifyAll = verifyOnce();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
      const world = new World(await plant({ params, verifyAll }));
      for (const to of [0, 1, 2, 0]) await world.grow({ kind: 'block', depth: 0, to, choice: 0n });
      for (const each of steps) {
        if (each.kind === 'pay') await world.pay(each);
        else if (each.kind === 'bump') await world.bump(each);
        else await world.grow(each);
        await world.check();
      }
    }),
    { numRuns: 120 },
  );
});
