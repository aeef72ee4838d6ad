/** Mining: a template is a valid block but for its nonce, and the kernel finds the first. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkHeader } from '../src/consensus/header.ts';
import { main, type Params, regtest } from '../src/consensus/params.ts';
import { maxBlockWeight } from '../src/consensus/transaction.ts';
import { decodeBits, numberFromHash } from '../src/consensus/work.ts';
import { type Search, searchNonce, searchOf } from '../src/miner/kernel.ts';
import { buildTemplate } from '../src/miner/template.ts';
import { Node } from '../src/node/node.ts';
import { type Block, blockWeight, type Header, hashHeader } from '../src/primitives/block.ts';
import { type Hash, noHash } from '../src/primitives/codec.ts';
import { heightPush } from '../src/primitives/script.ts';
import { atOnce } from '../src/primitives/steps.ts';
import { type Transaction, txid, virtualBytes, weight } from '../src/primitives/transaction.ts';
import { carriersOf, epoch, hex, keyOf, outputTo, own, ownOutput, pay, seal } from './forge.ts';
import { type Grove, grass, machine, memory, noon, plant, verifyInline, wordOf } from './grove.ts';
import { type Drop, poolOf } from './pond.ts';

const miner = outputTo(7, 0n).script;

const header = seal([], { merkleRoot: noHash }).header;

/** The template with the first nonce that does. */
function finish(block: Block): Block {
  const { target } = decodeBits(block.header.bits);
  const nonce = searchNonce(searchOf(block.header, target, 2 ** 32));
  return { ...block, header: { ...block.header, nonce: nonce ?? 0 } };
}

async function plantWith(names: readonly string[], params: Params = grass): Promise<Grove> {
  const grove = await plant({ params });
  for (const name of names) await grove.mine(name);
  return grove;
}

/** Hands in two payments, of which the second spends the first, with fees of 1,000 and 2,000. */
async function payTwice(grove: Grove): Promise<readonly Transaction[]> {
  const coin = grove.minted('a1');
  const { amount } = coin.coin;
  const first = pay([coin], { outputs: [outputTo(1, amount - 1000n)] });
  const second = pay([ownOutput(first, 0, keyOf(1))], { outputs: [outputTo(2, amount - 3000n)] });
  for (const payment of [first, second]) expect(await grove.pay(payment)).toBe('waits');
  return [first, second];
}

describe('a template', () => {
  test.each([
    ['as on regtest', grass],
    [
      'where each block has bits of its own',
      {
        ...grass,
        difficulty: { rule: 'asert', spacingSeconds: 600, halfLifeSeconds: 86_400 },
      } as const,
    ],
  ])('is a valid block once its nonce is found, %s', async (_, params) => {
    const grove = await plantWith(['a1', 'a2', 'a3'], params);
    grove.clock = grove.block('a3').header.time + 10;
    await payTwice(grove);
    for (let i = 0; i < 3; i++) {
      const block = finish(await grove.node.template(miner, i));
      expect(wordOf(await grove.node.submitBlock(block))).toBe('connected');
    }
    expect(grove.waiting).toEqual([]);
  });

  test('holds what waits, parents first, and claims the subsidy and all fees', async () => {
    const grove = await plantWith(['a1', 'a2']);
    const payments = await payTwice(grove);
    const { transactions } = await grove.node.template(miner, 0);
    expect(transactions.slice(1)).toEqual(payments);
    expect(transactions[0]?.outputs[0]).toEqual({ amount: 50_0000_0000n + 3000n, script: miner });
  });

  test('has the coinbase that Core’s miner makes', async () => {
    const grove = await plantWith(['a1', 'a2']);
    const [coinbase] = (await grove.node.template(miner, 258)).transactions;
    expect(coinbase).toMatchObject({ version: 2, lockTime: 2 });
    expect(coinbase?.inputs).toEqual([
      {
        prevout: { txid: noHash, index: 0xffff_ffff },
        scriptSig: Uint8Array.of(...heightPush(3), 4, 2, 1, 0, 0),
        sequence: 0xffff_fffe,
        witness: [new Uint8Array(32)],
      },
    ]);
    expect(coinbase?.outputs.length).toBe(2);
    expect(coinbase?.outputs[1]?.amount).toBe(0n);
    expect(coinbase?.outputs[1]?.script.slice(0, 6)).toEqual(hex('6a24aa21a9ed'));
  });

  test('waits for a block that is being taken, and for the mempool to follow it', async () => {
    const grove = await plantWith(['a1', 'a2']);
    const payments = await payTwice(grove);
    grove.draw('a3', { with: payments.slice(0, 1) });
    const taken = grove.submit('a3');
    const { header, transactions } = await grove.node.template(miner, 0);
    expect(wordOf(await taken)).toBe('connected');
    expect(header.parent).toBe(hashHeader(grove.block('a3').header));
    expect(transactions.slice(1)).toEqual(payments.slice(1));
  });

  test('has other hashes for every extra nonce', async () => {
    const grove = await plantWith(['a1']);
    const roots = await Promise.all(
      [0, 1, 2].map(async (extra) => (await grove.node.template(miner, extra)).header.merkleRoot),
    );
    expect(new Set(roots).size).toBe(3);
  });

  test('is dated now, or just after the median time past if that is later', async () => {
    const grove = await plantWith(['a1', 'a2', 'a3']);
    expect((await grove.node.template(miner, 0)).header.time).toBe(noon);
    grove.clock = epoch;
    const { medianTimePast } = grove.node.chain.tip;
    expect((await grove.node.template(miner, 0)).header.time).toBe(medianTimePast + 1);
  });
});

