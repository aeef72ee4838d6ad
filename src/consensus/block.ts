/** What makes a block valid, beyond its header and short of its coins. */
import { type Block, blockWeight, strippedBlockBytes } from '../primitives/block.ts';
import { merkleRoot } from '../primitives/merkle.ts';
import { heightPush } from '../primitives/script.ts';
import { isCoinbase, type Transaction, txid } from '../primitives/transaction.ts';
import { checkCommitment } from './commitment.ts';
import { isFinal, type LockContext } from './locks.ts';
import { firstReject, reject, type Verdict, valid } from './reject.ts';
import { checkSubset, checkTransaction, isNodeSized, maxBlockWeight } from './transaction.ts';

/** The rules that need nothing but the block. Core: CheckBlock, after the header. */
export function checkBlock(block: Block): Verdict {
  const { transactions } = block;
  return (
    checkMerkleRoot(block) ??
    checkLength(block) ??
    checkCoinbaseFirst(transactions) ??
    firstReject(transactions, checkTransaction) ??
    firstReject(transactions, checkSubset)
  );
}

/** The rules that need the blocks before it. Core: ContextualCheckBlock. */
export function checkBlockInContext(block: Block, context: LockContext): Verdict {
  return (
    checkFinal(block, context) ??
    checkHeight(block, context) ??
    checkCommitment(block) ??
    checkWeight(block)
  );
}

/**
 * The header stands for these transactions and no others. A list that repeats its tail has the same
 * root as the true one, so it condemns no more than itself. CVE-2012-2459.
 */
export function checkMerkleRoot({ header, transactions }: Block): Verdict {
  const { root, mutated } = merkleRoot(transactions.map(txid));
  if (root !== header.merkleRoot) {
    return reject('bad-txnmrklroot', { got: header.merkleRoot, expected: root });
  }
  return mutated ? reject('bad-txns-duplicate') : valid;
}

function checkLength(block: Block): Verdict {
  const bytes = strippedBlockBytes(block);
  return block.transactions.length > 0 && bytes * 4 <= maxBlockWeight
    ? valid
    : reject('bad-blk-length', { transactions: block.transactions.length, bytes });
}

/**
 * The first transaction mints, and no other. Where it does not and some are 64 bytes long, they may
 * be nodes of the true block's tree put forward as transactions, so the header is not to blame.
 * Core: IsBlockMutated.
 */
function checkCoinbaseFirst(transactions: readonly Transaction[]): Verdict {
  const [first, ...others] = transactions;
  if (!first || !isCoinbase(first)) {
    return reject('bad-cb-missing', {}, transactions.some(isNodeSized) ? 'bytes' : 'never');
  }
  const second = others.findIndex(isCoinbase);
  return second < 0 ? valid : reject('bad-cb-multiple', { transaction: second + 1 });
}

/** The coinbase too must be final. */
function checkFinal({ transactions }: Block, context: LockContext): Verdict {
  const { height, medianTimePast } = context;
  return firstReject(transactions, (transaction) => {
    const { lockTime } = transaction;
    const facts = { txid: txid(transaction), lockTime, height, medianTimePast };
    return isFinal(transaction, context) ? valid : reject('bad-txns-nonfinal', facts);
  });
}

/** The coinbase begins with its height, so that no two coinbases are the same. BIP34. */
export function checkHeight({ transactions }: Block, { height }: { height: number }): Verdict {
  const script = transactions[0]?.inputs[0]?.scriptSig ?? new Uint8Array(0);
  return heightPush(height).every((byte, i) => script[i] === byte)
    ? valid
    : reject('bad-cb-height', { expected: height });
}

/** After the commitment: until that holds, added witnesses could make a good block too heavy. */
function checkWeight(block: Block): Verdict {
  const weight = blockWeight(block);
  return weight <= maxBlockWeight ? valid : reject('bad-blk-weight', { weight });
}
