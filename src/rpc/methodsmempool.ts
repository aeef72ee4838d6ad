/** The methods that tell of the payments that wait for a block. */
import type { Member } from '../mempool/member.ts';
import type { Node } from '../node/node.ts';
import { mempoolState } from '../node/view.ts';
import { coins, type Fields, type Value } from './exact.ts';
import { badParameter, codes, Failure } from './failure.ts';
import { memberJson, stateJson } from './jsonmempool.ts';
import { type Method, method, type Run } from './method.ts';
import { type Arguments, hashIn, objectsIn, wholeIn } from './parameters.ts';

const getMempoolInfo: Run = (_asked, { node, now }) =>
  stateJson(mempoolState(node.mempool, now()), coins);

function entryFields(member: Member, { mempool }: Node): Fields {
  const family = [member, ...mempool.ancestorsOf(member)];
  const isSignalling = family.some(({ transaction: { inputs } }) =>
    inputs.some(({ sequence }) => sequence < 0xffff_fffe),
  );
  return memberJson(member, isSignalling, coins);
}

/** The ids of these payments, or all that is known of them. */
function tell(members: readonly Member[], isVerbose: boolean, node: Node): Value {
  if (!isVerbose) return members.map(({ id }) => id);
  return Object.fromEntries(members.map((member) => [member.id, entryFields(member, node)]));
}

function findMember(asked: Arguments, { mempool }: Node): Member {
  const member = mempool.get(asked.hash('txid'));
  if (member) return member;
  throw new Failure(codes.addressOrKey, 'Transaction not in mempool');
}

const getRawMempool: Run = (asked, { node }) => {
  const isVerbose = asked.flag('verbose', false);
  if (asked.flag('mempool_sequence', false)) {
    throw badParameter('This node numbers no changes of its mempool');
  }
  return tell(node.mempool.list(), isVerbose, node);
};

const getTxSpendingPrevout: Run = (asked, { node }) => {
  const outputs = objectsIn(asked.list('outputs'));
  if (outputs.length === 0) throw badParameter('Invalid parameter, outputs are missing');
  return outputs.map((each): Fields => {
    const outPoint = { txid: hashIn(each, 'txid'), index: wholeIn(each, 'vout', 0xffff_ffff) };
    const spendingtxid = node.mempool.spenderOf(outPoint);
    return { txid: outPoint.txid, vout: outPoint.index, spendingtxid };
  });
};

export const mempoolMethods: readonly Method[] = [
  method('getmempoolinfo', '', 'Tells how many payments wait, and their limits.', getMempoolInfo),
  method(
    'getrawmempool',
    'verbose:bool? mempool_sequence:bool?',
    'Tells the payments that wait: their ids, or all that is known of each.',
    getRawMempool,
  ),
  method('getmempoolentry', 'txid:string', 'Tells of one that waits.', (asked, { node }) =>
    entryFields(findMember(asked, node), node),
  ),
  method(
    'getmempoolancestors',
    'txid:string verbose:bool?',
    'Tells of those that must be in a block before it.',
    (asked, { node }) => {
      const ancestors = node.mempool.ancestorsOf(findMember(asked, node));
      return tell(ancestors, asked.flag('verbose', false), node);
    },
  ),
  method(
    'getmempooldescendants',
    'txid:string verbose:bool?',
    'Tells of those that cannot be in a block without it.',
    (asked, { node }) => {
      const descendants = node.mempool.descendantsOf(findMember(asked, node));
      return tell(descendants, asked.flag('verbose', false), node);
    },
  ),
  method(
    'gettxspendingprevout',
    'outputs:array',
    'Tells which payments that wait spend these coins.',
    getTxSpendingPrevout,
  ),
];
