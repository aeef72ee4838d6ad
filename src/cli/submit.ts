/** What commands that pay have in common: where change goes, a bound on the fee, handing in. */
import { describeReject, isReject } from '../consensus/reject.ts';
import type { Door } from '../node/door.ts';
import { formatAmount } from '../primitives/amount.ts';
import { Fault } from '../primitives/fault.ts';
import type { Transaction } from '../primitives/transaction.ts';
import { type PublicKey, PublicKeys } from '../wallet/keys.ts';
import type { Payment } from '../wallet/payment.ts';
import { takeAddress } from '../wallet/wallet.ts';
import type { Desk } from './desk.ts';
import type { Purse } from './keyring.ts';

/** In base units: nobody means to pay more, and a slip of the finger does. Core: -maxtxfee. */
const maxFee = 10_000_000n;

export function checkFee({ fee }: Payment): void {
  if (fee <= maxFee) return;
  const problem = `the fee would be ${formatAmount(fee)}, above ${formatAmount(maxFee)}`;
  throw new Fault('fee-too-high', `${problem}: choose a lower --fee-rate`);
}

/** Hands a signed payment in; the node's no becomes the command's error. */
export async function submit(door: Door, transaction: Transaction): Promise<void> {
  const answer = await door.submitPayment(transaction);
  if (isReject(answer)) throw new Fault(answer.reason.replaceAll(' ', '-'), describeReject(answer));
}

interface Change {
  readonly key: PublicKey;
  /** Writes down that the address is given out; to be done before the payment is handed in. */
  readonly save: (desk: Desk) => void;
}

/** Change of an address returns to it; change of a wallet goes where nobody has been paid yet. */
export function changeKey({ wallet, chosen, isWhole }: Purse): Change {
  const [only] = chosen;
  if (!isWhole && only) return { key: only, save: () => {} };
  const { wallet: next, path } = takeAddress(wallet, 'p2wpkh', true);
  const key = new PublicKeys(wallet.accounts).key(path);
  return { key, save: (desk) => desk.wallets.replace(next) };
}
