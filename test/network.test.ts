/** Networks: the two that are built in, and those of one's own, read from a file. */
import { createHash } from 'node:crypto';
import { bytesToHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkBlock } from '../src/consensus/block.ts';
import { genesisBlock, maxMessageBytes } from '../src/consensus/genesis.ts';
import { checkHeader } from '../src/consensus/header.ts';
import { readNetwork, writeNetwork } from '../src/consensus/network.ts';
import { builtIn, magicOf, main, type Params, regtest } from '../src/consensus/params.ts';
import { valid } from '../src/consensus/reject.ts';
import { totalSubsidy } from '../src/consensus/subsidy.ts';
import { checkTransaction } from '../src/consensus/transaction.ts';
import { coin, maxMoney } from '../src/primitives/amount.ts';
import { Block, type Header, hashHeader } from '../src/primitives/block.ts';
import { DecodeError, encode } from '../src/primitives/codec.ts';
import type { Transaction } from '../src/primitives/transaction.ts';
import { anyParams, minedGenesis } from './arbitrary.ts';
import { grind, seal } from './forge.ts';

describe('the built-in networks', () => {
  test('begin with the genesis blocks that everybody has', () => {
    expect(builtIn.map(({ genesis }) => hashHeader(genesis.header))).toEqual([
      '000003df5bb1e08c659c15938ad950317b3b053cfb0f355f55308d11ece966f8',
      '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
    ]);
  });
  test.each(builtIn)('have work in the genesis block of $name', (params) => {
    expect(checkHeader(params.genesis.header, params)).toBe(valid);
  });
  test('judge the genesis block of main as any other, and that of regtest by its root', () => {
    expect(checkBlock(main.genesis)).toBe(valid);
    // Bitcoin's pays to a bare key, which is no kind of ours; nobody can spend it anyway.
    expect(checkBlock(regtest.genesis)?.reason).toBe('output-kind');
    expect(regtest.genesis.header.merkleRoot).toMatch(/^4a5e1e4baab8.*7afdeda33b$/);
  });
  test('issue less than 21 million coins', () => {
    expect(totalSubsidy(main)).toBe(2_099_999_997_690_000n);
    expect(totalSubsidy(regtest)).toBe(1_499_999_998_350n);
    expect(totalSubsidy(main)).toBeLessThan(maxMoney);
  });
  test('have the figures of the contract', () => {
    expect(main).toMatchObject({
      difficulty: { rule: 'asert', spacingSeconds: 15, halfLifeSeconds: 600 },
      ...{ limitBits: 0x1e0f_ffff, maxFutureSeconds: 300, subsidy: 50n * coin },
      ...{ halvingInterval: 210_000, coinbaseMaturity: 10, prefix: 'tc', coinType: 1 },
      ...{ p2pPort: 3000, httpPort: 3001 },
    });
    expect(regtest).toMatchObject({
      difficulty: { rule: 'none' },
      ...{ limitBits: 0x207f_ffff, maxFutureSeconds: 7200, subsidy: 50n * coin },
      ...{ halvingInterval: 150, coinbaseMaturity: 100, prefix: 'bcrt', coinType: 1 },
      ...{ p2pPort: 18_444, httpPort: 18_443 },
    });
  });
  test('mark their files, regtest as Bitcoin does and main by its genesis block', () => {
    const hash = createHash('sha256').update(encode(Block, main.genesis)).digest('hex');
    expect(builtIn.map(magicOf)).toEqual([hash.slice(0, 8), 'fabfb5da']);
  });
});

test('a genesis message of 97 bytes fits into a coinbase, and one of 98 does not', () => {
  const words = { time: 0, bits: 0, nonce: 0 };
  const judge = (length: number) => {
    const [coinbase] = genesisBlock({ message: 'x'.repeat(length), ...words }).transactions;
    return checkTransaction(coinbase as Transaction)?.reason;
  };
  expect([judge(maxMessageBytes), judge(98)]).toEqual([undefined, 'bad-cb-length']);
});

test('a network that is written and read again is the same', () => {
  fc.assert(
    fc.property(anyParams, (params) => {
      expect(readNetwork(JSON.stringify(writeNetwork(params)))).toEqual(params);
    }),
    { seed: 7, numRuns: 500 },
  );
});

const genesis = minedGenesis('a class', 1_800_000_000);
const own: Params = {
  ...main,
  ...{ name: 'class', prefix: 'cl', genesis, limitBits: 0x207f_ffff, p2pPort: 4000 },
  ...{ httpPort: 4001, peers: ['/ip4/10.0.0.1/tcp/4000'] },
};

/** The file of a network of one's own with some fields otherwise; `undefined` leaves one out. */
const fileWith = (fields: object) => JSON.stringify({ ...writeNetwork(own), ...fields });

