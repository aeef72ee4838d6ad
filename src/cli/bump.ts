/** `chain bump`: replaces one's own waiting payment by the same one with a higher fee. */
import type { Member } from '../mempool/member.ts';
import type { Node } from '../node/node.ts';
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
  const node = await desk.openNode();
  await desk.lockWallets();
  // It may have been mined while a person looked for the password: all is read anew.
  const member = await find(node, id);
  const purse = ownerOf(node, member, desk.keyring().purses());
  const change = changeKey(purse);
  const { feeRate } = options;
  const request = await bumpRequest(node, member, purse);
  const payment = planBump({ ...request, changeScript: change.key.script, feeRate });
  checkFee(payment);
  const transaction = signPayment(payment, keys, desk.random);
  const isUsed = transaction.outputs.some(({ script }) => isSameBytes(script, change.key.script));
  if (isUsed) change.save(desk);
  const behind = node.mempool.descendantsOf(member);
  await submit(node, transaction);

  const [before, after] = [formatAmount(member.fee), formatAmount(payment.fee)];
  desk.note(`Replaced ${id}: the fee was ${before} and is ${after}.`);
  for (const each of behind) desk.note(lossOf(each, purse));
  const replacement = txid(transaction);
  desk.answer(replacement, { txid: replacement, replaced: id, fee: after });
}

/** Whose payment it is. The database is let go of again: nobody waits for a person's password. */
async function payerOf(desk: Desk, id: Hash) {
  const purses = desk.keyring().purses();
  const node = await desk.openNode();
  const { wallet } = ownerOf(node, await find(node, id), purses);
  await desk.close();
  return wallet;
}

/** The payment, which must wait. */
async function find(node: Node, id: Hash): Promise<Member> {
  const member = node.mempool.get(id);
  if (member) return member;
  const height = await heightOf(node, id);
  if (height !== undefined) {
    const told = `payment ${id} is in block ${height} already, and can no longer be replaced`;
    throw new Fault('already-mined', `${told}; make a new payment instead`);
  }
  throw new Fault(
    'not-waiting',
    `no payment ${id} waits here: compare it with what chain send said`,
  );
}

/** Without the index nobody knows. */
function heightOf(node: Node, id: Hash): Promise<number | undefined> {
  return node.read(async ({ store }) =>
    (await store.hasIndex()) ? (await store.place(id))?.height : undefined,
  );
}

/** The wallet that has the keys of all that the payment spends. */
function ownerOf(node: Node, member: Member, purses: readonly Purse[]): Purse {
  const owner = purses.find((purse) => coinsOf(node, member, purse).length === member.coins.length);
  if (owner) return owner;
  const told = `no wallet here has the keys of what ${member.id} spends`;
  throw new Fault('not-yours', `${told}: only who pays can replace a payment`);
}

/** The coins that the payment spends, as far as they are this wallet's. */
function coinsOf(node: Node, member: Member, { chosen }: Purse): readonly OwnedCoin[] {
  return member.transaction.inputs.flatMap(({ prevout: outPoint }, i) => {
    const coin = member.coins[i];
    const key = coin && chosen.find(({ script }) => isSameBytes(script, coin.script));
    return key ? [ownedCoin(node, { outPoint, coin }, key)] : [];
  });
}

/** All that a plan must know of the payment and of its wallet, but what a person says. */
export async function bumpRequest(
  node: Node,
  member: Member,
  purse: Purse,
): Promise<Omit<BumpRequest, 'changeScript'>> {
  const leaving = [member, ...node.mempool.descendantsOf(member)];
  const gone = new Set(leaving.map(({ id }) => id));
  const coins = await spendableCoins(node, purse.chosen);
  return {
    transaction: member.transaction,
    spent: coinsOf(node, member, purse),
    leavingFees: leaving.reduce((sum, { fee }) => sum + fee, 0n),
    floor: node.minFeeRate(),
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
