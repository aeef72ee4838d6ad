/** Liars: each lies as its name says, and honest nodes come through with every one of them. */
import { expect, test } from 'vitest';
import { checkBlock } from '../src/consensus/block.ts';
import { checkCommitment } from '../src/consensus/commitment.ts';
import { isReject } from '../src/consensus/reject.ts';
import { readWitnesses } from '../src/consensus/witness.ts';
import { demandLedger } from '../src/lab/ledger.ts';
import { type LieName, lies } from '../src/lab/liars.ts';
import { pressBlock, presser } from '../src/lab/press.ts';
import type { SimTransport } from '../src/lab/simtransport.ts';
import { runStory } from '../src/lab/story.ts';
import type { GossipVerdict, Method, Topic } from '../src/network/boundary.ts';
import { BlockTxs, BlockTxsQuestion, CompactBlock } from '../src/network/compact.ts';
import { maxAnswerBytes } from '../src/network/limits.ts';
import {
  BlocksQuestion,
  Bodies,
  decodeAnswer,
  Headers,
  Locator,
  Status,
} from '../src/network/messages.ts';
import { Block, Header, hashHeader } from '../src/primitives/block.ts';
import { decode, encode, type Hash } from '../src/primitives/codec.ts';
import { Transaction, txid } from '../src/primitives/transaction.ts';
import { attachTo } from './lab.attach.ts';
import { Stage } from './lab.stage.ts';
import { settle } from './settle.ts';

const attach = attachTo();

/** Someone honest who hears and asks, on a chain of some blocks, and one liar that calls. */
class Interview {
  readonly stage = new Stage();
  readonly transport: SimTransport;
  readonly told: { readonly topic: Topic; readonly bytes: Uint8Array }[] = [];
  readonly asked: { readonly method: Method; readonly bytes: Uint8Array }[] = [];
  /** Everyone who called. */
  readonly met = new Set<string>();
  verdict: GossipVerdict = 'accept';

  constructor() {
    const { ledgers, params, chance, net } = this.stage;
    for (let i = 0; i < 12; i++) {
      demandLedger(ledgers.add(pressBlock(ledgers.best, params, chance)));
    }
    this.transport = net.join('honest');
  }

  async begin(lie: LieName): Promise<this> {
    await this.transport.start({
      onPeer: (peer) => this.met.add(peer),
      onFound: () => {},
      onOffence: () => {},
      onGossip: async (topic, _from, bytes) => {
        this.told.push({ topic, bytes });
        return this.verdict;
      },
      onRequest: async (method, _from, bytes) => {
        this.asked.push({ method, bytes });
        return Uint8Array.of(1);
      },
    });
    const liar = this.stage.liar(lie, ['honest']);
    await liar.start();
    await this.stage.minutes(2);
    return this;
  }

  ask(method: Method, bytes: Uint8Array = new Uint8Array(0)): Promise<Uint8Array> {
    const [peer] = this.transport.peers();
    const options = { timeoutMs: 10_000, maxBytes: maxAnswerBytes[method] };
    const asked = this.transport.request(peer?.id ?? '', method, bytes, options);
    return this.stage.clock.finish(asked);
  }

  async status(): Promise<Status> {
    return decodeAnswer(Status, await this.ask('status'));
  }

  async headers(...locator: Hash[]): Promise<readonly Header[]> {
    return decodeAnswer(Headers, await this.ask('headers', encode(Locator, locator)));
  }

  async bodies(...hashes: Hash[]): Promise<readonly Block[]> {
    const question = encode(BlocksQuestion, { form: 0, hashes });
    const bodies = decodeAnswer(Bodies, await this.ask('blocks', question));
    return bodies.map((each) => decode(Block, each));
  }

  /** The headers that it told everybody. */
  get announced(): readonly Header[] {
    return this.told.flatMap(({ topic, bytes }) =>
      topic === 'block' && bytes.length === 80 ? [decode(Header, bytes)] : [],
    );
  }

  /** The payments that it told everybody. */
  get payments(): readonly Transaction[] {
    return this.told.flatMap(({ topic, bytes }) =>
      topic === 'tx' ? [decode(Transaction, bytes)] : [],
    );
  }

