/** The published vectors of the BIPs that we implement: 143, 173, 350, 340 and 341. */
import { hexToBytes } from '@noble/hashes/utils.js';
import { bech32, bech32m } from '@scure/base';
import { describe, expect, test } from 'vitest';
import { loadEngines } from '../src/cli/engine.ts';
import { addressOf, scriptOf } from '../src/primitives/address.ts';
import { DecodeError, decode, encode } from '../src/primitives/codec.ts';
import { sha256d, taggedHash } from '../src/primitives/hash.ts';
import { Digests } from '../src/primitives/sighash.ts';
import { compactFromDer } from '../src/primitives/signature.ts';
import { Transaction } from '../src/primitives/transaction.ts';
import { hasVectors, startTally, vectorJson, vectorText } from './vectors.ts';

const tally = startTally('BIPs');

const engines = await loadEngines();
const ecdsaEngines = engines.flatMap(({ name, verifyEcdsa }) =>
  verifyEcdsa ? [{ name, verify: verifyEcdsa }] : [],
);
const schnorrEngines = engines.flatMap(({ name, verifySchnorr }) =>
  verifySchnorr ? [{ name, verify: verifySchnorr }] : [],
);

describe.skipIf(!hasVectors)('BIP143: the native P2WPKH example (vectors/bips/bip143.json)', () => {
  interface Example {
    readonly unsignedTx: string;
    readonly inputIndex: number;
    readonly prevouts: readonly { readonly script: string; readonly value: number }[];
    readonly publicKey: string;
    readonly hashType: number;
    readonly preimage: string;
    readonly sigHash: string;
    readonly signature: string;
    readonly signedTx: string;
  }
  const readExamples = () => vectorJson<Example[]>('bips/bip143.json');

  test('the digest is that of the preimage, and the signature holds on every engine', () => {
    const examples = readExamples();
    for (const example of examples) {
      const { inputIndex, hashType, publicKey } = example;
      const spent = example.prevouts.map(({ script, value }) => outputOf(script, value));
      const digests = new Digests(decodeTransaction(example.unsignedTx), spent);
      const keyHash = spent[inputIndex]?.script.subarray(2) ?? new Uint8Array(0);
      const digest = digests.p2wpkh(inputIndex, hashType, keyHash);
      expect(digest).toEqual(hexToBytes(example.sigHash));
      expect(digest).toEqual(sha256d(hexToBytes(example.preimage)));

      const signature = compactFromDer(hexToBytes(example.signature).subarray(0, -1));
      for (const { name, verify } of ecdsaEngines) {
        expect(verify(signature, digest, hexToBytes(publicKey)), name).toBe(true);
      }
    }
    expect(examples.length).toBe(1);
    tally(`BIP143 1 example on ${ecdsaEngines.length} engines`);
  });

  test('the signed transaction carries that witness and is written again as it was read', () => {
    for (const { signedTx, unsignedTx, signature, publicKey } of readExamples()) {
      const signed = decodeTransaction(signedTx);
      expect(encode(Transaction, signed)).toEqual(hexToBytes(signedTx));
      expect(signed.inputs[1]?.witness).toEqual([hexToBytes(signature), hexToBytes(publicKey)]);
      expect(unsign(signed)).toEqual(hexToBytes(unsignedTx));
    }
  });
});

describe.skipIf(!hasVectors)('BIP173 and BIP350: addresses (vectors/bips/bech32.json)', () => {
  type Pairs = readonly (readonly [text: string, meaning: string])[];
  interface Texts {
    readonly bech32_valid: readonly string[];
    readonly bech32_invalid: Pairs;
    readonly bech32m_valid: readonly string[];
    readonly bech32m_invalid: Pairs;
    readonly segwit_valid: Pairs;
    readonly segwit_invalid: Pairs;
  }
  const readTexts = () => vectorJson<Texts>('bips/bech32.json');

  test('each of the two checksums holds for its 7 texts, and for none of the other', () => {
    const { bech32_valid, bech32m_valid } = readTexts();
    for (const [codec, right, wrong] of [
      [bech32, bech32_valid, bech32m_valid],
      [bech32m, bech32m_valid, bech32_valid],
    ] as const) {
      expect(right.length).toBe(7);
      for (const text of right) {
        const decoded = codec.decodeUnsafe(text);
        const again = decoded && codec.encode(decoded.prefix, decoded.words);
        expect(again, text).toBe(text.toLowerCase());
      }
      for (const text of wrong) expect(codec.decodeUnsafe(text), text).toBeUndefined();
    }
    tally('BIP173 and BIP350 14 valid texts');
  });

  test('26 texts are refused by both checksums, and are no addresses', () => {
    const { bech32_invalid, bech32m_invalid } = readTexts();
    const invalid = [...bech32_invalid, ...bech32m_invalid];
    for (const [text, why] of invalid) {
      expect(bech32.decodeUnsafe(text), why).toBeUndefined();
      expect(bech32m.decodeUnsafe(text), why).toBeUndefined();
      expect(() => scriptOf(text, 'bc'), why).toThrow(DecodeError);
    }
    expect(invalid.length).toBe(26);
    tally('26 invalid ones');
  });

  test('of the 8 valid addresses the 3 of our kinds stand for their script, and back', () => {
    const { segwit_valid } = readTexts();
    const ours = segwit_valid.filter(([, script]) => /^(0014|5120)/.test(script));
    for (const [address, script] of segwit_valid) {
      const [prefix, other] = /^bc/i.test(address) ? ['bc', 'tb'] : ['tb', 'bc'];
      expect(() => scriptOf(address, other), address).toThrow(DecodeError);
      if (/^(0014|5120)/.test(script)) {
        expect(scriptOf(address, prefix), address).toEqual(hexToBytes(script));
        expect(addressOf(hexToBytes(script), prefix)).toBe(address.toLowerCase());
      } else {
        expect(() => scriptOf(address, prefix), address).toThrow('a kind of output');
        expect(addressOf(hexToBytes(script), prefix)).toBeUndefined();
      }
    }
    expect([segwit_valid.length, ours.length]).toEqual([8, 3]);
    tally('8 valid addresses, 3 of our kinds');
  });

  test('all 15 invalid addresses are refused, on either network', () => {
    const { segwit_invalid } = readTexts();
    for (const [address, why] of segwit_invalid) {
      for (const prefix of ['bc', 'tb']) {
        expect(() => scriptOf(address, prefix), why).toThrow(DecodeError);
      }
    }
    expect(segwit_invalid.length).toBe(15);
    tally('15 invalid ones');
  });
});

