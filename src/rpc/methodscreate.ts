/** The method that makes a transaction which nobody has signed. Core: ConstructTransaction. */
import type { Node } from '../node/node.ts';
import { parseHex } from '../primitives/codec.ts';
import { carrierScript } from '../primitives/script.ts';
import type { Input, Output } from '../primitives/transaction.ts';
import { transactionHex } from './corejson.ts';
import { Exact, type Fields, isFields, isList, type Value } from './exact.ts';
import { badParameter } from './failure.ts';
import { type Method, method, type Run } from './method.ts';
import { payee } from './methodscoins.ts';
import { type Arguments, amountOf, hashIn, isHex, objectsIn } from './parameters.ts';

const mostU32 = 0xffff_ffff;

/** What inputs say that may be replaced, may not, and may not but for the lock time. BIP125. */
const sequences = { replaceable: 0xffff_fffd, locked: 0xffff_fffe, final: mostU32 };

const createRawTransaction: Run = (asked, { node }) => {
  const lockTime = digitsOf(asked.value('locktime')) ?? 0;
  if (!isWhole(lockTime)) throw badParameter('Invalid parameter, locktime out of range');
  const version = asked.whole('version', 2);
  if (version < 1 || version > 3) {
    throw badParameter('Invalid parameter, version out of range(1~3)');
  }
  const inputs = inputsOf(asked, lockTime);
  const outputs = outputsOf(asked.value('outputs'), node);
  const isSignal = inputs.some(({ sequence }) => sequence <= sequences.replaceable);
  if (asked.flag('replaceable', false) && inputs.length > 0 && !isSignal) {
    const problem = 'Sequence number(s) contradict replaceable option';
    throw badParameter(`Invalid parameter combination: ${problem}`);
  }
  return transactionHex({ version, inputs, outputs, lockTime });
};

function isWhole(number: number): boolean {
  return Number.isInteger(number) && number >= 0 && number <= mostU32;
}

function digitsOf(value: Value | undefined): number | undefined {
  return value instanceof Exact ? Number(value.digits) : undefined;
}

function inputsOf(asked: Arguments, lockTime: number): readonly Input[] {
  const fixed = lockTime > 0 ? sequences.locked : sequences.final;
  const usual = asked.flag('replaceable', true) ? sequences.replaceable : fixed;
  return objectsIn(asked.list('inputs')).map((each) => {
    const txid = hashIn(each, 'txid');
    const index = digitsOf(each['vout']);
    if (index === undefined) throw badParameter('Invalid parameter, missing vout key');
    if (index < 0) throw badParameter('Invalid parameter, vout cannot be negative');
    if (!isWhole(index)) throw badParameter('Invalid parameter, vout is out of range');
    const sequence = digitsOf(each['sequence']) ?? usual;
    if (!isWhole(sequence)) {
      throw badParameter('Invalid parameter, sequence number is out of range');
    }
    return { prevout: { txid, index }, scriptSig: new Uint8Array(0), sequence, witness: [] };
  });
}

/** Core: NormalizeOutputs and ParseOutputs. */
function outputsOf(value: Value, { chain }: Node): readonly Output[] {
  const { prefix } = chain.params;
  const seen = new Set<string>();
  return pairsOf(value).map(([name, told]) => {
    if (seen.has(name)) {
      throw badParameter(
        name === 'data'
          ? 'Invalid parameter, duplicate key: data'
          : `Invalid parameter, duplicated address: ${name}`,
      );
    }
    seen.add(name);
    if (name !== 'data') return { script: payee(name, prefix), amount: amountOf(told) };
    const hex = typeof told === 'string' ? told : (digitsOf(told)?.toString() ?? '');
    if (!isHex(hex)) throw badParameter(`Data must be hexadecimal string (not '${hex}')`);
    return { amount: 0n, script: carrierScript(parseHex(hex)) };
  });
}

/** A list of objects with one key each, or one object with everything. */
function pairsOf(value: Value): readonly (readonly [string, Fields[string]])[] {
  if (isFields(value)) return Object.entries(value);
  if (!isList(value)) throw badParameter('Invalid parameter, output argument must be non-null');
  return value.flatMap((each) => {
    if (!isFields(each)) {
      throw badParameter('Invalid parameter, key-value pair not an object as expected');
    }
    const pairs = Object.entries(each);
    if (pairs.length === 1) return pairs;
    throw badParameter('Invalid parameter, key-value pair must contain exactly one key');
  });
}

export const createMethods: readonly Method[] = [
  method(
    'createrawtransaction',
    'inputs:array outputs:any locktime:number? replaceable:bool? version:number?',
    'Makes a transaction that nobody has signed.',
    createRawTransaction,
  ),
];
