/** The published vectors of what wallets agree on: BIP39, 32, 84, 86, and BIP341's tweak. */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { createBase58check } from '@scure/base';
import { HDKey } from '@scure/bip32';
import { mnemonicToSeedSync } from '@scure/bip39';
import { describe, expect, test } from 'vitest';
import { addressOf } from '../src/primitives/address.ts';
import { sha256 } from '../src/primitives/hash.ts';
import { p2trScript } from '../src/primitives/script.ts';
import { type Key, type KeyKind, Keys } from '../src/wallet/keys.ts';
import { outputKey, tweakPrivateKey } from '../src/wallet/taproot.ts';
import { newWords, readWords } from '../src/wallet/words.ts';
import { hasVectors, startTally, vectorJson } from './vectors.ts';

const tally = startTally('Wallet');

describe.skipIf(!hasVectors)('BIP39: the English vectors (vectors/bip39/vectors.json)', () => {
  type Row = readonly [entropy: string, words: string, seed: string, xprv: string];
  const { english } = hasVectors
    ? vectorJson<{ readonly english: readonly Row[] }>('bip39/vectors.json')
    : { english: [] };

  test.each(english)('entropy %s has its words, its seed and its root key', (...row) => {
    const [entropy, words, seed, xprv] = row;
    expect(newWords(hexToBytes(entropy))).toBe(words);
    expect(readWords(words)).toBe(words);
    const derived = mnemonicToSeedSync(words, 'TREZOR');
    expect(bytesToHex(derived)).toBe(seed);
    expect(HDKey.fromMasterSeed(derived).privateExtendedKey).toBe(xprv);
    // Our own keys come from that root, the passphrase included.
    const path = { kind: 'p2wpkh', isChange: true, index: 7 } as const;
    expect(new Keys(words, 1, 'TREZOR').key(path).privateKey).toEqual(
      HDKey.fromExtendedKey(xprv).derive("m/84'/1'/0'/1/7").privateKey,
    );
  });

  test('are 24', () => {
    expect(english).toHaveLength(24);
    tally(`BIP39 ${english.length} vectors`);
  });
});

describe.skipIf(!hasVectors)('BIP32, by the library we rely on (vectors/bips/bip32.json)', () => {
  interface Bip32 {
    readonly valid: readonly {
      readonly seed: string;
      readonly chains: readonly {
        readonly path: string;
        readonly xpub: string;
        readonly xprv: string;
      }[];
    }[];
    readonly invalid: readonly (readonly [key: string, problem: string])[];
  }
  const { valid, invalid } = hasVectors
    ? vectorJson<Bip32>('bips/bip32.json')
    : { valid: [], invalid: [] };
  const nodes = valid.flatMap(({ seed, chains }) => chains.map((chain) => ({ seed, ...chain })));

  test.each(nodes)('$path of $seed is derived', ({ seed, path, xpub, xprv }) => {
    const node = HDKey.fromMasterSeed(hexToBytes(seed)).derive(path);
    expect(node.privateExtendedKey).toBe(xprv);
    expect(node.publicExtendedKey).toBe(xpub);
  });

  test.each(invalid)('%s is refused: %s', (key) => {
    expect(() => HDKey.fromExtendedKey(key)).toThrow();
  });

  test('are 17 keys derived and 14 refused', () => {
    expect([nodes.length, invalid.length]).toEqual([17, 14]);
    tally(`BIP32 ${nodes.length} keys derived, ${invalid.length} refused`);
  });
});

/** An address of BIP84 or BIP86, with the fields that either gives. */
interface Leaf {
  readonly address: string;
  readonly privkey?: string;
  readonly pubkey?: string;
  readonly xprv?: string;
  readonly internal_key?: string;
  readonly output_key?: string;
  readonly scriptPubKey?: string;
}

