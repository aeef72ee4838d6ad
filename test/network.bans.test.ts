/** What no honest node does: whoever does it is hung up on and banned at once. */
import { describe, expect, test } from 'vitest';
import type { Method } from '../src/network/boundary.ts';
import { BlockTxs, CompactBlock, compactOf } from '../src/network/compact.ts';
import { maxAnswerBytes } from '../src/network/limits.ts';
import {
  BlocksQuestion,
  Bodies,
  encodeAnswer,
  Ids,
  Payments,
  Records,
} from '../src/network/messages.ts';
import { maxMoney } from '../src/primitives/amount.ts';
import { type Block, hashHeader } from '../src/primitives/block.ts';
import { decode, encode, type Hash, noHash } from '../src/primitives/codec.ts';
import { Transaction, wtxid } from '../src/primitives/transaction.ts';
import { inputOf, type Owned, outputTo, pay, turnBit, withWitness, witnessIn } from './forge.ts';
import { plant } from './grove.ts';
import { meet, type Role } from './stranger.ts';
import { Village, type Villager } from './village.ts';

/** A victim with the first two blocks of a grove, a payment that waits, and who grew them. */
async function scene() {
  const grove = await plant();
  const village = new Village('bans');
  const victim = await village.settle('victim');
  await victim.node.submitBlock(grove.draw('a1', { on: 'genesis' }));
  await victim.node.submitBlock(grove.draw('a2', { on: 'a1' }));
  const payment = pay([grove.minted('a1')], { outputs: [outputTo(1, 1_0000_0000n)] });
  await victim.node.submitPayment(payment);
  expect([victim.node.chain.tip.height, victim.node.mempool.size]).toEqual([2, 1]);
  return { grove, village, victim, payment };
}

type Scene = Awaited<ReturnType<typeof scene>>;

/** Lets a stranger in this role come, and expects him to be banned and gone. */
async function expectBan({ village, victim }: Scene, role: Role): Promise<void> {
  const liar = await meet(village, 'liar', role);
  await liar.visit('victim');
  await village.clock.run(10_000);
  expectGone(victim);
}

function expectGone({ banned, online }: Villager): void {
  expect(banned).toEqual(['liar']);
  expect(online.transport.peers()).toEqual([]);
}

/** Answers for a block in compact form, and for what is lacking of it. */
interface Compactly {
  readonly body: (block: Block) => Uint8Array;
  readonly rest?: (hash: Hash) => Uint8Array;
}

const lacking = (block: Block): CompactBlock => ({ ...compactOf(block, 1n), shortIds: [7] });
const someTransactions = ({ transactions }: Block) => transactions.slice(0, 1);

const compactly: Readonly<Record<string, (next: Block) => Compactly>> = {
  'that is none': () => ({ body: () => Uint8Array.of(1, 2, 3) }),
  'that is of another header': () => ({
    body: (block) =>
      encode(CompactBlock, compactOf({ ...block, header: { ...block.header, nonce: 7 } }, 1n)),
  }),
  'whose coinbase has a place beyond its end': () => ({
    body: (block) => {
      const compact = compactOf(block, 1n);
      const prefilled = compact.prefilled.map((each) => ({ ...each, at: 9 }));
      return encode(CompactBlock, { ...compact, prefilled });
    },
  }),
  'of which it then has the payments of another': (next) => ({
    body: (block) => encode(CompactBlock, lacking(block)),
    rest: () => encodeAnswer(BlockTxs, { block: noHash, transactions: someTransactions(next) }),
  }),
  'of which it then has no payments': () => ({
    body: (block) => encode(CompactBlock, lacking(block)),
    rest: (block) => encodeAnswer(BlockTxs, { block, transactions: [] }),
  }),
  'of which it then has more payments than it was asked for': (next) => ({
    body: (block) => encode(CompactBlock, lacking(block)),
    rest: (block) => {
      const [one] = someTransactions(next);
      return encodeAnswer(BlockTxs, { block, transactions: one ? [one, one] : [] });
    },
  }),
};

describe('who sends a compact block is banned', () => {
  test.each(Object.entries(compactly))('%s', async (_, make) => {
    const met = await scene();
    const next = met.grove.draw('a3', { on: 'a2' });
    const { body, rest } = make(next);
    const blocks = ['a1', 'a2', 'a3'].map((name) => met.grove.block(name));
    const forms: number[] = [];
    await expectBan(met, {
      blocks,
      answers: {
        blocks: (question) => {
          forms.push(decode(BlocksQuestion, question).form);
          return encodeAnswer(Bodies, [body(next)]);
        },
        ...(rest ? { blocktxs: () => rest(hashHeader(next.header)) } : {}),
      },
    });
    expect(forms).toEqual([1]);
    expect(met.victim.node.chain.tip.height).toBe(2);
  });
});

