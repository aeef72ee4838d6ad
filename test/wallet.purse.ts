/** A purse for the wallet's tests: keys that anyone may know, coins that they own, and payments. */
import { bytesToHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { main } from '../src/consensus/params.ts';
import { describeReject, isReject } from '../src/consensus/reject.ts';
import { checkSubset, checkTransaction } from '../src/consensus/transaction.ts';
import { readWitnesses } from '../src/consensus/witness.ts';
import { hashHeader } from '../src/primitives/block.ts';
import { DecodeError, type Hash, parseHash } from '../src/primitives/codec.ts';
import { Fault } from '../src/primitives/fault.ts';
import { sha256 } from '../src/primitives/hash.ts';
import { nobleEngine } from '../src/primitives/reference.ts';
import { verify } from '../src/primitives/signature.ts';
import type { Transaction } from '../src/primitives/transaction.ts';
import type { OwnedCoin } from '../src/wallet/coins.ts';
import { type KeyKind, Keys } from '../src/wallet/keys.ts';
import type { Payment, PaymentRequest } from '../src/wallet/payment.ts';
import { newWallet, type Wallet } from '../src/wallet/wallet.ts';

/** From BIP39's vectors. */
export const words = 'legal winner thank year wave sausage worth useful legal winner thank yellow';

/** The keys of those words, with the coin type of `main`. */
export const keys = new Keys(words, 1);

/** A new wallet of those words on `main`. */
export const alice = newWallet({
  label: 'alice',
  accounts: keys.accounts(),
  secret: words,
  genesis: hashHeader(main.genesis.header),
  created: 1_767_225_600,
});

/** With letters that a keyboard may compose in two ways. */
export const sealedPassword = 'Gr\u00fc\u00dfe, \u00d6l';

/** The same wallet under that password, with salt and nonce that everybody can see through. */
export const sealedAlice: Wallet = {
  ...alice,
  secret: {
    kdf: 'scrypt',
    N: 131_072,
    r: 8,
    p: 1,
    salt: '01'.repeat(16),
    cipher: 'aes-256-gcm',
    nonce: '02'.repeat(12),
    text: '2bfc51201bc92ef1c76a0b52057219e2458a9c991f8e74bbe71dd69bcfde6916',
  },
};

/** The script of our key of this kind, which the wallet gave out as its `index`th. */
export function ownScript(kind: KeyKind, index = 0): Uint8Array {
  return keys.key({ kind, isChange: false, index }).script;
}

/** What a test says of a coin. */
export interface CoinPlan {
  readonly amount: bigint;
  readonly kind?: KeyKind;
  readonly isConfirmed?: boolean;
  readonly index?: number;
  /** How many payments that wait it hangs on, each its own. */
  readonly row?: number;
  readonly isAtLimit?: boolean;
}

/** Coins of ours, each with an outpoint of its own. */
export function coinsOf(plans: readonly CoinPlan[]): readonly OwnedCoin[] {
  return plans.map((plan, position) => {
    const { amount, kind = 'p2wpkh', isConfirmed = true, index = 0, isAtLimit = false } = plan;
    const { row = isConfirmed ? 0 : 1 } = plan;
    return {
      outPoint: { txid: someHash(position), index: position },
      output: { amount, script: ownScript(kind, index) },
      path: { kind, isChange: false, index },
      ancestors: Array.from({ length: row }, (_, i) => someHash(position, i)),
      isAtLimit,
    };
  });
}

/** A hash that belongs to these numbers, and to no others. */
function someHash(...numbers: readonly number[]): Hash {
  return parseHash(bytesToHex(sha256(Uint8Array.from(numbers))));
}

/** A request that asks for a little of much, unless the test says otherwise. */
export function requestOf(change: Partial<PaymentRequest> = {}): PaymentRequest {
  return {
    coins: coinsOf([{ amount: 1_000_000n }]),
    to: ownScript('p2wpkh', 5),
    amount: 100_000n,
    feeRate: 1_000n,
    changeScript: ownScript('p2wpkh', 6),
    ...change,
  };
}

const anyKind = fc.constantFrom<KeyKind>('p2wpkh', 'p2tr');

/** Amounts of every order of size, for money is not spread evenly. */
const anyAmount = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.bigInt(1n, 999_999n))
  .map(([digits, figure]) => (figure * 10n ** BigInt(digits)) / 1_000_000n + 1n);

const anyCoin: fc.Arbitrary<CoinPlan> = fc.record({
  amount: anyAmount,
  kind: anyKind,
  isConfirmed: fc.boolean(),
  index: fc.integer({ min: 0, max: 3 }),
});

/** A request of any kind; many of them ask for more than there is. */
export const anyRequest: fc.Arbitrary<PaymentRequest> = fc.record({
  coins: fc.array(anyCoin, { maxLength: 12 }).map(coinsOf),
  to: anyKind.map((kind) => ownScript(kind, 5)),
  amount: fc.oneof(
    { weight: 4, arbitrary: anyAmount },
    { arbitrary: fc.constant('all'), weight: 1 },
  ),
  feeRate: fc.oneof(fc.bigInt(0n, 5_000n), fc.bigInt(0n, 200_000n)),
  changeScript: anyKind.map((kind) => ownScript(kind, 6)),
  memo: fc.string({ maxLength: 20 }),
});

/** The answer, or the code of the `Fault`: anything else that is thrown goes on. */
export function faultOr<T>(ask: () => T): T | string {
  try {
    return ask();
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
}

/** The message of the `DecodeError`. Any other error goes on, and to read without one is one. */
export function decodeErrorOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof DecodeError) return error.message;
    throw error;
  }
  throw new Error('expected a DecodeError');
}

/** What the rules for a transaction and its witnesses say of a payment: `valid`, or why not. */
export function judge(signed: Transaction, { spent }: Payment): string {
  const verdict = checkTransaction(signed) ?? checkSubset(signed);
  if (verdict) return describeReject(verdict);
  const outputs = spent.map(({ output }) => output);
  const checks = readWitnesses(signed, outputs);
  if (isReject(checks)) return describeReject(checks);
  const wrong = checks.find((check) => !verify(check, nobleEngine));
  return wrong ? `input ${wrong.input}: its signature does not hold` : 'valid';
}
