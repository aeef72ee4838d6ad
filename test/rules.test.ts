/**
 * Every rule, on both networks: for each reason a case that passes it at its edge, and one that
 * breaks it by the smallest step. The rows are in `rules/`.
 */
import { describe, expect, test } from 'vitest';
import { checkHeader, checkHeaderInContext } from '../src/consensus/header.ts';
import { main, type Params, regtest } from '../src/consensus/params.ts';
import { type Facts, reasons, valid } from '../src/consensus/reject.ts';
import { subsidyAt } from '../src/consensus/subsidy.ts';
import { blockAt, epoch, grind, judge, own, pay, placeAt } from './forge.ts';
import { blockRows } from './rules/block.ts';
import { commitmentRows } from './rules/commitment.ts';
import { connectRows } from './rules/connect.ts';
import { headerRows } from './rules/header.ts';
import type { Row } from './rules/row.ts';
import { signatureRows } from './rules/signature.ts';
import { transactionRows } from './rules/transaction.ts';
import { witnessRows } from './rules/witness.ts';

const rows: readonly Row[] = [
  ...headerRows,
  ...blockRows,
  ...commitmentRows,
  ...transactionRows,
  ...connectRows,
  ...witnessRows,
  ...signatureRows,
];

/** Said of a parent that is missing or bad, which only a chain of blocks can know: its tests. */
const saidByTheChain = ['prev-blk-not-found', 'bad-prevblk'];

const sentence = ({ subject, kind, rule }: Row) =>
  `${rule}: ${subject} is ${kind === undefined ? 'accepted' : `refused (${kind})`}`;

describe.each([main, regtest])('on $name', (params) => {
  test.each(rows.map((row) => [sentence(row), row] as const))('%s', (_, { rule, kind, judge }) => {
    const { facts, ...verdict } = judge(params) ?? { facts: {} };
    expect(verdict, describeFacts(facts)).toEqual(kind ? { reason: rule, kind } : {});
  });
});

function describeFacts(facts: Facts): string {
  return Object.entries(facts).join(' ');
}

test('every reason has a case that passes its rule and one that breaks it', () => {
  const isCovered = (reason: string, isBroken: boolean) =>
    rows.some(({ rule, kind }) => rule === reason && (kind !== undefined) === isBroken);
  const uncovered = reasons.filter(
    (reason) => !isCovered(reason, true) || !isCovered(reason, false),
  );
  expect(uncovered).toEqual(saidByTheChain);
});

/** As the network, with bits that two hashes meet: what `main` asks for takes a million. */
const eased = (params: Params): Params => ({ ...params, limitBits: 0x207f_ffff });

test.each([eased(main), eased(regtest)])(
  'a forged block passes all the rules of $name',
  (params) => {
    const coins = [own(1), own(2, { kind: 'p2tr' })];
    const payments = coins.map((coin) => pay([coin]));
    const sealed = blockAt(2, payments, { claim: subsidyAt(2, params) });
    const header = grind(sealed.header);
    const place = placeAt(params, 2, coins);
    const parent = { time: epoch - 1, bits: params.limitBits };
    const context = { ...place, parent, pastTime: epoch - 16, medianTimePast: epoch - 16 };

    expect(checkHeader(header, params)).toBe(valid);
    expect(checkHeaderInContext(header, context, epoch, params)).toBe(valid);
    expect(judge({ ...sealed, header }, place)).toBe(valid);
  },
);

test('no two rows say the same', () => {
  const sentences = rows.map(sentence);
  expect(sentences.filter((each, i) => sentences.indexOf(each) < i)).toEqual([]);
});