  /** What is wrong behind the header. */
  judgeBody(block: Block): string {
    return (checkBlock(block) ?? checkCommitment(block))?.reason ?? 'good';
  }

  judge(block: Block): string {
    const answer = this.stage.ledgers.judge(block);
    return isReject(answer) ? answer.reason : 'good';
  }
}

const hear = (lie: LieName) => new Interview().begin(lie);

test('one liar claims work, and has no headers', async () => {
  const interview = await hear('claimsWork');
  const { work, tip } = await interview.status();
  expect(work).toBeGreaterThan(interview.stage.ledgers.best.work * 1_000n);
  expect(interview.stage.ledgers.get(tip)).toBeUndefined();
  expect(await interview.headers()).toEqual([]);
});

test('one liar announces blocks that claim too much, and hands them out', async () => {
  const interview = await hear('claimsTooMuch');
  const [header] = interview.announced;
  if (!header) throw new Error('nothing was announced');
  const [block] = await interview.bodies(hashHeader(header));
  expect(block?.header).toEqual(header);
  expect(block && interview.judge(block)).toBe('bad-cb-amount');
});

test('one liar answers with another block than it was asked for', async () => {
  const interview = await hear('swapsBodies');
  const { hash } = interview.stage.ledgers.best;
  const [block] = await interview.bodies(hash);
  expect(block && hashHeader(block.header)).not.toBe(hash);
  expect(block && interview.judge(block)).toBe('good');
});

test('one liar has every block, and every one of them spoiled', async () => {
  const interview = await hear('spoilsBodies');
  const hashes = await interview.headers();
  const bodies = await interview.bodies(...hashes.map(hashHeader));
  expect(bodies).toHaveLength(12);
  const verdicts = new Set(bodies.map((each) => interview.judgeBody(each)));
  expect(verdicts).toEqual(new Set(['bad-txnmrklroot', 'bad-witness-merkle-match']));
});

test('one liar tells blocks by false short ids, and has other payments to fill in', async () => {
  const interview = await hear('spoilsCompact');
  const { hash } = interview.stage.ledgers.best;
  const compact = encode(BlocksQuestion, { form: 1, hashes: [hash] });
  const lengths = new Set<number>();
  for (let i = 0; i < 10; i++) {
    const [body] = decodeAnswer(Bodies, await interview.ask('blocks', compact));
    if (body) lengths.add(decode(CompactBlock, body).shortIds.length);
  }
  expect(lengths.size).toBeGreaterThan(1);
  const question = encode(BlockTxsQuestion, { block: hash, positions: [3] });
  const answer = decodeAnswer(BlockTxs, await interview.ask('blocktxs', question));
  expect(answer.transactions).toHaveLength(1);
});

test('one liar announces good blocks, and lets nobody have them', async () => {
  const interview = await hear('withholdsBodies');
  const [header] = interview.announced;
  if (!header) throw new Error('nothing was announced');
  expect(interview.stage.ledgers.get(header.parent)).toBeDefined();
  await expect(interview.bodies(hashHeader(header))).rejects.toThrow('no answer to blocks');
});

test('one liar has headers without end, of the least work there is', async () => {
  const interview = await hear('neverEnds');
  const first = await interview.headers();
  const last = first.at(-1);
  if (!last) throw new Error('there are no headers');
  const next = await interview.headers(hashHeader(last));
  expect([first.length, next.length]).toEqual([2_000, 2_000]);
  for (const [i, header] of first.entries()) {
    const parent = first[i - 1] ?? interview.stage.params.genesis.header;
    expect(header.parent).toBe(hashHeader(parent));
  }
});

test('one liar says nothing that means anything', async () => {
  const interview = await hear('talksJunk');
  expect(interview.told.length).toBeGreaterThan(2);
  expect(interview.announced).toEqual([]);
  await expect(interview.headers()).rejects.toThrow();
  expect(new Set(interview.asked.map(({ method }) => method)).size).toBeGreaterThan(3);
});

test('one liar asks and tells hundreds of things at once', async () => {
  const interview = await hear('floods');
  expect(interview.told.length).toBeGreaterThan(200);
  expect(interview.asked.length).toBeGreaterThan(50);
});