describe.skipIf(!hasVectors)('BIP340: vectors/bips/bip-0340_test-vectors.csv', () => {
  test('every engine answers all 19 rows rightly, 4 of them not of digests', () => {
    const [, ...rows] = vectorText('bips/bip-0340_test-vectors.csv').trim().split(/\r?\n/);
    const messageBytes: number[] = [];
    for (const row of rows) {
      const [index, , publicKey = '', , message = '', signature = '', result] = row.split(',');
      messageBytes.push(message.length / 2);
      for (const { name, verify } of schnorrEngines) {
        const holds = verify(hexToBytes(signature), hexToBytes(message), hexToBytes(publicKey));
        expect(holds, `row ${index} on ${name}`).toBe(result === 'TRUE');
      }
    }
    expect(rows.length).toBe(19);
    expect(messageBytes.filter((bytes) => bytes !== 32)).toEqual([0, 1, 17, 100]);
    tally(`BIP340 19 rows on ${schnorrEngines.length} engines`);
  });
});

describe.skipIf(!hasVectors)(
  'BIP341: spending by key (vectors/bips/bip-0341_wallet-test-vectors.json)',
  () => {
    interface Spending {
      readonly given: {
        readonly rawUnsignedTx: string;
        readonly utxosSpent: readonly {
          readonly scriptPubKey: string;
          readonly amountSats: number;
        }[];
      };
      readonly inputSpending: readonly {
        readonly given: { readonly txinIndex: number; readonly hashType: number };
        readonly intermediary: { readonly sigMsg: string; readonly sigHash: string };
        readonly expected: { readonly witness: readonly [string] };
      }[];
      readonly auxiliary: { readonly fullySignedTx: string };
    }
    const readSpendings = () => {
      const path = 'bips/bip-0341_wallet-test-vectors.json';
      return vectorJson<{ keyPathSpending: Spending[] }>(path).keyPathSpending;
    };

    test('the digest of each input is right under all 7 types, and its signature holds', () => {
      const types: number[] = [];
      for (const { given, inputSpending } of readSpendings()) {
        const spent = given.utxosSpent.map((utxo) => outputOf(utxo.scriptPubKey, utxo.amountSats));
        const digests = new Digests(decodeTransaction(given.rawUnsignedTx), spent);
        for (const { given, intermediary, expected } of inputSpending) {
          const digest = digests.p2tr(given.txinIndex, given.hashType) ?? new Uint8Array(0);
          const outputKey = spent[given.txinIndex]?.script.subarray(2) ?? new Uint8Array(0);
          const witness = hexToBytes(expected.witness[0]);
          types.push(given.hashType);
          expect(digest).toEqual(hexToBytes(intermediary.sigHash));
          expect(digest).toEqual(taggedHash('TapSighash', hexToBytes(intermediary.sigMsg)));
          expect(witness[64] ?? 0).toBe(given.hashType);
          for (const { name, verify } of schnorrEngines) {
            const signature = witness.subarray(0, 64);
            expect(
              verify(signature, digest, outputKey),
              `input ${given.txinIndex} on ${name}`,
            ).toBe(true);
          }
        }
      }
      expect(types).toEqual([0x03, 0x83, 0x01, 0x00, 0x02, 0x82, 0x81]);
      tally(`BIP341 ${types.length} inputs on ${schnorrEngines.length} engines`);
    });

    test('the signed transaction carries those witnesses and is written as it was read', () => {
      for (const { given, inputSpending, auxiliary } of readSpendings()) {
        const signed = decodeTransaction(auxiliary.fullySignedTx);
        expect(encode(Transaction, signed)).toEqual(hexToBytes(auxiliary.fullySignedTx));
        expect(unsign(signed)).toEqual(hexToBytes(given.rawUnsignedTx));
        for (const { given, expected } of inputSpending) {
          expect(signed.inputs[given.txinIndex]?.witness).toEqual(expected.witness.map(hexToBytes));
        }
      }
    });
  },
);

function decodeTransaction(hex: string): Transaction {
  return decode(Transaction, hexToBytes(hex));
}

function outputOf(script: string, amount: number) {
  return { amount: BigInt(amount), script: hexToBytes(script) };
}

/** The bytes of the transaction before anybody signed it. */
function unsign(signed: Transaction): Uint8Array {
  const inputs = signed.inputs.map((input) => ({
    ...input,
    scriptSig: new Uint8Array(0),
    witness: [],
  }));
  return encode(Transaction, { ...signed, inputs });
}
