/** The methods that judge blocks: an operator's verdicts, and a look at what was judged before. */
import type { Hash } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import { badParameter } from './failure.ts';
import { demandRunning, findEntry, type Method, method, type Run } from './method.ts';
import type { Arguments } from './parameters.ts';

type Verdict = 'invalidate' | 'reconsider' | 'prefer';

/** Gives this verdict on the block that is named. */
function ruling(verdict: Verdict): Run {
  return async (asked: Arguments, { node }) => {
    const hash: Hash = asked.hash('blockhash');
    const { height } = await node.read((view) => findEntry(view, hash));
    // Core says nothing, and does nothing; but a verdict that does not hold should be heard of.
    if (verdict === 'invalidate' && height === 0) {
      throw badParameter('The genesis block cannot be invalidated');
    }
    await node.rule(verdict, hash);
    return null;
  };
}

const levels = [0, 1, 2, 3, 4] as const;

/** Core: CVerifyDB. What is out of range is brought into it, as there. */
const verifyChain: Run = async (asked, { node, pause, warn }, signal) => {
  const level = levels[Math.min(Math.max(asked.whole('checklevel', 3), 0), 4)] ?? 3;
  const wanted = asked.whole('nblocks', 6);
  const count = wanted <= 0 ? Infinity : wanted;
  const rest = async () => {
    demandRunning(signal);
    await pause();
  };
  try {
    await node.verifyTop({ level, count, pause: rest });
    return true;
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'damaged') throw error;
    warn(error.message);
    return false;
  }
};

export const judgeMethods: readonly Method[] = [
  method(
    'invalidateblock',
    'blockhash:string',
    'Calls a block invalid, with all that is built on it, whatever the rules say.',
    ruling('invalidate'),
  ),
  method(
    'reconsiderblock',
    'blockhash:string',
    'Takes back what was said of a block, of those before it and of those built on it.',
    ruling('reconsider'),
  ),
  method(
    'preciousblock',
    'blockhash:string',
    'Prefers a block to others of the same work, as if it had come first.',
    ruling('prefer'),
  ),
  method(
    'verifychain',
    'checklevel:number? nblocks:number?',
    'Checks the last blocks again: that they can be read, keep all rules, and are signed.',
    verifyChain,
  ),
];
