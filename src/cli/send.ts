/** `chain send`: pays somebody. The keys stay in this process; the node sees what they signed. */
import { describeReject, isReject } from '../consensus/reject.ts';
import type { Node } from '../node/node.ts';
import { formatAmount } from '../primitives/amount.ts';
import { Fault } from '../primitives/fault.ts';
import { txid } from '../primitives/transaction.ts';
import type { Keys, PublicKey } from '../wallet/keys.ts';
import { type OwnedCoin, type Payment, planPayment } from '../wallet/payment.ts';
import { signPayment } from '../wallet/sign.ts';
import { takeAddress } from '../wallet/wallet.ts';
import type { Desk } from './desk.ts';
import type { Purse } from './keyring.ts';
import { Miner } from './mine.ts';
import { type PasswordOptions, unlock } from './unlock.ts';

export interface SendOptions extends PasswordOptions {
  readonly from?: string;
  readonly to: string;
  readonly amount: bigint | 'all';
  readonly feeRate: bigint;
  readonly memo?: string;
  readonly mine?: boolean;
  /** How many threads mine; all cores but one where it is not said. */
  readonly threads?: number;
}

export async function send(desk: Desk, options: SendOptions): Promise<void> {
  const keyring = desk.keyring();
  const to = keyring.script(options.to);
  // A person may take long over a password: nobody is kept waiting meanwhile.
  const { keys } = await unlock(desk, keyring.purse(options.from).wallet, options);
  // Only one process at a time comes past here, so what is read of the wallet from now on is nobody
  // else's to change, and no two payments choose the same coin.
  const miner = options.mine ? new Miner(desk, options.threads) : undefined;
  const node = await desk.openNode(miner ? { search: miner.search } : {});
  const release = await desk.lockWallets();
  const purse = desk.keyring().purse(options.from);
  const change = changeKey(purse, keys);
  const payment = planPayment({
    ...options,
    coins: await spendableCoins(node, purse),
    to,
    changeScript: change.key.script,
  });
  checkFee(payment);
  const transaction = signPayment(payment, keys, desk.random);
  if (payment.change > 0n) change.save(desk);

  const answer = await node.submitPayment(transaction);
  if (isReject(answer)) throw new Fault(answer.reason.replaceAll(' ', '-'), describeReject(answer));
  // The payment has what it needs of the wallet, and mining may last.
  await release();
  const id = txid(transaction);
  tell(desk, payment);
  if (miner) {
    const hash = await miner.mineBlock(node, keyring.firstScript(purse.wallet));
    desk.note(`It is in block ${node.chain.tip.height}, ${hash}.`);
  } else desk.note('It waits here for a block: run chain mine, or start a node to send it out.');
  desk.answer(id, { txid: id, fee: formatAmount(payment.fee), broadcast: false });
}

/** In base units: nobody means to pay more, and a slip of the finger does. Core: -maxtxfee. */
const maxFee = 10_000_000n;

function checkFee({ fee }: Payment): void {
  if (fee <= maxFee) return;
  const problem = `the fee would be ${formatAmount(fee)}, above ${formatAmount(maxFee)}`;
  throw new Fault('fee-too-high', `${problem}: choose a lower --fee-rate`);
}

/** The coins that a payment may take: mature, and not taken by one that waits. */
async function spendableCoins(node: Node, { chosen }: Purse): Promise<readonly OwnedCoin[]> {
  const coins: OwnedCoin[] = [];
  for (const { script, path } of chosen) {
    for (const { outPoint, coin, ...state } of await node.coinsOf(script)) {
      if (state.isSpent || state.isImmature) continue;
      coins.push({ outPoint, output: coin, path, isConfirmed: !state.isWaiting });
    }
  }
  return coins;
}

interface Change {
  readonly key: PublicKey;
  readonly save: (desk: Desk) => void;
}

/** Change of an address returns to it; change of a wallet goes where nobody has been paid yet. */
function changeKey({ wallet, chosen, isWhole }: Purse, keys: Keys): Change {
  const [only] = chosen;
  if (!isWhole && only) return { key: only, save: () => {} };
  const { wallet: next, path } = takeAddress(wallet, 'p2wpkh', true);
  return { key: keys.key(path), save: (desk) => desk.wallets.replace(next) };
}

function tell(desk: Desk, { transaction, fee }: Payment): void {
  const [paid] = transaction.outputs;
  desk.note(`Paid ${formatAmount(paid?.amount ?? 0n)} and a fee of ${formatAmount(fee)}.`);
}
