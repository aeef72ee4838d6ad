/** The methods that wait for a block. */
import type { Entry } from '../chain/entry.ts';
import { hashHeader } from '../primitives/block.ts';
import type { Fields } from './exact.ts';
import { codes, Failure } from './failure.ts';
import { type Method, method, type Run } from './method.ts';
import type { Arguments } from './parameters.ts';
import { untilTip } from './waiting.ts';

function timeoutOf(asked: Arguments): number {
  const ms = asked.whole('timeout');
  if (ms >= 0) return ms;
  throw new Failure(codes.misc, 'Negative timeout');
}

function tipFields(tip: Entry): Fields {
  return { hash: hashHeader(tip.header), height: tip.height };
}

const waitForNewBlock: Run = async (asked, context, signal) => {
  const ms = timeoutOf(asked);
  const known = asked.has('current_tip')
    ? asked.hash('current_tip')
    : await context.node.read(async ({ tip }) => hashHeader(tip.header));
  const isWanted = (tip: Entry) => hashHeader(tip.header) !== known;
  return tipFields(await untilTip(context, { isWanted, ms }, signal));
};

const waitForBlock: Run = async (asked, context, signal) => {
  const hash = asked.hash('blockhash');
  const isWanted = (tip: Entry) => hashHeader(tip.header) === hash;
  return tipFields(await untilTip(context, { isWanted, ms: timeoutOf(asked) }, signal));
};

const waitForBlockHeight: Run = async (asked, context, signal) => {
  const height = asked.whole('height');
  const isWanted = (tip: Entry) => tip.height >= height;
  return tipFields(await untilTip(context, { isWanted, ms: timeoutOf(asked) }, signal));
};

export const waitMethods: readonly Method[] = [
  method(
    'waitfornewblock',
    'timeout:number? current_tip:string?',
    'Waits for another tip, so many milliseconds or for ever; tells the tip.',
    waitForNewBlock,
  ),
  method(
    'waitforblock',
    'blockhash:string timeout:number?',
    'Waits until this block is the tip, so many milliseconds or for ever; tells the tip.',
    waitForBlock,
  ),
  method(
    'waitforblockheight',
    'height:number timeout:number?',
    'Waits until the tip is so high, so many milliseconds or for ever; tells the tip.',
    waitForBlockHeight,
  ),
];
