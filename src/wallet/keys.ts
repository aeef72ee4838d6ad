/**
 * All the keys of a wallet, grown from its words. BIP32, with the paths of BIP84 and BIP86.
 *
 * A key is found again from the words and its path alone, so nothing else needs to be saved.
 * Private keys live here and in `sign.ts`, and go nowhere else.
 */
import { HDKey } from '@scure/bip32';
import { mnemonicToSeedSync } from '@scure/bip39';
import { hash160 } from '../primitives/hash.ts';
import { p2trScript, p2wpkhScript } from '../primitives/script.ts';
import { outputKey } from './taproot.ts';

/** The kinds of output that a key can own. */
export type KeyKind = 'p2wpkh' | 'p2tr';

/** Which of a wallet's keys. */
export interface KeyPath {
  readonly kind: KeyKind;
  /** For the change of one's own payments, not to be given to others. */
  readonly isChange: boolean;
  readonly index: number;
}

export interface Key {
  readonly path: KeyPath;
  /** 32 bytes; for P2TR that of the internal key, before the tweak. */
  readonly privateKey: Uint8Array;
  /** 33 bytes, belonging to the private key. */
  readonly publicKey: Uint8Array;
  /** The output script that this key spends. */
  readonly script: Uint8Array;
}

const purposes = { p2wpkh: 84, p2tr: 86 } as const;

/** The path as people write it, with account 0: `m/84'/1'/0'/0/3`. */
export function pathText({ kind, isChange, index }: KeyPath, coinType: number): string {
  return `m/${purposes[kind]}'/${coinType}'/0'/${Number(isChange)}/${index}`;
}

/**
 * The keys that grow from one set of words. Nothing is derived before it is asked for, or twice:
 * the seed alone takes 2,048 rounds of HMAC, 28 ms at a program's start.
 */
export class Keys {
  readonly #words: string;
  readonly #coinType: number;
  readonly #passphrase: string;
  readonly #nodes = new Map<string, HDKey>();
  readonly #keys = new Map<string, Key>();

  constructor(words: string, coinType: number, passphrase = '') {
    this.#words = words;
    this.#coinType = coinType;
    this.#passphrase = passphrase;
  }

  key(path: KeyPath): Key {
    const name = pathText(path, this.#coinType);
    const known = this.#keys.get(name);
    if (known) return known;
    const key = keyOf(path, this.#node(parentOf(name)).deriveChild(path.index));
    this.#keys.set(name, key);
    return key;
  }

  /** A node of the tree above the keys: each is reached from its parent, and kept. */
  #node(name: string): HDKey {
    const known = this.#nodes.get(name);
    if (known) return known;
    const parent = parentOf(name);
    const node =
      name === 'm'
        ? HDKey.fromMasterSeed(mnemonicToSeedSync(this.#words, this.#passphrase))
        : this.#node(parent).derive(`m${name.slice(parent.length)}`);
    this.#nodes.set(name, node);
    return node;
  }
}

/** The path without its last step. */
function parentOf(name: string): string {
  return name.slice(0, name.lastIndexOf('/'));
}

function keyOf(path: KeyPath, { privateKey, publicKey }: HDKey): Key {
  if (!privateKey || !publicKey) throw new Error('assertion failed: a node without keys');
  return { path, privateKey, publicKey, script: scripts[path.kind](publicKey) };
}

const scripts = {
  p2wpkh: (publicKey: Uint8Array) => p2wpkhScript(hash160(publicKey)),
  p2tr: (publicKey: Uint8Array) => p2trScript(outputKey(publicKey.slice(1))),
} as const;
