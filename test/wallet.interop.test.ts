/**
 * Our wallet beside two others, @scure/btc-signer and bitcoinjs-lib: the same addresses, the same
 * bytes, and what they sign holds by our rules.
 *
 * ECDSA signatures are the same because all take their nonce from RFC6979 and, unless asked to, do
 * not search for a low R; Schnorr signatures once the auxiliary bytes are zeros, which for
 * bitcoinjs-lib (by tiny-secp256k1) is the same as giving none.
 */
import * as signer from '@scure/btc-signer';
import { crypto, initEccLib, Psbt, payments } from 'bitcoinjs-lib';
import { ECPairFactory } from 'ecpair';
import fc from 'fast-check';
import * as ecc from 'tiny-secp256k1';
import { describe, expect, test } from 'vitest';
import { addressOf } from '../src/primitives/address.ts';
import { decode, encode } from '../src/primitives/codec.ts';
import { Transaction } from '../src/primitives/transaction.ts';
import type { OwnedCoin } from '../src/wallet/coins.ts';
import type { Key, KeyKind } from '../src/wallet/keys.ts';
import { type Payment, planPayment } from '../src/wallet/payment.ts';
import { signPayment } from '../src/wallet/sign.ts';
import { anyRequest, coinsOf, faultOr, judge, keys, ownScript, requestOf } from './wallet.purse.ts';

initEccLib(ecc);
const pairs = ECPairFactory(ecc);

/** `main` as the other libraries want it; of this, addresses here use the prefix alone. */
const network = {
  messagePrefix: '\x18Bitcoin Signed Message:\n',
  bech32: 'tc',
  bip32: { public: 0x043587cf, private: 0x04358394 },
  pubKeyHash: 0x6f,
  scriptHash: 0xc4,
  wif: 0xef,
};

const zeros = (length: number) => new Uint8Array(length);

/** How a library signs where it is free to choose. */
interface Manner {
  /** The type of every signature; without it ALL, or for P2TR the default. */
  readonly sighashType?: number;
  /** Search for a low R, and take fresh auxiliary bytes. */
  readonly isFree?: boolean;
}

/** Another wallet: what it makes of our keys, and of what we plan. */
interface Library {
  readonly name: string;
  address(key: Key): string | undefined;
  /** Builds the payment anew from its coins, addresses and amounts, and signs it. */
  sign(payment: Payment, manner: Manner): Uint8Array;
}

const internalKey = ({ publicKey }: Key) => publicKey.slice(1);

const btcSigner: Library = {
  name: '@scure/btc-signer',
  address: (key) =>
    key.path.kind === 'p2tr'
      ? signer.p2tr(internalKey(key), undefined, network).address
      : signer.p2wpkh(key.publicKey, network).address,
  sign: ({ transaction, spent }, { isFree = false, ...type }) => {
    const theirs = new signer.Transaction({ version: 2, allowUnknownOutputs: true, lowR: isFree });
    for (const coin of spent) {
      const key = keys.key(coin.path);
      const proof = coin.path.kind === 'p2tr' ? { tapInternalKey: internalKey(key) } : {};
      const { txid, index } = coin.outPoint;
      const input = { txid, index, sequence: 0xffff_fffd, witnessUtxo: coin.output };
      theirs.addInput({ ...input, ...proof, ...type });
    }
    for (const { amount, script } of transaction.outputs) {
      const address = addressOf(script, 'tc');
      if (address) theirs.addOutputAddress(address, amount, network);
      else theirs.addOutput({ amount, script });
    }
    const allowed = type.sighashType === undefined ? undefined : [type.sighashType];
    for (const [i, { path }] of spent.entries()) {
      theirs.signIdx(keys.key(path).privateKey, i, allowed, isFree ? undefined : zeros(32));
    }
    theirs.finalize();
    return theirs.extract();
  },
};

