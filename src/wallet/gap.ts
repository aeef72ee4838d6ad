/**
 * Finds the addresses that a wallet had given out, where only its words are left.
 *
 * Nobody wrote down how many there were. But wallets agree never to leave more than twenty unused
 * in a row (BIP44's gap limit), so the search ends at the first such gap of each branch. It asks
 * by yielding a script, and is told whether that was ever paid: how to know is the caller's affair.
 */
import type { KeyKind, PublicKeys } from './keys.ts';
import { maxAddresses, type Next, type Wallet } from './wallet.ts';

/** How many unused addresses in a row end the search. BIP44: address gap limit. */
const gapLimit = 20;

/** A search that asks of scripts whether they were used, and returns what it found. */
export type GapSearch<T> = Generator<Uint8Array, T, boolean>;

/** Where the keys come from. */
type KeySource = Pick<PublicKeys, 'key'>;

/** What the wallet of these keys had given out. The first address counts as given in any case. */
export function* findNext(keys: KeySource): GapSearch<Wallet['next']> {
  const p2wpkh = yield* findKind(keys, 'p2wpkh');
  const p2tr = yield* findKind(keys, 'p2tr');
  return { p2wpkh: { ...p2wpkh, receive: Math.max(1, p2wpkh.receive) }, p2tr };
}

function* findKind(keys: KeySource, kind: KeyKind): GapSearch<Next> {
  const receive = yield* findBranch(keys, kind, false);
  const change = yield* findBranch(keys, kind, true);
  return { receive, change };
}

/** The index after the last one used. */
function* findBranch(keys: KeySource, kind: KeyKind, isChange: boolean): GapSearch<number> {
  let next = 0;
  for (let index = 0; index < Math.min(next + gapLimit, maxAddresses); index++) {
    if (yield keys.key({ kind, isChange, index }).script) next = index + 1;
  }
  return next;
}
