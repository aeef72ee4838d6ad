/** `chain send`: pays somebody. The keys stay in this process; the node sees what they signed. */
import { formatAmount } from '../primitives/amount.ts';
import { txid } from '../primitives/transaction.ts';
import { type Payment, planPayment } from '../wallet/payment.ts';
import { signPayment } from '../wallet/sign.ts';
import { spendableCoins } from './coins.ts';
import { count } from './column.ts';
import type { Desk } from './desk.ts';
import { Miner } from './mine.ts';
import { changeKey, checkFee, submit } from './submit.ts';
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
  const { door, running } = await desk.openDoor(miner ? { search: miner.search } : {});
  const release = await desk.lockWallets();
  const purse = desk.keyring().purse(options.from);
  const change = changeKey(purse);
  const payment = planPayment({
    ...options,
    coins: await spendableCoins(door, purse.chosen),
    to,
    changeScript: change.key.script,
  });
  checkFee(payment);
  const transaction = signPayment(payment, keys, desk.random);
  if (payment.change > 0n) change.save(desk);

  await submit(door, transaction);
  // The payment has what it needs of the wallet, and mining may last.
  await release();
  const id = txid(transaction);
  const { peers } = await door.status();
  tell(desk, payment);
  // Before it is mined: whoever has no patience for that still knows what was paid.
  desk.say(id);
  if (miner) {
    const script = keyring.firstScript(purse.wallet);
    const { height, hash } = await miner.mineBlock(door, script);
    desk.note(`It is in block ${height}, ${hash}.`);
  } else if (peers > 0) desk.note(`It was told to ${count(peers, 'peer')}, and waits for a block.`);
  else if (running) desk.note('It waits in the node that runs here for a block.');
  else desk.note('It waits here for a block: run chain mine, or start a node to send it out.');
  desk.answer('', { txid: id, fee: formatAmount(payment.fee), broadcast: peers > 0 });
}

function tell(desk: Desk, { transaction, fee }: Payment): void {
  const [paid] = transaction.outputs;
  desk.note(`Paid ${formatAmount(paid?.amount ?? 0n)} and a fee of ${formatAmount(fee)}.`);
}