test.each([
  ['as it is', {}],
  ['an issue of exactly 21 million coins', { subsidy: '50.00000007' }],
  ['a maturity of 1', { maturity: 1 }],
  ['a name of 32 characters', { name: 'a-0'.padEnd(32, 'z') }],
  ['a prefix of one letter', { prefix: 't' }],
  ['half the half-life as future limit', { maxFuture: 300 }],
  ['no difficulty', { difficulty: 'none', spacing: undefined, halfLife: undefined }],
  [
    "Bitcoin's difficulty, with any future limit",
    { difficulty: 'bitcoin', halfLife: undefined, maxFuture: 7200 },
  ],
])('a file is read with %s', (_, fields) => {
  expect(readNetwork(fileWith(fields)).genesis).toEqual(genesis);
});

/** The genesis block with another header, mined again. */
const mined = (header: Partial<Header>, transactions = genesis.transactions) =>
  hexOf({ header: grind({ ...genesis.header, ...header }), transactions });
const hexOf = (block: Block) => bytesToHex(encode(Block, block));
const twice = [...genesis.transactions, ...genesis.transactions];
const someHash = hashHeader(genesis.header);

/** The first nonce behind the mined one that has no luck. */
function unluckyNonce(): number {
  for (let nonce = genesis.header.nonce + 1; ; nonce++) {
    if (checkHeader({ ...genesis.header, nonce }, own)) return nonce;
  }
}
const unmined = { ...genesis, header: { ...genesis.header, nonce: unluckyNonce() } };

const refusals: readonly [field: string, ...values: unknown[]][] = [
  ['name', 'main', 'regtest', 'Main', '', 'a'.repeat(33), 'a b', 'ä', '../a', 7, null],
  ['subsidy', '50.00000008', '-1', '1e3', '0.000000001', '21000000', '21000001', 50, ''],
  ['halving', 0, 1.5, 2 ** 32, '150'],
  ['maturity', 0, -1, 1.5, 1_000_001, '10'],
  ['prefix', 'bc', 'tb', '', 'CL', 'c1', 'a'.repeat(21), 1],
  ['maxFuture', 0, 301, 86_401, '300'],
  ['difficulty', 'easy', '', 1],
  ['spacing', 0, 86_401, '15'],
  ['halfLife', 0, 31_536_001, '600'],
  ['limit', '20007fff', '20ffffff', '20000000', '21008000', 'ff7fffff', '207ffff', '207FFFFF', 1],
  ['coinType', -1, 2 ** 31, '1'],
  ['port', 0, 65_536, 1.5, '4000'],
  ['httpPort', 0, 65_536, 4000],
  ['peers', '/ip4/10.0.0.1', [1], {}, null],
  ['genesis', '', '0', 'zz', 1, `${hexOf(genesis)}00`, hexOf(genesis).slice(2)],
  ['genesis', mined({ parent: someHash })],
  [
    'genesis',
    mined({ bits: 0x207f_fffe }),
    hexOf({ ...genesis, header: { ...genesis.header, bits: 0 } }),
  ],
  [
    'genesis',
    mined({ merkleRoot: someHash }),
    mined(seal(twice).header, twice),
    mined(seal([]).header, []),
  ],
  ['genesis', hexOf(unmined)],
];

test.each(
  refusals.flatMap(([field, ...values]) =>
    values.map((value) => [field, JSON.stringify(value).slice(0, 40), value] as const),
  ),
)('a file with the %s %s is refused by the name of that field', (field, _, value) => {
  const read = () => readNetwork(fileWith({ [field]: value }));
  expect(read).toThrow(DecodeError);
  expect(read).toThrow(`network file: ${field}: `);
});

test.each(Object.keys(writeNetwork(own)))('a file without %s is refused', (field) => {
  const read = () => readNetwork(fileWith({ [field]: undefined }));
  expect(read).toThrow(new DecodeError(`network file: ${field}: is missing`));
});

test.each([
  ['extra', { extra: 1 }],
  ['__proto__', JSON.parse('{"__proto__": 1}')],
  ['halfLife', { difficulty: 'bitcoin' }],
  ['spacing', { difficulty: 'none', halfLife: undefined }],
])('a file with a field %s too many is refused', (field, fields) => {
  const file = JSON.stringify(Object.assign(Object.create(null), writeNetwork(own), fields));
  const text = field === '__proto__' ? file.replace('{', '{"__proto__": 1,') : file;
  const read = () => readNetwork(text);
  expect(read).toThrow(new DecodeError(`network file: ${field}: there is no such field`));
});

test.each(['', '{', '{}x', 'null', '[]', '1', '"text"', '['.repeat(100_000)])(
  'a file that is not a JSON object is refused: %#',
  (text) => {
    expect(() => readNetwork(text)).toThrow(DecodeError);
  },
);

test('a file with lists within lists without end is refused, and exhausts no stack', () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const read = (field: string) => () => readNetwork(`{"${field}": ${deep}}`);
  expect(read('name')).toThrow(DecodeError);
  expect(() => readNetwork(fileWith({}).replace(/"peers":.*/, `"peers":[${deep}]}`))).toThrow(
    'network file: peers: ',
  );
});
