/**
 * All the keys of a wallet, grown from its words. BIP32, with the paths of BIP84 and BIP86.
 *
 * A key is found again from the words and its path alone. The public ones grow from two keys that
 * are no secret, one for each kind, so that a wallet under a password can still show its addresses.
 * Private keys live here and in `sign.ts`, and go nowhere else.
 */
import { HDKey } from '@scure/bip32';
import { mnemonicToSeedSync } from '@scure/bip39';
import { DecodeError } from '../primitives/codec.ts';
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

export interface PublicKey {
  readonly path: KeyPath;
  /** 33 bytes; for P2TR the internal key, before the tweak. */
  readonly publicKey: Uint8Array;
  /** The output script that this key spends. */
  readonly script: Uint8Array;
}

export interface Key extends PublicKey {
  /** 32 bytes, those that the public key belongs to. */
  readonly privateKey: Uint8Array;
}

/**
 * The extended public keys of account 0, as BIP32 writes them (`xpub…`): of each kind the node that
 * all its addresses grow from. Whoever has them sees every payment, and can spend none.
 */
export type Accounts = Readonly<Record<KeyKind, string>>;

const purposes = { p2wpkh: 84, p2tr: 86 } as const;

/** The path as people write it, with account 0: `m/84'/1'/0'/0/3`. */
export function pathText({ kind, isChange, index }: KeyPath, coinType: number): string {
  return `${accountText(kind, coinType)}/${Number(isChange)}/${index}`;
}

function accountText(kind: KeyKind, coinType: number): string {
  return `m/${purposes[kind]}'/${coinType}'/0'`;
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
    const node = this.#node(parentOf(name)).deriveChild(path.index);
    if (!node.privateKey) throw new Error('assertion failed: a node without its private key');
    const key = { ...publicKeyOf(path, node), privateKey: node.privateKey };
    this.#keys.set(name, key);
    return key;
  }

  /** What the public keys grow from, to be kept where no password is asked for. */
  accounts(): Accounts {
    const account = (kind: KeyKind) =>
      this.#node(accountText(kind, this.#coinType)).publicExtendedKey;
    return { p2wpkh: account('p2wpkh'), p2tr: account('p2tr') };
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

/** The public keys of a wallet, for which neither words nor password are needed. */
export class PublicKeys {
  readonly #accounts: Accounts;
  readonly #branches = new Map<string, HDKey>();

  constructor(accounts: Accounts) {
    this.#accounts = accounts;
  }

  key(path: KeyPath): PublicKey {
    return publicKeyOf(path, this.#branch(path).deriveChild(path.index));
  }

  #branch({ kind, isChange }: KeyPath): HDKey {
    const name = `${kind} ${isChange}`;
    const known = this.#branches.get(name);
    if (known) return known;
    const branch = HDKey.fromExtendedKey(this.#accounts[kind]).deriveChild(Number(isChange));
    this.#branches.set(name, branch);
    return branch;
  }
}

/** An account's extended public key. Throws a `DecodeError` at anything else, a private one too. */
export function readAccount(text: string): string {
  const node = parseNode(text);
  if (node && !node.privateKey && node.depth === accountDepth) return text;
  throw new DecodeError('this is not the extended public key of an account');
}

/** Purpose, coin type and account. */
const accountDepth = 3;

function parseNode(text: string): HDKey | undefined {
  try {
    return HDKey.fromExtendedKey(text);
  } catch {
    // Whatever the library holds against it, to us it is no key.
    return undefined;
  }
}

function publicKeyOf(path: KeyPath, { publicKey }: HDKey): PublicKey {
  if (!publicKey) throw new Error('assertion failed: a node without its public key');
  return { path, publicKey, script: scripts[path.kind](publicKey) };
}

const scripts = {
  p2wpkh: (publicKey: Uint8Array) => p2wpkhScript(hash160(publicKey)),
  p2tr: (publicKey: Uint8Array) => p2trScript(outputKey(publicKey.slice(1))),
} as const;