/** A payment of the coin of this number whose carriers fill so many bytes, at so much a byte. */
function heavy(seed: number, bytes: number, feeRate = 10): Drop {
  const coin = own(seed, { kind: 'p2tr' });
  const transaction = pay([coin], { outputs: carriersOf(bytes) });
  return { transaction, fee: BigInt(virtualBytes(transaction) * feeRate) };
}

function templateOf(drops: readonly Drop[]): Block {
  const context = { height: 400, parent: header, pastTime: undefined, medianTimePast: epoch };
  const request = { parent: noHash, context, pool: poolOf(drops).list(), script: miner };
  return atOnce(buildTemplate({ ...request, now: epoch, extraNonce: 0xffff_ffff }, regtest));
}

const idsOf = ({ transactions }: Block) => transactions.slice(1).map(txid);
const idsIn = (drops: readonly Drop[]) => drops.map((each) => txid(each.transaction));
const feesOf = (drops: readonly Drop[]) => drops.reduce((sum, { fee }) => sum + fee, 0n);

describe('a template of more than a block can hold', () => {
  const full = Array.from({ length: 10 }, (_, i) => heavy(i + 1, 99_000));
  const left =
    maxBlockWeight - 4_000 - full.reduce((sum, each) => sum + weight(each.transaction), 0);
  // The carriers of a payment that fills what is left to the last four units.
  const rest = 1000 + ((left - weight(heavy(20, 1000).transaction)) >> 2);

  test('is filled to the last unit that is not kept free for the coinbase', () => {
    const block = templateOf([...full, heavy(20, rest)]);
    expect(idsOf(block).length).toBe(11);
    const taken = block.transactions.slice(1).reduce((sum, each) => sum + weight(each), 0);
    expect(maxBlockWeight - 4_000 - taken).toBeLessThan(4);
    expect(blockWeight(block)).toBeLessThanOrEqual(maxBlockWeight);
  });

  test('leaves out what does not fit with all that spends it, and holds what pays less', () => {
    const large = heavy(20, rest + 1, 9);
    const spending = (each: Drop, seed: number): Drop => {
      const outPoint = { txid: txid(each.transaction), index: 0 };
      return { transaction: pay([{ ...own(seed), outPoint }]), fee: 1000n };
    };
    const child = spending(large, 21);
    const grandchild = spending(child, 22);
    const small = { transaction: pay([own(23)]), fee: 7n };
    const block = templateOf([...full, large, child, small, grandchild]);
    expect(idsOf(block)).toEqual(idsIn([...full, small]));
    // The subsidy of height 400 on regtest, after two halvings, and the fees of what is in.
    const fees = feesOf([...full, small]);
    expect(block.transactions[0]?.outputs[0]?.amount).toBe(12_5000_0000n + fees);
  });

  test('holds what pays most a byte, whenever it came', () => {
    const late = heavy(30, 99_000, 11);
    const block = templateOf([...full, late]);
    expect(idsOf(block)).toEqual(idsIn([late, ...full.slice(0, 9)]));
  });
});

