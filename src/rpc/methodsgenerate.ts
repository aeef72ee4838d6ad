/** The methods that mine blocks now. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { isReject } from '../consensus/reject.ts';
import type { Node } from '../node/node.ts';
import { scriptOf } from '../primitives/address.ts';
import { Block, hashHeader } from '../primitives/block.ts';
import {
  DecodeError,
  decode,
  encode,
  type Hash,
  parseHash,
  parseHex,
} from '../primitives/codec.ts';
import { Transaction } from '../primitives/transaction.ts';
import { scriptOfDescriptor } from './descriptor.ts';
import type { Value } from './exact.ts';
import { codes, Failure } from './failure.ts';
import { demandRunning, type Method, method, type Run } from './method.ts';

const generateToAddress: Run = async (asked, { node, mine }, signal) => {
  const script = scriptOfAddress(asked.text('address'), node, 'Error: Invalid address');
  const hashes: Hash[] = [];
  for (let i = asked.whole('nblocks'); i > 0; i--) {
    const block = await whileRunning(signal, () => mine(script, signal));
    hashes.push(hashHeader(block.header));
  }
  return hashes;
};

/** A search that the signal ended says so in Core's words. */
async function whileRunning<T>(signal: AbortSignal, search: () => Promise<T>): Promise<T> {
  try {
    return await search();
  } catch (error) {
    demandRunning(signal);
    throw error;
  }
}

function scriptOfAddress(address: string, node: Node, problem: string): Uint8Array {
  try {
    return scriptOf(address, node.chain.params.prefix);
  } catch (error) {
    if (error instanceof DecodeError) throw new Failure(codes.addressOrKey, problem);
    throw error;
  }
}

/** Core: generateblock. The fees of what it holds are left to nobody, as there. */
const generateBlock: Run = async (asked, { node, mineThese, submitBlock }, signal) => {
  const script = scriptOfOutput(asked.text('output'), node);
  const payments = asked.list('transactions').map((each) => findPayment(each, node));
  const isHandedIn = asked.flag('submit', true);
  const block = await whileRunning(signal, () => mineThese(script, payments, signal));
  if (isReject(block)) {
    throw new Failure(codes.verify, `TestBlockValidity failed: ${block.reason}`);
  }
  const hash = hashHeader(block.header);
  if (!isHandedIn) return { hash, hex: bytesToHex(encode(Block, block)) };
  const answer = await submitBlock(block);
  if (!isReject(answer)) return { hash };
  throw new Failure(codes.internal, `ProcessNewBlock, block not accepted: ${answer.reason}`);
};

/** Whom it pays: a descriptor, or an address. */
function scriptOfOutput(output: string, node: Node): Uint8Array {
  const problem = 'Error: Invalid address or descriptor';
  if (!output.includes('(')) return scriptOfAddress(output, node, problem);
  try {
    return scriptOfDescriptor(output, node.chain.params.prefix);
  } catch (error) {
    if (error instanceof Failure) throw new Failure(codes.addressOrKey, problem);
    throw error;
  }
}

/** One that waits, by its id; or any, by its bytes. */
function findPayment(value: Value, { mempool }: Node): Transaction {
  const text = typeof value === 'string' ? value : '';
  if (/^[0-9a-fA-F]{64}$/.test(text)) {
    const member = mempool.get(parseHash(text.toLowerCase()));
    if (member) return member.transaction;
    throw new Failure(codes.addressOrKey, `Transaction ${text} not in mempool.`);
  }
  const problem = `Transaction decode failed for ${text}. Make sure the tx has at least one input.`;
  try {
    const transaction = decode(Transaction, parseHex(text));
    if (transaction.inputs.length > 0) return transaction;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
  throw new Failure(codes.decoding, problem);
}

export const generateMethods: readonly Method[] = [
  method(
    'generatetoaddress',
    'nblocks:number address:string maxtries:number?',
    'Mines blocks now, however many tries that takes; their hashes.',
    generateToAddress,
  ),
  method(
    'generateblock',
    'output:string transactions:array submit:bool?',
    'Mines a block of these payments alone.',
    generateBlock,
  ),
];