/** The addresses of the file, each with our key at its path. */
function readLeaves(path: string, kind: KeyKind): readonly (readonly [Leaf, Key])[] {
  const { mnemonic = '', ...nodes } = vectorJson<Record<string, string & Leaf>>(path);
  const keys = new Keys(mnemonic, 0);
  return Object.entries(nodes).flatMap(([name, leaf]) => {
    const [, change, index] = /^m\/8[46]'\/0'\/0'\/([01])\/(\d+)$/.exec(name) ?? [];
    if (index === undefined) return [];
    return [[leaf, keys.key({ kind, isChange: change === '1', index: Number(index) })]];
  });
}

describe.skipIf(!hasVectors)('our keys', () => {
  test('are those of BIP84 (vectors/bips/bip84.json)', () => {
    const leaves = readLeaves('bips/bip84.json', 'p2wpkh');
    for (const [{ address, privkey = '', pubkey }, key] of leaves) {
      expect(addressOf(key.script, 'bc')).toBe(address);
      expect(bytesToHex(key.publicKey)).toBe(pubkey);
      // 80, the key, and 01 for the compressed public key.
      expect(createBase58check(sha256).decode(privkey).slice(1, 33)).toEqual(key.privateKey);
    }
    expect(leaves).toHaveLength(3);
    tally(`BIP84 ${leaves.length} addresses`);
  });

  test('are those of BIP86 (vectors/bips/bip86.json)', () => {
    const leaves = readLeaves('bips/bip86.json', 'p2tr');
    for (const [leaf, key] of leaves) {
      expect(addressOf(key.script, 'bc')).toBe(leaf.address);
      expect(bytesToHex(key.script)).toBe(leaf.scriptPubKey);
      expect(bytesToHex(key.publicKey.slice(1))).toBe(leaf.internal_key);
      expect(bytesToHex(outputKey(key.publicKey.slice(1)))).toBe(leaf.output_key);
      expect(key.privateKey).toEqual(HDKey.fromExtendedKey(leaf.xprv ?? '').privateKey);
    }
    expect(leaves).toHaveLength(3);
    tally(`BIP86 ${leaves.length} addresses`);
  });
});

describe.skipIf(!hasVectors)('BIP341 without scripts (vectors/bips/bip-0341…json)', () => {
  interface Bip341 {
    readonly scriptPubKey: readonly {
      readonly given: { readonly internalPubkey: string; readonly scriptTree: object | null };
      readonly intermediary: { readonly tweakedPubkey: string };
      readonly expected: { readonly scriptPubKey: string; readonly bip350Address: string };
    }[];
    readonly keyPathSpending: readonly {
      readonly inputSpending: readonly {
        readonly given: { readonly internalPrivkey: string; readonly merkleRoot: string | null };
        readonly intermediary: { readonly tweakedPrivkey: string };
      }[];
    }[];
  }
  const read = () => vectorJson<Bip341>('bips/bip-0341_wallet-test-vectors.json');

  test('the output key is the tweaked internal key, and its address follows', () => {
    const cases = read().scriptPubKey.filter(({ given }) => given.scriptTree === null);
    for (const { given, intermediary, expected } of cases) {
      const key = outputKey(hexToBytes(given.internalPubkey));
      expect(bytesToHex(key)).toBe(intermediary.tweakedPubkey);
      expect(bytesToHex(p2trScript(key))).toBe(expected.scriptPubKey);
      expect(addressOf(p2trScript(key), 'bc')).toBe(expected.bip350Address);
    }
    expect(cases).toHaveLength(1);
    tally(`BIP341 ${cases.length} output key`);
  });

  test('the private key is tweaked as the internal key is', () => {
    const inputs = read().keyPathSpending.flatMap(({ inputSpending }) => inputSpending);
    const cases = inputs.filter(({ given }) => given.merkleRoot === null);
    for (const { given, intermediary } of cases) {
      const tweaked = tweakPrivateKey(hexToBytes(given.internalPrivkey));
      expect(bytesToHex(tweaked)).toBe(intermediary.tweakedPrivkey);
    }
    expect(cases).toHaveLength(1);
    tally(`${cases.length} private key`);
  });
});
