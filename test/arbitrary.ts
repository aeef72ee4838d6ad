/** Any value of each format, for properties. */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import type { Difficulty } from '../src/consensus/difficulty.ts';
import { genesisBlock, maxMessageBytes } from '../src/consensus/genesis.ts';
import type { Params } from '../src/consensus/params.ts';
import { coin, maxMoney } from '../src/primitives/amount.ts';
import type { Block } from '../src/primitives/block.ts';
import type { Hash } from '../src/primitives/codec.ts';
import type { Coin, NamedCoin } from '../src/primitives/coin.ts';
import { carrierScript, p2trScript, p2wpkhScript } from '../src/primitives/script.ts';
import type { Output, Transaction } from '../src/primitives/transaction.ts';
import { grind } from './forge.ts';

export const anyU32 = fc.integer({ min: 0, max: 0xffff_ffff });

/** Any amount that there can be. */
export const anyAmount = fc.bigInt({ min: 0n, max: maxMoney });

export const anyBytes = (maxLength: number, minLength = 0) =>
  fc.uint8Array({ minLength, maxLength, size: 'max' });

export const anyHash = anyBytes(32, 32).map((bytes) => Buffer.from(bytes).toString('hex') as Hash);

export const anyOutPoint = fc.record({ txid: anyHash, index: anyU32 });

/** The scripts that there are, and now and then any other bytes. */
export const anyScript = fc.oneof(
  anyBytes(20, 20).map(p2wpkhScript),
  anyBytes(32, 32).map(p2trScript),
  anyBytes(80).map(carrierScript),
  anyBytes(300),
);

export const anyOutput: fc.Arbitrary<Output> = fc.record({
  amount: fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
  script: anyScript,
});

const anyInput = fc.record({
  prevout: anyOutPoint,
  scriptSig: fc.oneof(fc.constant(new Uint8Array(0)), anyBytes(100)),
  sequence: anyU32,
  witness: fc.array(anyBytes(80), { maxLength: 3 }),
});

/** With inputs, or with nothing at all: outputs without inputs have no encoding of their own. */
export const anyTransaction: fc.Arbitrary<Transaction> = fc.oneof(
  { weight: 50, arbitrary: anyTransactionWith(1) },
  { weight: 1, arbitrary: anyTransactionWith(0) },
);

function anyTransactionWith(inputs: 0 | 1): fc.Arbitrary<Transaction> {
  return fc.record({
    version: anyU32,
    inputs: fc.array(anyInput, { minLength: inputs, maxLength: 4 * inputs }),
    outputs: fc.array(anyOutput, { maxLength: 4 * inputs }),
    lockTime: anyU32,
  });
}

export const anyHeader = fc.record({
  version: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  parent: anyHash,
  merkleRoot: anyHash,
  time: anyU32,
  bits: anyU32,
  nonce: anyU32,
});

export const anyBlock: fc.Arbitrary<Block> = fc.record({
  header: anyHeader,
  transactions: fc.array(anyTransaction, { maxLength: 4 }),
});

export const anyCoin: fc.Arbitrary<Coin> = fc
  .record({
    output: anyOutput,
    height: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    isCoinbase: fc.boolean(),
  })
  .map(({ output, ...origin }) => ({ ...output, ...origin }));

export const anyNamedCoin: fc.Arbitrary<NamedCoin> = fc.record({
  outPoint: anyOutPoint,
  coin: anyCoin,
});

const halfOrder = secp256k1.Point.Fn.ORDER >> 1n;

/** 64 bytes whose s is not high; r may be any, for its form is all that a reader can judge. */
export const anyCompact = fc
  .tuple(anyBytes(32, 32), fc.bigInt({ min: 0n, max: halfOrder }))
  .map(([r, s]) => concatBytes(r, hexToBytes(s.toString(16).padStart(64, '0'))));

/** The genesis block of these words with the easiest work. */
export function minedGenesis(message: string, time: number): Block {
  const { header, transactions } = genesisBlock({ message, time, bits: 0x207f_ffff, nonce: 0 });
  return { header: grind(header), transactions };
}

const seconds = fc.integer({ min: 1, max: 86_400 });
const anyDifficulty: fc.Arbitrary<Difficulty> = fc.oneof(
  fc.record({
    rule: fc.constant('asert' as const),
    spacingSeconds: seconds,
    halfLifeSeconds: fc.integer({ min: 2 * 86_400, max: 31_536_000 }),
  }),
  fc.record({ rule: fc.constant('bitcoin' as const), spacingSeconds: seconds }),
  fc.constant({ rule: 'none' as const }),
);

/** Any network that can be. */
export const anyParams: fc.Arbitrary<Params> = fc.record({
  name: fc.stringMatching(/^[a-z0-9-]{1,32}$/).filter((name) => !/^(main|regtest)$/.test(name)),
  genesis: fc
    .tuple(fc.string({ maxLength: maxMessageBytes >> 2, unit: 'grapheme-ascii' }), anyU32)
    .map(([message, time]) => minedGenesis(message, time)),
  difficulty: anyDifficulty,
  limitBits: fc.constant(0x207f_ffff),
  maxFutureSeconds: seconds,
  subsidy: fc.bigInt({ min: 0n, max: 10_000n * coin }),
  halvingInterval: fc.integer({ min: 1, max: 1000 }),
  coinbaseMaturity: fc.integer({ min: 1, max: 1_000_000 }),
  prefix: fc.stringMatching(/^[a-z]{3,20}$/),
  coinType: fc.integer({ min: 0, max: 0x7fff_ffff }),
  p2pPort: fc.integer({ min: 1, max: 32_767 }),
  httpPort: fc.integer({ min: 32_768, max: 65_535 }),
  peers: fc.array(fc.string(), { maxLength: 3 }),
});
