/** Published vectors through the real commands: words typed in, addresses and words told. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesToHex } from '@noble/hashes/utils.js';
import { bech32, bech32m } from '@scure/base';
import { HDKey } from '@scure/bip32';
import { mnemonicToSeedSync } from '@scure/bip39';
import { describe, expect, test } from 'vitest';
import { writeNetwork } from '../src/consensus/network.ts';
import { regtest } from '../src/consensus/params.ts';
import { hash160 } from '../src/primitives/hash.ts';
import { ask, newFolder, type Place } from './terminal.ts';
import { hasVectors, startTally, vectorJson } from './vectors.ts';

const tally = startTally('Wallet commands');

/** A network whose keys lie where those of Bitcoin's mainnet do: coin type 0. */
function mainnetPaths(): Place {
  const datadir = newFolder();
  const file = join(datadir, 'paths.json');
  const params = { ...regtest, name: 'paths', prefix: 'path', coinType: 0 };
  writeFileSync(file, JSON.stringify(writeNetwork(params)));
  return { datadir, env: { CHAIN_NETWORK: file } };
}

/** The witness program of an address of any network, with its version. */
function programOf(address: string): string {
  const { words } = bech32.decodeUnsafe(address) ?? bech32m.decode(address as `path1${string}`);
  const [version = -1, ...rest] = words;
  return `${version} ${bytesToHex(bech32.fromWords(rest))}`;
}

async function importWords(words: string, place: Place) {
  return await ask<{ label: string; address: string }>(['importwallet'], {
    ...place,
    input: words,
  });
}

describe.skipIf(!hasVectors)('BIP39 (vectors/bip39/vectors.json)', () => {
  type Row = readonly [entropy: string, words: string];
  const { english } = hasVectors
    ? vectorJson<{ readonly english: readonly Row[] }>('bip39/vectors.json')
    : { english: [] };

  test('all words are taken, and grow into the address of their seed', async () => {
    const place = { datadir: newFolder() };
    for (const [index, [, words]] of english.entries()) {
      const { label, address } = await importWords(words, place);
      expect(label).toBe(`wallet-${index + 1}`);
      // The published seeds have a passphrase, which we have not: this one is the library's.
      const key = HDKey.fromMasterSeed(mnemonicToSeedSync(words)).derive("m/84'/1'/0'/0/0");
      const program = bytesToHex(hash160(key.publicKey ?? new Uint8Array()));
      expect(programOf(address)).toBe(`0 ${program}`);
    }
    // One of each length; every command takes its time.
    for (const index of [12, 13, 14]) {
      const label = `wallet-${index + 1}`;
      const [, words] = english[index] ?? [];
      expect(await ask(['exportwallet', label], place)).toEqual({ label, words });
    }
    expect(english).toHaveLength(24);
    tally(`BIP39 ${english.length} imported, 3 exported`);
  }, 180_000);
});

/** What both files have of an address. */
interface Leaf {
  readonly address?: string;
}

describe.skipIf(!hasVectors)('the published addresses', () => {
  /** Their programs by branch and index: `0/1` is the second one to receive at. */
  function published(path: string): ReadonlyMap<string, string> {
    const nodes = Object.entries(vectorJson<Record<string, Leaf>>(path));
    return new Map(
      nodes.flatMap(([name, { address }]): [string, string][] =>
        address === undefined ? [] : [[name.split('/').slice(-2).join('/'), programOf(address)]],
      ),
    );
  }

  test('of BIP84 and BIP86 are given out for their words, in their order', async () => {
    const place = mainnetPaths();
    const { mnemonic } = vectorJson<{ mnemonic: string }>('bips/bip84.json');
    expect(vectorJson<{ mnemonic: string }>('bips/bip86.json').mnemonic).toBe(mnemonic);
    const first = (await importWords(mnemonic, place)).address;
    const next = async (...words: readonly string[]) =>
      (await ask<{ address: string }>(['newaddress', ...words], place)).address;

    const bip84 = published('bips/bip84.json');
    expect([...bip84.keys()]).toEqual(['0/0', '0/1', '1/0']);
    expect([first, await next()].map(programOf)).toEqual([bip84.get('0/0'), bip84.get('0/1')]);
    const bip86 = published('bips/bip86.json');
    expect([...bip86.keys()]).toEqual(['0/0', '0/1', '1/0']);
    const taproot = [await next('--taproot'), await next('--taproot')];
    expect(taproot.map(programOf)).toEqual([bip86.get('0/0'), bip86.get('0/1')]);
    tally('BIP84 2 addresses; BIP86 2 addresses');
  });
});

// From the tests of bip_utils, for BIP84 and BIP86 on Bitcoin's test network.
test('words have the addresses that other wallets show on test networks', async () => {
  const words = `${'abandon '.repeat(11)}about`;
  const place = { datadir: newFolder() };
  const { address } = await importWords(words, place);
  const taproot = await ask<{ address: string }>(['newaddress', '--taproot'], place);
  expect([address, taproot.address].map(programOf)).toEqual(
    [
      'tb1q6rz28mcfaxtmd6v789l9rrlrusdprr9pqcpvkl',
      'tb1p8wpt9v4frpf3tkn0srd97pksgsxc5hs52lafxwru9kgeephvs7rqlqt9zj',
    ].map(programOf),
  );
});
