/** Our JSON against what Bitcoin Core answered of the same transactions, value by value. */
import { hexToBytes } from '@noble/hashes/utils.js';
import { describe, expect, test } from 'vitest';
import { regtest } from '../src/consensus/params.ts';
import type { BlockView } from '../src/node/view.ts';
import { parseAmount } from '../src/primitives/amount.ts';
import { type Header, hashHeader } from '../src/primitives/block.ts';
import { decode, parseHash } from '../src/primitives/codec.ts';
import type { Coin } from '../src/primitives/coin.ts';
import { push } from '../src/primitives/script.ts';
import { Transaction } from '../src/primitives/transaction.ts';
import { blockJson, rawBlockJson, transactionJson } from '../src/rpc/json.ts';
import { hex, inputOf, own } from './forge.ts';
import { hasVectors, startTally, vectorJson } from './vectors.ts';

interface CoreBlock {
  readonly height: number;
  readonly version: number;
  readonly previousblockhash: string;
  readonly merkleroot: string;
  readonly time: number;
  readonly mediantime: number;
  readonly nonce: number;
  readonly bits: string;
  readonly difficulty: number;
  readonly chainwork: string;
  readonly tx: readonly CoreTransaction[];
}

interface CoreTransaction {
  readonly hex: string;
  readonly vin: readonly {
    readonly txid?: string;
    readonly vout?: number;
    readonly prevout?: {
      readonly generated: boolean;
      readonly height: number;
      readonly value: number;
      readonly scriptPubKey: { readonly hex: string };
    };
  }[];
}

const sample = <T>(name: string) => vectorJson<T>(`rpc/samples/${name}.json`);
const transactionOf = (bytes: string) => decode(Transaction, hexToBytes(bytes));

/** The block that Core told, as our node would look at it. */
function viewOf(told: CoreBlock, withCoins: CoreBlock): BlockView {
  const header: Header = {
    version: told.version,
    parent: parseHash(told.previousblockhash),
    merkleRoot: parseHash(told.merkleroot),
    time: told.time,
    bits: Number.parseInt(told.bits, 16),
    nonce: told.nonce,
  };
  const transactions = told.tx.map((each) => transactionOf(each.hex));
  const spent = withCoins.tx.flatMap(({ vin }) =>
    vin.flatMap(({ txid, vout, prevout }): readonly (readonly [string, Coin])[] => {
      if (!prevout) return [];
      const { height, generated: isCoinbase } = prevout;
      const amount = parseAmount(prevout.value.toFixed(8));
      const script = hex(prevout.scriptPubKey.hex);
      return [[`${txid}:${vout}`, { amount, script, height, isCoinbase }]];
    }),
  );
  const entry = {
    ...{ header, height: told.height, work: BigInt(`0x${told.chainwork}`), isFailed: false },
    ...{ medianTimePast: told.mediantime, transactions: transactions.length },
  };
  const block = { header, transactions };
  const place = { isActive: true, confirmations: 1, next: undefined };
  return { entry, hash: hashHeader(header), block, ...place, spent: new Map(spent) };
}

/** What Core says, with amounts as we write them. */
function asOurs(told: unknown): unknown {
  if (Array.isArray(told)) return told.map(asOurs);
  if (typeof told !== 'object' || told === null) return told;
  return Object.fromEntries(
    Object.entries(told).map(([name, value]) => [
      name,
      name === 'value' || name === 'fee' ? value.toFixed(8) : asOurs(value),
    ]),
  );
}

const tally = startTally("values of Bitcoin Core's answers");

describe.skipIf(!hasVectors)('where Bitcoin Core and we tell the same, we say the same', () => {
  const told = () => sample<CoreBlock>('getblock2');
  const view = () => viewOf(told(), sample('getblock3'));

  test('of a block, byte for byte, with its bytes or with what it spent', () => {
    expect(JSON.stringify(rawBlockJson(view(), regtest))).toBe(JSON.stringify(asOurs(told())));
    const { tx, ...head } = sample<CoreBlock>('getblock3');
    const bare = { ...head, tx: tx.map(({ hex: _bytes, ...each }) => each) };
    expect(JSON.stringify(blockJson(view(), regtest))).toBe(JSON.stringify(asOurs(bare)));
    tally(`a block of ${tx.length} transactions`);
  });

  test('of a transaction in that block, and of one that waits', () => {
    const block = sample<CoreTransaction>('getrawtransaction1');
    const place = { kind: 'block', block: view() } as const;
    const inBlock = { transaction: transactionOf(block.hex), spent: new Map(), place };
    expect(JSON.stringify(transactionJson(inBlock, regtest))).toBe(JSON.stringify(asOurs(block)));

    const waiting = sample<CoreTransaction>('getrawtransaction_mempool');
    const transaction = transactionOf(waiting.hex);
    expect(JSON.stringify(transactionJson(waits(transaction), regtest))).toBe(
      JSON.stringify(asOurs(waiting)),
    );
    tally('two transactions');
  });
});

/** The transaction as one that waits; nothing but itself is told of it. */
function waits(transaction: Transaction) {
  const spent = new Map<string, Coin>();
  return { transaction, spent, place: { kind: 'waiting', member } } as const;
}
const nothing = { count: 1, bytes: 0, fees: 0n };
const member = {
  ...{ id: parseHash('0'.repeat(64)), number: 0, bytes: 0, memoryBytes: 0, fee: 0n, time: 0 },
  ...{ transaction: { version: 2, inputs: [], outputs: [], lockTime: 0 }, height: 0, coins: [] },
  ...{ parents: new Set<never>(), children: new Set<never>() },
  ...{ ancestors: nothing, descendants: nothing },
};

// Core: ScriptToAsmStr writes what is four bytes or shorter as a number.
test.each([
  ['', 'OP_RETURN'],
  ['00', 'OP_RETURN 0'],
  ['51', 'OP_RETURN 1'],
  ['60', 'OP_RETURN 16'],
  ['4f', 'OP_RETURN -1'],
  ['0180', 'OP_RETURN 0'],
  ['017f', 'OP_RETURN 127'],
  ['0182', 'OP_RETURN -2'],
  ['020001', 'OP_RETURN 256'],
  ['04ffffff7f', 'OP_RETURN 2147483647'],
  ['04ffffffff', 'OP_RETURN -2147483647'],
  ['05ffffffffff', 'OP_RETURN ffffffffff'],
  ['016102626205cccccccccc', 'OP_RETURN 97 25186 cccccccccc'],
])('a carrier of %s is told as `%s`', (pushes, asm) => {
  const output = { amount: 0n, script: hex(`6a${pushes}`) };
  const inputs = [inputOf(own(1).outPoint)];
  const transaction = { version: 2, inputs, outputs: [output], lockTime: 0 };
  expect(transactionJson(waits(transaction), regtest)).toMatchObject({
    vout: [{ value: '0.00000000', n: 0, scriptPubKey: { asm, type: 'nulldata' } }],
  });
});

test('an output that is none of our kinds has no address', () => {
  const script = push(new Uint8Array(3));
  const transaction = { version: 2, inputs: [], outputs: [{ amount: 1n, script }], lockTime: 0 };
  expect(transactionJson(waits(transaction), regtest)).toMatchObject({
    vout: [{ scriptPubKey: { asm: '0', hex: '03000000', type: 'nonstandard' } }],
  });
});
