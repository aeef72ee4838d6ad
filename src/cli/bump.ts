/** `chain bump`: replaces one's own waiting payment by the same one with a higher fee. */
import type { Member } from '../mempool/member.ts';
import type { Door, WaitingPayment } from '../node/door.ts';
import { formatAmount } from '../primitives/amount.ts';
import { type Hash, isSameBytes } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import { txid } from '../primitives/transaction.ts';
import { type BumpRequest, planBump } from '../wallet/bump.ts';
import type { OwnedCoin } from '../wallet/coins.ts';
import { signPayment } from '../wallet/sign.ts';
import { ownedCoin, spendableCoins } from './coins.ts';
import type { Desk } from './desk.ts';
import type { Purse } from './keyring.ts';
import { changeKey, checkFee, submit } from './submit.ts';
import { type PasswordOptions, unlock } from './unlock.ts';

export interface BumpOptions extends PasswordOptions {
  readonly feeRate?: bigint;
}

export async function bump(desk: Desk, id: Hash, options: BumpOptions): Promise<void> {
  const { keys } = await unlock(desk, await payerOf(desk, id), options);
  const { door } = await desk.openDoor();
  await desk.lockWallets();
  // It may have been mined while a person looked for the password: all is read anew.
  const waiting = await find(door, id);
  const purse = ownerOf(waiting, desk.keyring().purses());
  const change = changeKey(purse);
  const { feeRate } = options;
  const request = await bumpRequest(door, waiting, purse);
  const payment = planBump({ ...request, changeScript: change.key.script, feeRate });
  checkFee(payment);
  const transaction = signPayment(payment, keys, desk.random);
  const isUsed = transaction.outputs.some(({ script }) => isSameBytes(script, change.key.script));
  if (isUsed) change.save(desk);
  await submit(door, transaction);

  const [before, after] = [formatAmount(waiting.member.fee), formatAmount(payment.fee)];
  desk.note(`Replaced ${id}: the fee was ${before} and is ${after}.`);
  for (const each of waiting.descendants) desk.note(lossOf(each, purse));
  const replacement = txid(transaction);
  desk.answer(replacement, { txid: replacement, replaced: id, fee: after });
}

/** Whose payment it is. The door is let go of again: nobody waits for a person's password. */
async function payerOf(desk: Desk, id: Hash) {
  const purses = desk.keyring().purses();
  const { door } = await desk.openDoor();
  const { wallet } = ownerOf(await find(door, id), purses);
  await desk.close();
  return wallet;
}

/** The payment, which must wait. */
async function find(door: Door, id: Hash): Promise<WaitingPayment> {
  const payment = await door.payment(id);
  if (payment.kind === 'waiting') return payment;
  if (payment.kind === 'mined') {
    const { height } = payment;
    const told = `payment ${id} is in block ${height} already, and can no longer be replaced`;
    throw new Fault('already-mined', `${told}; make a new payment instead`);
  }
  throw new Fault(
    'not-waiting',
    `no payment ${id} waits here: compare it with what chain send said`,
  );
}

/** The wallet that has the keys of all that the payment spends. */
function ownerOf(waiting: WaitingPayment, purses: readonly Purse[]): Purse {
  const { id, coins } = waiting.member;
  const owner = purses.find((purse) => coinsOf(waiting, purse).length === coins.length);
  if (owner) return owner;
  const told = `no wallet here has the keys of what ${id} spends`;
  throw new Fault('not-yours', `${told}: only who pays can replace a payment`);
}

/** The coins that the payment spends, as far as they are this wallet's. */
function coinsOf({ member, rows }: WaitingPayment, { chosen }: Purse): readonly OwnedCoin[] {
  return member.transaction.inputs.flatMap(({ prevout: outPoint }, i) => {
    const [coin, row] = [member.coins[i], rows[i]];
    const key = coin && chosen.find(({ script }) => isSameBytes(script, coin.script));
    return key && row ? [ownedCoin({ outPoint, coin }, row, key)] : [];
  });
}

/** All that a plan must know of the payment and of its wallet, but what a person says. */
export async function bumpRequest(
  door: Door,
  waiting: WaitingPayment,
  purse: Purse,
): Promise<Omit<BumpRequest, 'changeScript'>> {
  const { member, descendants, floor } = waiting;
  const leaving = [member, ...descendants];
  const gone = new Set(leaving.map(({ id }) => id));
  const coins = await spendableCoins(door, purse.chosen);
  return {
    transaction: member.transaction,
    spent: coinsOf(waiting, purse),
    leavingFees: leaving.reduce((sum, { fee }) => sum + fee, 0n),
    floor,
    keys: purse.chosen,
    coins: coins.filter(({ outPoint }) => !gone.has(outPoint.txid)),
  };
}

/** What hung on the payment is gone with it. */
function lossOf({ id, coins }: Member, { chosen }: Purse): string {
  const isOwn = coins.some((coin) => chosen.some(({ script }) => isSameBytes(script, coin.script)));
  return isOwn
    ? `With it went your payment ${id}, which spent its change: pay that again.`
    : `With it went payment ${id} of somebody else, who had spent what you pay.`;
}
