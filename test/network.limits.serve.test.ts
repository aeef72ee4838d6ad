/** What is answered at once: up to a budget, and whoever wants more asks again. */
import { expect, test } from 'vitest';
import { answerBudgetBytes, maxAnswerBytes, maxHeaders } from '../src/network/limits.ts';
import {
  BlocksQuestion,
  Bodies,
  decodeAnswer,
  Headers,
  Locator,
  MempoolQuestion,
  Payments,
} from '../src/network/messages.ts';
import { type Asked, answerBlocks, answerHeaders, answerMempool } from '../src/network/serve.ts';
import { hashHeader } from '../src/primitives/block.ts';
import { encode } from '../src/primitives/codec.ts';
import { wtxid } from '../src/primitives/transaction.ts';
import { carriersOf, outputTo, pay } from './forge.ts';
import { type Grove, machine, plant } from './grove.ts';

/** As a node answers. */
function askedOf({ node }: Grove): Asked {
  const { chain, mempool } = node;
  const home = {
    ...{ chain, mempool, now: () => 0 },
    read: node.read.bind(node),
    submitBlock: node.submitBlock.bind(node),
    submitPayment: node.submitPayment.bind(node),
  };
  return { home, random: machine.random };
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `b${i}`);

test('of headers so many are in an answer, though there are more', async () => {
  const grove = await plant();
  for (const name of names(maxHeaders + 1)) await grove.mine(name);
  const after = async (name: string) => {
    const question = encode(Locator, [hashHeader(grove.block(name).header)]);
    return decodeAnswer(Headers, await answerHeaders(question, askedOf(grove))).length;
  };
  expect(await after('b0')).toBe(maxHeaders);
  expect(await after('genesis')).toBe(maxHeaders);
});

test('a block is added to an answer below its budget, and none behind it', async () => {
  const grove = await plant();
  const all = names(5);
  for (const [i, name] of all.entries()) {
    const spent = i === 0 ? [] : [grove.minted(`b${i - 1}`)];
    const payments = spent.map((coin) => pay([coin], { outputs: carriersOf(900_000) }));
    expect(await grove.mine(name, { with: payments })).toBe('connected');
  }
  const hashes = all.slice(1).map((name) => hashHeader(grove.block(name).header));
  const question = encode(BlocksQuestion, { form: 0, hashes });
  const answer = await answerBlocks(question, askedOf(grove));
  const lengths = decodeAnswer(Bodies, answer).map(({ length }) => length);
  expect(lengths).toHaveLength(3);
  const [last = 0] = lengths.slice(-1);
  const before = lengths.reduce((sum, each) => sum + each, 0) - last;
  expect(before).toBeLessThan(answerBudgetBytes);
  expect(before + last).toBeGreaterThan(answerBudgetBytes);
  expect(answer.length).toBeLessThanOrEqual(maxAnswerBytes.blocks);
});

test('payments are added to an answer up to its budget', async () => {
  const grove = await plant();
  const all = names(24);
  for (const name of all) await grove.mine(name);
  const outputs = Array.from({ length: 3_000 }, () => outputTo(1, 1_000n));
  for (const name of all)
    expect(await grove.pay(pay([grove.minted(name)], { outputs }))).toBe('waits');
  const question = encode(MempoolQuestion, grove.waiting.map(wtxid));
  const answer = answerMempool(question, askedOf(grove));
  const lengths = decodeAnswer(Payments, answer).map(({ length }) => length);
  const sum = lengths.reduce((total, each) => total + each, 0);
  const [one = 0] = lengths;
  expect(lengths.length).toBeLessThan(all.length);
  expect(sum).toBeLessThanOrEqual(answerBudgetBytes);
  expect(sum + one).toBeGreaterThan(answerBudgetBytes);
});
