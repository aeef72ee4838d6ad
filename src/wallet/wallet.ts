/**
 * A wallet: its words, and how many addresses it has given out.
 *
 * The number is kept so that an address is given to one person only, and so that its keys can be
 * listed without guessing. Coins and balances are not here: they are the chain's to tell.
 */
import { bech32, bech32m } from '@scure/base';
import type { Hash } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import type { Accounts, KeyKind, KeyPath } from './keys.ts';
import type { Sealed } from './seal.ts';

/** How many addresses of a kind have been given out: the index of the next. */
export interface Next {
  readonly receive: number;
  readonly change: number;
}

export interface Wallet {
  readonly label: string;
  /** The first block of the chain that its coins are on. */
  readonly genesis: Hash;
  /** In seconds since 1970: the first wallet is the one that was made first. */
  readonly created: number;
  /** What its addresses grow from. */
  readonly accounts: Accounts;
  /** The words as they are, or sealed by a password. */
  readonly secret: string | Sealed;
  readonly next: Readonly<Record<KeyKind, Next>>;
}

/** More addresses of one kind than any person needs; a bound on what a damaged file can ask for. */
export const maxAddresses = 1_000_000;

/** A wallet that has given out its first address. */
export function newWallet(wallet: Omit<Wallet, 'next'>): Wallet {
  checkLabel(wallet.label);
  const next = { p2wpkh: { receive: 1, change: 0 }, p2tr: { receive: 0, change: 0 } };
  return { ...wallet, next };
}

/** Gives out the next address. What is returned must be saved before the address is shown. */
export function takeAddress(
  wallet: Wallet,
  kind: KeyKind,
  isChange: boolean,
): { readonly wallet: Wallet; readonly path: KeyPath } {
  const { receive, change } = wallet.next[kind];
  const index = isChange ? change : receive;
  if (index >= maxAddresses) {
    throw new Fault(
      'wallet-full',
      `'${wallet.label}' has given out ${index} addresses of one kind`,
    );
  }
  const taken = isChange ? { receive, change: index + 1 } : { receive: index + 1, change };
  return {
    wallet: { ...wallet, next: { ...wallet.next, [kind]: taken } },
    path: { kind, isChange, index },
  };
}

/** The paths of all addresses given out: P2WPKH before P2TR, receiving before change. */
export function pathsOf({ next }: Wallet): readonly KeyPath[] {
  return [
    ...paths('p2wpkh', false, next.p2wpkh.receive),
    ...paths('p2wpkh', true, next.p2wpkh.change),
    ...paths('p2tr', false, next.p2tr.receive),
    ...paths('p2tr', true, next.p2tr.change),
  ];
}

function paths(kind: KeyKind, isChange: boolean, count: number): readonly KeyPath[] {
  return Array.from({ length: count }, (_, index) => ({ kind, isChange, index }));
}

/** Throws a `Fault` where this cannot be a wallet's name, which is also the name of its file. */
export function checkLabel(label: string): void {
  const problem = labelProblem(label);
  if (problem) throw new Fault('bad-label', `'${label}' cannot be a label: ${problem}`);
}

/** What keeps this from being a label, in words. */
export function labelProblem(label: string): string | undefined {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/.test(label)) {
    return "write 1 to 32 letters, digits, '.', '_' or '-', a letter or a digit first";
  }
  // Or money meant for an address could go to whoever made a wallet of that name.
  if (bech32.decodeUnsafe(label) ?? bech32m.decodeUnsafe(label)) return 'it looks like an address';
  return undefined;
}
