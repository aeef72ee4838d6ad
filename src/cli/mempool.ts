/** `chain mempool`: the payments that wait for a block. */

import type { Member } from '../mempool/member.ts';
import { feeRateOf } from '../mempool/package.ts';
import type { MempoolView } from '../node/view.ts';
import { formatAmount } from '../primitives/amount.ts';
import { mempoolJson, waitingJson } from '../rpc/jsonmempool.ts';
import { count, rateText } from './column.ts';
import type { DeskWithoutWallets } from './desk.ts';

export async function mempool(desk: DeskWithoutWallets): Promise<void> {
  const { door } = await desk.openDoor();
  const view = await door.mempool();
  desk.answer(textOf(view), { ...mempoolJson(view), transactions: waitingJson(view) });
}

function textOf({ members, bytes, fees, rates }: MempoolView): readonly string[] {
  const byRate = members
    .map((member) => ({ id: member.id, rate: rateOf(member) }))
    .toSorted((one, other) => (one.rate < other.rate ? 1 : one.rate > other.rate ? -1 : 0));
  const width = rateText(byRate[0]?.rate ?? 0n).length;
  return [
    `waiting     ${count(members.length, 'payment')}`,
    `size        ${bytes} virtual bytes`,
    `fees        ${formatAmount(fees)}`,
    `least rate  ${rateText(rates.now)} units a virtual byte`,
    ...byRate.map(({ id, rate }) => `${rateText(rate).padStart(width)}  ${id}`),
  ];
}

function rateOf({ fee, bytes }: Member): bigint {
  return feeRateOf({ fees: fee, bytes });
}