const bitcoinjs: Library = {
  name: 'bitcoinjs-lib',
  address: (key) =>
    key.path.kind === 'p2tr'
      ? payments.p2tr({ internalPubkey: internalKey(key), network }).address
      : payments.p2wpkh({ pubkey: key.publicKey, network }).address,
  sign: ({ transaction, spent }, { isFree = false, ...type }) => {
    const theirs = new Psbt({ network }).setVersion(2);
    for (const { output, outPoint, path } of spent) {
      const proof = path.kind === 'p2tr' ? { tapInternalKey: internalKey(keys.key(path)) } : {};
      const witnessUtxo = { script: output.script, value: output.amount };
      const { txid: hash, index } = outPoint;
      theirs.addInput({ hash, index, sequence: 0xffff_fffd, witnessUtxo, ...proof, ...type });
    }
    for (const { amount: value, script } of transaction.outputs) {
      const address = addressOf(script, 'tc');
      theirs.addOutput(address ? { address, value } : { script, value });
    }
    const allowed = type.sighashType === undefined ? undefined : [type.sighashType];
    for (const [i, coin] of spent.entries()) {
      theirs.signInput(i, pairOf(coin, isFree), allowed);
    }
    theirs.finalizeAllInputs();
    // Without its guard against fees that it finds too high: some of ours are meant to be.
    return theirs.extractTransaction(true).toBuffer();
  },
};

/** The coin's key as bitcoinjs-lib wants it, already tweaked for P2TR. */
function pairOf({ path }: OwnedCoin, isFree: boolean) {
  const key = keys.key(path);
  const pair = pairs.fromPrivateKey(key.privateKey, { network });
  const ready =
    path.kind === 'p2tr' ? pair.tweak(crypto.taggedHash('TapTweak', internalKey(key))) : pair;
  ready.lowR = isFree;
  return ready;
}

const kinds: readonly KeyKind[] = ['p2wpkh', 'p2tr'];

/** Coins of these kinds, each with another key. */
const coins = (...each: readonly KeyKind[]) =>
  coinsOf(each.map((kind, index) => ({ kind, index, amount: 50_000n + BigInt(index) })));

const plans: readonly (readonly [string, Payment])[] = [
  ['one P2WPKH coin', planPayment(requestOf())],
  ['one P2TR coin', planPayment(requestOf({ coins: coins('p2tr'), amount: 40_000n }))],
  [
    'three P2WPKH coins of three keys, and no change',
    planPayment(requestOf({ coins: coins('p2wpkh', 'p2wpkh', 'p2wpkh'), amount: 'all' })),
  ],
  [
    'three P2TR coins of three keys, to P2TR, with P2TR change',
    planPayment(
      requestOf({
        coins: coins('p2tr', 'p2tr', 'p2tr'),
        amount: 120_000n,
        to: ownScript('p2tr', 5),
        changeScript: ownScript('p2tr', 6),
      }),
    ),
  ],
  [
    'coins of both kinds, with change and a memo',
    planPayment(requestOf({ coins: coins('p2wpkh', 'p2tr', 'p2wpkh', 'p2tr'), memo: 'hello' })),
  ],
];

describe.each([btcSigner, bitcoinjs])('$name', (library) => {
  test.each(kinds)('has our addresses for %s', (kind) => {
    for (let index = 0; index < 8; index++) {
      const key = keys.key({ kind, isChange: index % 2 === 1, index });
      expect(addressOf(key.script, 'tc')).toBe(library.address(key));
    }
  });

  test.each(plans)('signs %s as we do, byte for byte, and our rules accept it', (_, payment) => {
    const theirs = library.sign(payment, {});
    expect(judge(decode(Transaction, theirs), payment)).toBe('valid');
    expect(encode(Transaction, signPayment(payment, keys, zeros))).toEqual(theirs);
  });

  test.each(plans)('signs %s in its own manner, and our rules accept it', (_, payment) => {
    const theirs = decode(Transaction, library.sign(payment, { isFree: true }));
    expect(judge(theirs, payment)).toBe('valid');
  });

  test.each([0x01, 0x02, 0x03, 0x81, 0x82, 0x83])(
    'signs by type %i, and our rules accept it',
    (sighashType) => {
      const plan = planPayment(requestOf({ coins: coins('p2wpkh', 'p2tr'), amount: 60_000n }));
      const theirs = decode(Transaction, library.sign(plan, { sighashType }));
      expect(theirs.inputs.map(({ witness }) => witness[0]?.at(-1))).toEqual([
        sighashType,
        sighashType,
      ]);
      expect(judge(theirs, plan)).toBe('valid');
    },
  );

  test('signs whatever we plan as we do', () => {
    let signed = 0;
    fc.assert(
      fc.property(anyRequest, (request) => {
        const payment = faultOr(() => planPayment(request));
        if (typeof payment === 'string') return;
        signed++;
        const ours = encode(Transaction, signPayment(payment, keys, zeros));
        expect(ours).toEqual(library.sign(payment, {}));
      }),
      { numRuns: 100 },
    );
    expect(signed).toBeGreaterThan(10);
  });
});