test('one liar tells each peer of another twin, and both are good', async () => {
  const interview = await hear('equivocates');
  const [one, two] = interview.announced;
  expect(one && two && one.parent === two.parent).toBe(true);
  const hashes = [one, two].flatMap((each) => (each ? [hashHeader(each)] : []));
  const blocks = await interview.bodies(...hashes);
  expect(blocks.map((each) => interview.judge(each))).toEqual(['good', 'good']);
  const latest = interview.announced.slice(-2).map(hashHeader);
  expect(latest).toContain((await interview.status()).tip);
});

test('one liar lives in the past', async () => {
  const interview = await hear('isStale');
  expect((await interview.status()).height).toBe(6);
  expect(await interview.headers()).toHaveLength(6);
  for (const header of interview.announced) {
    expect(interview.stage.ledgers.get(hashHeader(header))).toBeDefined();
  }
});

test('one liar says more than anybody may', async () => {
  const interview = await hear('saysTooMuch');
  const failures = new Set<string>();
  for (let i = 0; i < 20; i++) {
    await interview.headers().catch((error: Error) => failures.add(error.name));
  }
  expect(failures).toEqual(new Set(['DecodeError', 'Fault']));
});

test('one liar knows nothing at all', async () => {
  const interview = await hear('knowsNothing');
  await expect(interview.headers()).rejects.toThrow('the peer does not have it');
});

test('one liar tells what it hears in other words, for which nobody signed', async () => {
  const interview = await hear('twistsPayments');
  const { ledgers, signatures } = interview.stage;
  const coinbase = ledgers.best.block.transactions[0];
  const coin = coinbase?.outputs[0];
  if (!coinbase || !coin) throw new Error('there is no coin');
  const own = { ...coin, height: 12, isCoinbase: true };
  const amounts = Array.from({ length: 20 }, (_, i) => BigInt(100_000 + i));
  for (const amount of amounts) {
    const outPoint = { txid: txid(coinbase), index: 0 };
    const payment = presser.pay([{ outPoint, coin: own }], presser.script, amount);
    if (payment) await interview.transport.publish('tx', encode(Transaction, payment));
  }
  await interview.stage.minutes(1);
  const isSigned = (payment: Transaction) => {
    const checks = readWitnesses(payment, [own]);
    return !isReject(checks) && checks.every(signatures.holds);
  };
  expect(interview.payments.map(isSigned)).toEqual(amounts.map(() => false));
  // Some have the name of the true one, and some are for more than the true one paid.
  const paid = new Set(interview.payments.map(({ outputs }) => outputs[0]?.amount ?? 0n));
  expect(amounts.some((each) => paid.has(each))).toBe(true);
  expect(amounts.some((each) => paid.has(each / 2n))).toBe(true);
});

test('one liar pays two with one coin', async () => {
  const { payments } = await hear('spendsTwice');
  const [one, two] = payments;
  expect(one?.inputs[0]?.prevout).toEqual(two?.inputs[0]?.prevout);
  expect(one && two && txid(one) !== txid(two)).toBe(true);
});

test('one liar pays crumbs, and without a fee', async () => {
  const { payments } = await hear('sprinklesDust');
  const crumbs = payments.filter(({ outputs }) => outputs.some(({ amount }) => amount < 200n));
  expect(crumbs.length).toBeGreaterThan(5);
});

test('whoever is hung up on comes back under another name', async () => {
  const interview = new Interview();
  interview.verdict = 'reject';
  interview.transport.setBanned((peer) => interview.met.has(peer));
  await interview.begin('talksJunk');
  await interview.stage.minutes(28);
  expect(interview.met.size).toBeGreaterThan(2);
  expect(interview.met.size).toBeLessThan(7);
});

const names = Object.keys(lies).filter((name): name is LieName => name in lies);

test.each(names)('honest nodes come through with %s among them', async (lie) => {
  const report = await runStory(`with ${lie}`, {
    settle,
    attach,
    hours: 0.3,
    nodes: 4,
    liars: [lie],
  });
  expect(report.height).toBeGreaterThan(5);
});
