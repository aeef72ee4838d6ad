/** `chain listaddresses`: every address that the wallets here gave out, and what is on it. */
import { formatAmount } from '../primitives/amount.ts';
import type { KeyKind, PublicKey } from '../wallet/keys.ts';
import { nameOf } from './coins.ts';
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
  const { door } = await desk.openDoor();
  const coins = await door.coinsOf(purses.flatMap(({ chosen }) => chosen.map(scriptOf)));
  const byScript = Map.groupBy(coins, ({ coin }) => nameOf(coin));
  const listed: Listed[] = [];
  for (const { wallet, chosen } of purses) {
    for (const key of chosen) {
      const { total } = balanceOf(byScript.get(nameOf(key)) ?? []);
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

function scriptOf({ script }: PublicKey): Uint8Array {
  return script;
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