describe('the kernel', () => {
  test.each([
    ['main', main, 1_728_000, 1_728_337],
    // Bitcoin's own search did not begin at zero: 0 and 1 would have done.
    ['regtest', regtest, 2, 2],
  ])('finds the nonce of the genesis block of %s', (_, params, firstNonce, nonce) => {
    const { header } = params.genesis;
    const search = searchOf({ ...header, nonce: 0 }, decodeBits(header.bits).target, 1000);
    expect(searchNonce({ ...search, firstNonce })).toBe(nonce);
  });

  const easy = fc.record({
    merkleRoot: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(hashOfBytes),
    time: fc.nat({ max: 0xffff_ffff }),
    bits: fc.constantFrom(0x207f_ffff, 0x2010_0000, 0x2001_0000, 0x1f7f_ffff),
    nonce: fc.nat({ max: 0xffff_ffff }),
    firstNonce: fc.nat({ max: 0xffff_ff00 }),
  });

  test('finds the same nonce as trying one after the other, or none where there is none', () => {
    let found = 0;
    const property = fc.property(easy, ({ firstNonce, ...fields }) => {
      const tried = { ...header, ...fields };
      const search = { ...searchOf(tried, decodeBits(tried.bits).target, 100), firstNonce };
      const nonce = searchNonce(search);
      if (nonce !== undefined) found++;
      expect(nonce).toBe(searchPlainly(tried, search));
    });
    fc.assert(property, { numRuns: 150, seed: 1 });
    expect(found).toBeGreaterThan(50);
    expect(found).toBeLessThan(150);
  });

  test('tries as many nonces as it is told to, and no more', () => {
    const bits = 0x2001_0000;
    const search = searchOf({ ...header, bits }, decodeBits(bits).target, 100_000);
    const nonce = searchNonce(search) ?? 0;
    expect(nonce).toBeGreaterThan(0);
    expect(searchNonce({ ...search, count: nonce })).toBeUndefined();
    expect(searchNonce({ ...search, count: nonce + 1 })).toBe(nonce);
    expect(searchNonce({ ...search, firstNonce: nonce, count: 1 })).toBe(nonce);
    expect(searchNonce({ ...search, count: 0 })).toBeUndefined();
  });

  test('takes a hash that is the target itself, and none above', () => {
    const target = numberFromHash(hashHeader({ ...header, nonce: 5 }));
    const only = (limit: bigint): Search => ({ ...searchOf(header, limit, 1), firstNonce: 5 });
    expect(searchNonce(only(target))).toBe(5);
    expect(searchNonce(only(target - 1n))).toBeUndefined();
  });

  test('ends with the last nonce there is, and does not begin anew', () => {
    const last = 2 ** 32 - 1;
    const at = (time: number, nonce: number) =>
      numberFromHash(hashHeader({ ...header, time, nonce }));
    // A header for which the nonce zero does better than the last one.
    const time = [1, 2, 3, 4, 5, 6, 7, 8].find((each) => at(each, 0) < at(each, last)) ?? 0;
    const around = searchOf({ ...header, time }, at(time, 0), 2);
    expect(searchNonce(around)).toBe(0);
    expect(searchNonce({ ...around, firstNonce: last })).toBeUndefined();

    const target = numberFromHash(hashHeader({ ...header, nonce: last }));
    const search = { ...searchOf(header, target, 1000), firstNonce: last };
    expect(searchNonce(search)).toBe(last);
    expect(searchNonce(searchOf({ ...header, nonce: last }, 0n, 3))).toBeUndefined();
    expect(searchNonce({ ...search, target: new Uint8Array(32) })).toBeUndefined();
  });
});

function hashOfBytes(bytes: Uint8Array): Hash {
  return Buffer.from(bytes).toString('hex') as Hash;
}

function searchPlainly(tried: Header, { firstNonce, count }: Search): number | undefined {
  for (let nonce = firstNonce; nonce < firstNonce + count; nonce++) {
    if (!checkHeader({ ...tried, nonce }, { ...regtest, limitBits: tried.bits })) return nonce;
  }
  return undefined;
}

describe('a node that mines', () => {
  test('makes its block the tip, with what waits, and pays whom it is told to', async () => {
    const grove = await plantWith(['a1']);
    const payments = await payTwice(grove);
    const block = await grove.node.mine(miner);
    expect(grove.tip).toBe(hashHeader(block.header));
    expect(block.transactions.slice(1)).toEqual(payments);
    expect(grove.waiting).toEqual([]);
    const next = await grove.node.mine(miner);
    expect(next.header.parent).toBe(hashHeader(block.header));
    const amounts = (await grove.node.coinsOf(miner)).map(({ coin }) => coin.amount);
    expect(amounts.toSorted()).toEqual([50_0000_0000n, 50_0000_3000n]);
  });

  test('turns the extra nonce where no nonce will do', async () => {
    const tried: Search[] = [];
    const node = await Node.open({
      database: memory(),
      ...machine,
      params: regtest,
      verifyAll: verifyInline,
      now: () => noon,
      search: async (search) => (tried.push(search) < 3 ? undefined : searchNonce(search)),
    });
    const block = await node.mine(miner);
    expect(tried.length).toBe(3);
    const scriptSig = block.transactions[0]?.inputs[0]?.scriptSig;
    expect(scriptSig).toEqual(Uint8Array.of(...heightPush(1), 4, 2, 0, 0, 0));
    expect(node.chain.tip.height).toBe(1);
  });

  test('says that the chain is ahead of the clock where it is', async () => {
    const grove = await plantWith(['a1', 'a2', 'a3']);
    grove.clock = grove.node.chain.tip.medianTimePast - regtest.maxFutureSeconds;
    await expect(grove.node.mine(miner)).rejects.toMatchObject({ code: 'time-too-new' });
    grove.clock++;
    await grove.node.mine(miner);
    expect(grove.node.chain.tip.height).toBe(4);
  });
});