describe('who answers is banned', () => {
  test('with a record that nobody signed', async () => {
    const met = await scene();
    const record = encodeAnswer(Records, [Uint8Array.of(7)]);
    await expectBan(met, { answers: { peers: () => record } });
  });

  test('with a payment that is none', async () => {
    const met = await scene();
    const ids = encodeAnswer(Ids, ['ab'.repeat(32) as Hash]);
    const payments = encodeAnswer(Payments, [Uint8Array.of(1, 2, 3)]);
    const mempool = ([count]: Uint8Array) => (count === 0 ? ids : payments);
    await expectBan(met, { answers: { mempool } });
  });

  const methods: readonly Method[] = ['status', 'headers', 'blocks', 'mempool', 'peers'];
  test.each(methods)('with more than an answer for %s may hold', async (method) => {
    const met = await scene();
    const blocks = ['a1', 'a2'].map((name) => met.grove.block(name));
    blocks.push(met.grove.draw('a3', { on: 'a2' }));
    const long = new Uint8Array(maxAnswerBytes[method] + 1);
    await expectBan(met, { blocks, answers: { [method]: () => long } });
  });
});

const one = outputTo(1, 1000n);
const bare = (fields: Partial<Transaction>): Transaction => ({
  ...{ version: 2, lockTime: 0, outputs: [one] },
  inputs: [inputOf({ txid: 'ab'.repeat(32) as Hash, index: 0 })],
  ...fields,
});

/** Payments that are wrong wherever and whenever they are judged, spending this coin. */
const wrong: Readonly<Record<string, (coin: Owned) => Transaction>> = {
  'without outputs': () => bare({ outputs: [] }),
  'of a negative amount': () => bare({ outputs: [outputTo(1, -1n)] }),
  'of more than there can be': () => bare({ outputs: [outputTo(1, maxMoney + 1n)] }),
  'of more than there can be in all': () => {
    return bare({ outputs: [outputTo(1, maxMoney), outputTo(2, maxMoney)] });
  },
  'that spends one coin twice': () => {
    const [input] = bare({}).inputs;
    return bare({ inputs: input ? [input, input] : [] });
  },
  'that spends nothing among others': () => {
    const none = inputOf({ txid: noHash, index: 0xffff_ffff });
    return bare({ inputs: [...bare({}).inputs, none] });
  },
  'that is a coinbase': () => {
    const none = inputOf({ txid: noHash, index: 0xffff_ffff });
    return bare({ inputs: [{ ...none, scriptSig: Uint8Array.of(1, 1) }] });
  },
  'to a kind of output that there is not': () => {
    return bare({ outputs: [{ amount: 1n, script: Uint8Array.of(0x51) }] });
  },
  'of more than it spends': (coin) => pay([coin], { outputs: [outputTo(1, 51_0000_0000n)] }),
  'with a wrong signature': (coin) => {
    const good = pay([coin], { outputs: [outputTo(1, 1_0000_0000n)] });
    const [signature = new Uint8Array(0), ...others] = witnessIn(good);
    return withWitness(good, [turnBit(signature, 100), ...others]);
  },
};

describe('who passes on a payment is banned', () => {
  test.each(Object.entries(wrong))('%s', async (_, make) => {
    const met = await scene();
    const liar = await meet(met.village, 'liar', {});
    await liar.visit('victim');
    await liar.tell('tx', encode(Transaction, make(met.grove.minted('a2'))));
    await met.village.clock.run(5_000);
    expectGone(met.victim);
  });
});

/** Payments that another node may well have taken. */
const unwelcome: Readonly<Record<string, (met: Scene) => Transaction>> = {
  'of a coin that nobody knows': () => bare({}),
  'that waits already': ({ payment }) => payment,
  'that pays too little': ({ grove }) => {
    const coin = grove.minted('a2');
    return pay([coin], { outputs: [outputTo(1, coin.coin.amount)] });
  },
  'of a coin that another spends': ({ grove }) => {
    return pay([grove.minted('a1')], { outputs: [outputTo(2, 1_0000_0000n)] });
  },
  'that is not final yet': ({ grove }) => {
    return pay([grove.minted('a2')], { lockTime: 1_000, sequence: 0, outputs: [one] });
  },
};

describe('who passes on a payment is not blamed for it', () => {
  test.each(Object.entries(unwelcome))('%s', async (_, make) => {
    const met = await scene();
    const stranger = await meet(met.village, 'stranger', {});
    await stranger.visit('victim');
    const payment = make(met);
    await stranger.tell('tx', encode(Transaction, payment));
    await met.village.clock.run(5_000);
    expect(met.victim.banned).toEqual([]);
    expect(met.victim.online.transport.peers()).toHaveLength(1);
    const waiting = met.victim.node.mempool.list().map(({ transaction }) => wtxid(transaction));
    expect(waiting).toEqual([wtxid(met.payment)]);
  });
});
