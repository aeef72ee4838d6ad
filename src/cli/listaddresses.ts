/** `chain listaddresses`: every address that the wallets here gave out, and what is on it. */
import { formatAmount } from '../primitives/amount.ts';
import type { KeyKind } from '../wallet/keys.ts';
import type { Desk } from './desk.ts';
import { balanceOf } from './getbalance.ts';
import { addressOfKey } from './keyring.ts';

/** An address as programs are told of it. */
interface Listed {
  readonly address: string;
  readonly label: string;
  readonly kind: KeyKind;
  readonly change: boolean;
  readonly balance: string;
}

export async function listAddresses(desk: Desk): Promise<void> {
  const purses = desk.keyring().purses();
  const node = await desk.openNode();
  const listed: Listed[] = [];
  for (const { wallet, chosen } of purses) {
    for (const key of chosen) {
      const { total } = await balanceOf(node, [key.script]);
      listed.push({
        address: addressOfKey(key, desk.params),
        label: wallet.label,
        kind: key.path.kind,
        change: key.path.isChange,
        balance: formatAmount(total),
      });
    }
  }
  if (listed.length === 0) desk.note('There is no wallet yet: run chain createwallet.');
  desk.answer(tableOf(listed), listed);
}

/** Label and kind go above their addresses: beside them there would be no room in 80 columns. */
function tableOf(listed: readonly Listed[]): readonly string[] {
  const width = Math.max(...listed.map(({ balance }) => balance.length));
  let group = '';
  return listed.flatMap(({ address, label, kind, change, balance }) => {
    const line = `${balance.padStart(width)}  ${address}`;
    const title = `${label}, ${kind}${change ? ', change' : ''}`;
    if (title === group) return [line];
    group = title;
    return [title, line];
  });
}
