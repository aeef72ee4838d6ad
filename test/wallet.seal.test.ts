/** Words under a password: only it opens them, and only as they were sealed. */
import { scrypt } from '@noble/hashes/scrypt.js';
import { hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cipher, random } from '../src/cli/machine.ts';
import { Fault } from '../src/primitives/fault.ts';
import { sha256 } from '../src/primitives/hash.ts';
import { readWallet, writeWallet } from '../src/wallet/file.ts';
import { Keys } from '../src/wallet/keys.ts';
import { type Cipher, type Sealed, seal, unseal } from '../src/wallet/seal.ts';
import type { Wallet } from '../src/wallet/wallet.ts';
import { entropyOf, newWords } from '../src/wallet/words.ts';
import { alice, faultOr, sealedAlice, sealedPassword, words } from './wallet.purse.ts';

/** A cipher whose keys cost nothing, where many are needed. */
const quick: Cipher = {
  ...cipher,
  deriveKey: (password, salt) => sha256(Uint8Array.of(...salt, ...password)),
};

function sealedOf({ secret }: Wallet): Sealed {
  if (typeof secret === 'string') throw new Error('expected sealed words');
  return secret;
}

/** Opens a file by what is written of it, with other libraries than ours. */
async function openByHand(text: string, password: string): Promise<Uint8Array> {
  const { label, genesis, created, accounts, sealed } = JSON.parse(text);
  const { kdf, N, r, p, salt, cipher, nonce } = sealed;
  const bytes = scrypt(utf8ToBytes(password), hexToBytes(salt), { N, r, p, dkLen: 32 });
  const key = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['decrypt']);
  const associated = [label, genesis, created, accounts.p2wpkh, accounts.p2tr];
  const lock = [kdf, N, r, p, salt, cipher, nonce];
  const additionalData = utf8ToBytes(JSON.stringify([...associated, ...lock]));
  const algorithm = { name: 'AES-GCM', iv: hexToBytes(nonce), additionalData };
  return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, hexToBytes(sealed.text)));
}

describe('a sealed wallet', () => {
  test('is opened by its password, however its letters were composed', () => {
    for (const form of ['NFC', 'NFD']) {
      expect(unseal(sealedAlice, sealedPassword.normalize(form), cipher)).toBe(words);
    }
  });

  test('is opened by what its file says, with other libraries', async () => {
    const entropy = await openByHand(writeWallet(sealedAlice), sealedPassword.normalize('NFKC'));
    expect(newWords(entropy)).toBe(words);
  });

  test('is opened by no other password', () => {
    for (const password of ['', ` ${sealedPassword}`, sealedPassword.toLowerCase(), words]) {
      expect(faultOr(() => unseal(sealedAlice, password, cipher))).toBe('wrong-password');
    }
  });

  test('is sealed anew with another salt and nonce, and at full cost', () => {
    const sealed = [1, 2].map(() => sealedOf(seal(alice, { password: 'x', cipher, random })));
    for (const field of ['salt', 'nonce', 'text'] as const) {
      expect(new Set(sealed.map((each) => each[field])).size).toBe(2);
    }
    expect(sealed).toMatchObject(Array(2).fill({ N: 2 ** 17, r: 8, p: 1 }));
  });

  test('does not tell its words in its file', () => {
    const text = writeWallet(sealedAlice);
    expect(text).not.toMatch(/legal|winner|thank|wave|sausage|worth|useful|yellow/);
    expect(text).not.toContain(Buffer.from(entropyOf(words)).toString('hex'));
  });

  test('takes no second seal', () => {
    expect(seal(sealedAlice, { password: 'x', cipher, random })).toBe(sealedAlice);
    expect(unseal(alice, 'anything', cipher)).toBe(words);
  });
});

const anyEntropy = fc.constantFrom(16, 20, 24, 28, 32).chain((length) => {
  return fc.uint8Array({ minLength: length, maxLength: length });
});
const anyPassword = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });

test('any wallet is sealed, written, read and opened as it was', () => {
  fc.assert(
    fc.property(anyEntropy, anyPassword, fc.maxSafeNat(), (entropy, password, created) => {
      const secret = newWords(entropy);
      const wallet = { ...alice, secret, created, accounts: new Keys(secret, 1).accounts() };
      const sealed = seal(wallet, { password, cipher: quick, random });
      const read = readWallet(writeWallet(sealed), 1);
      expect({ ...read, secret: unseal(read, password, quick) }).toEqual(wallet);
    }),
    { numRuns: 40 },
  );
});

test('a wallet is sealed and opened as it was, at full cost', () => {
  fc.assert(
    fc.property(anyEntropy, anyPassword, (entropy, password) => {
      const wallet = { ...alice, secret: newWords(entropy) };
      const sealed = seal(wallet, { password, cipher, random });
      expect(unseal(sealed, password, cipher)).toBe(wallet.secret);
    }),
    { numRuns: 4 },
  );
});

describe('whoever rewrites the file, with a right checksum, is found out by the password:', () => {
  const sealed = seal(alice, { password: 'x', cipher: quick, random });
  const open = (wallet: Wallet) => faultOr(() => unseal(wallet, 'x', quick));
  const other = new Keys(words, 0).accounts();

  test.each<[string, Partial<Wallet>]>([
    ['label', { label: 'bob' }],
    ['created', { created: 0 }],
    ['P2WPKH account', { accounts: { ...alice.accounts, p2wpkh: other.p2wpkh } }],
    ['P2TR account', { accounts: { ...alice.accounts, p2tr: other.p2tr } }],
    ['cost', { secret: { ...sealedOf(sealed), N: 2 ** 18 } }],
  ])('another %s', (_, change) => {
    expect(open(sealed)).toBe(words);
    expect(open({ ...sealed, ...change })).toBe('wrong-password');
  });

  test.each(['salt', 'nonce', 'text'] as const)('every other bit of the %s', (field) => {
    const secret = sealedOf(sealed);
    const bytes = hexToBytes(secret[field]);
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const changed = { ...secret, [field]: flipped.toString('hex') };
      expect(open({ ...sealed, secret: changed })).toBe('wrong-password');
    }
  });

  test('but addresses given out since then are none of its business', () => {
    const next = { ...sealed.next, p2tr: { receive: 7, change: 3 } };
    expect(open({ ...sealed, next })).toBe(words);
  });
});

test('a wrong password is a fault that says so, and quotes nothing', () => {
  const ask = () => unseal(sealedAlice, 'guess', cipher);
  expect(ask).toThrow(Fault);
  expect(ask).toThrow(/^this is not the password of 'alice'/);
  expect(ask).not.toThrow(/guess/);
});
