/** Transactions that are made by JSON-RPC, and what of them cannot be made. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { beforeAll, expect, test } from 'vitest';
import { addressOf } from '../src/primitives/address.ts';
import { decode, parseHex } from '../src/primitives/codec.ts';
import { readPushes } from '../src/primitives/script.ts';
import { Transaction } from '../src/primitives/transaction.ts';
import { outputTo } from './forge.ts';
import { type Asked, plantAsked } from './rpc.ts';

let asked: Asked;
beforeAll(async () => {
  asked = await plantAsked();
});

test('a transaction can be made of inputs and outputs, with amounts to the last unit', async () => {
  const address = addressOf(outputTo(3, 0n).script, 'bcrt') ?? '';
  const inputs = [{ txid: '11'.repeat(32), vout: 0 }];
  const amounts: readonly (readonly [string, bigint])[] = [
    ['0.1', 10_000_000n],
    ['1e-05', 1_000n],
    ['1.25E1', 1_250_000_000n],
    ['"0.00000001"', 1n],
    ['20999999.99999999', 2_099_999_999_999_999n],
  ];
  for (const [amount, units] of amounts) {
    const outputs = `[{"${address}":${amount}},{"data":"beef"}]`;
    const params = `[${JSON.stringify(inputs)},${outputs},100]`;
    const body = `{"method":"createrawtransaction","params":${params}}`;
    const { result } = JSON.parse((await asked.post(body)).body ?? '');
    const made = decode(Transaction, parseHex(result));
    expect(made.outputs.map((each) => each.amount)).toEqual([units, 0n]);
    expect(made).toMatchObject({ lockTime: 100, version: 2 });
    expect(made.inputs[0]?.sequence).toBe(0xffff_fffd);
  }
});

const wrongToMake: readonly (readonly [unknown, unknown, string])[] = [
  [[{}], {}, '-3: JSON value of type null is not of expected type string'],
  [[{ txid: 'ab' }], {}, "-8: txid must be of length 64 (not 2, for 'ab')"],
  [[{ txid: '00'.repeat(32) }], {}, '-8: Invalid parameter, missing vout key'],
  [[{ txid: '00'.repeat(32), vout: -1 }], {}, '-8: Invalid parameter, vout cannot be negative'],
  [
    [{ txid: '00'.repeat(32), vout: 0, sequence: -1 }],
    {},
    '-8: Invalid parameter, sequence number is out of range',
  ],
  [[7], {}, '-3: JSON value of type number is not of expected type object'],
  [[], 7, '-8: Invalid parameter, output argument must be non-null'],
  [[], [7], '-8: Invalid parameter, key-value pair not an object as expected'],
  [[], [{ a: 1, b: 2 }], '-8: Invalid parameter, key-value pair must contain exactly one key'],
  [[], [{ data: '' }, { data: '' }], "-8: Data must be hexadecimal string (not '')"],
  [[], [{ data: 'ab' }, { data: 'ab' }], '-8: Invalid parameter, duplicate key: data'],
  [[], { bcrt1x: 1 }, '-5: Invalid Bitcoin address: bcrt1x'],
];

test('a transaction that cannot be made is refused in Core’s words', async () => {
  for (const [inputs, outputs, answer] of wrongToMake) {
    expect(await asked.call('createrawtransaction', inputs, outputs)).toBe(answer);
  }
  const address = addressOf(outputTo(3, 0n).script, 'bcrt') ?? '';
  const make = (amount: unknown) => asked.call('createrawtransaction', [], { [address]: amount });
  for (const amount of ['x', '1.', 0.000000001, '']) {
    expect(await make(amount)).toBe('-3: Invalid amount');
  }
  for (const amount of [-1, '21000000.00000001', 1e9]) {
    expect(await make(amount)).toBe('-3: Amount out of range');
  }
  expect(await make(true)).toBe('-3: Amount is not a number or string');
  const final = [{ txid: '00'.repeat(32), vout: 0, sequence: 0xffff_ffff }];
  expect(await asked.call('createrawtransaction', final, [], 0, true)).toMatch(
    /^-8: Invalid parameter combination/,
  );
});

test('a transaction can carry more bytes than a push of one length byte', async () => {
  const inputs = [{ txid: '11'.repeat(32), vout: 0 }];
  for (const length of [75, 76, 255, 256, 70_000]) {
    const data = 'ab'.repeat(length);
    const made = await asked.call('createrawtransaction', inputs, [{ data }]);
    const { outputs } = decode(Transaction, parseHex(String(made)));
    const [pushed] = readPushes(outputs[0]?.script.slice(1) ?? new Uint8Array(0)) ?? [];
    expect(bytesToHex(pushed ?? new Uint8Array(0))).toBe(data);
  }
});
