/** The keyring: whose address is it, and which coins can the wallets here spend? */
import type { Params } from '../consensus/params.ts';
import { addressOf, scriptOf } from '../primitives/address.ts';
import { DecodeError, isSameBytes } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import { type Key, Keys } from '../wallet/keys.ts';
import { pathsOf, type Wallet } from '../wallet/wallet.ts';

/** A wallet with its keys, and the one address of it that was meant, if one was. */
export interface Purse {
  readonly wallet: Wallet;
  readonly keys: Keys;
  /** The keys whose coins were asked for: all of the wallet's, or the one address's. */
  readonly chosen: readonly Key[];
  readonly isWhole: boolean;
}

export class Keyring {
  readonly #params: Params;
  readonly #wallets: readonly Wallet[];

  constructor(wallets: readonly Wallet[], params: Params) {
    this.#wallets = wallets;
    this.#params = params;
  }

  /** The wallet of this label or address; without a name the only one there is. */
  purse(name: string | undefined): Purse {
    const [first, ...others] = this.#wallets;
    if (!first) throw new Fault('no-wallet', 'there is no wallet yet: run chain createwallet');
    if (name === undefined) {
      if (others.length === 0) return this.#open(first);
      const labels = this.#wallets.map(({ label }) => label).join(', ');
      throw new Fault('which-wallet', `there are several wallets: say --from one of ${labels}`);
    }
    const labelled = this.#labelled(name);
    if (labelled) return this.#open(labelled);
    const script = this.#parse(name);
    for (const purse of this.#wallets.map((wallet) => this.#open(wallet))) {
      const key = purse.chosen.find((each) => isSameBytes(each.script, script));
      if (key) return { ...purse, chosen: [key], isWhole: false };
    }
    throw new Fault('not-yours', `no wallet here has the key of ${name}`);
  }

  /** All wallets' scripts, one wallet's, or that of any one address, whoever owns it. */
  scripts(name: string | undefined): readonly Uint8Array[] {
    const labelled = name === undefined ? undefined : this.#labelled(name);
    if (name !== undefined && !labelled) return [this.#parse(name)];
    const wallets = labelled ? [labelled] : this.#wallets;
    return wallets.flatMap((wallet) => this.#open(wallet).chosen.map(({ script }) => script));
  }

  /** The script to pay for this label or address: a label stands for its wallet's first address. */
  script(name: string): Uint8Array {
    const labelled = this.#labelled(name);
    return labelled ? this.firstScript(labelled) : this.#parse(name);
  }

  /** What is paid where nobody is named: the first address of the first wallet. */
  defaultScript(): Uint8Array {
    const [first] = this.#wallets;
    if (!first) throw new Fault('no-wallet', 'there is no wallet to pay: run chain createwallet');
    return this.firstScript(first);
  }

  firstScript(wallet: Wallet): Uint8Array {
    const keys = new Keys(wallet.words, this.#params.coinType);
    return keys.key({ kind: 'p2wpkh', isChange: false, index: 0 }).script;
  }

  #labelled(name: string): Wallet | undefined {
    return this.#wallets.find(({ label }) => label === name);
  }

  #open(wallet: Wallet): Purse {
    const keys = new Keys(wallet.words, this.#params.coinType);
    const chosen = pathsOf(wallet).map((path) => keys.key(path));
    return { wallet, keys, chosen, isWhole: true };
  }

  /** A word that is no address was most likely meant as a label. */
  #parse(name: string): Uint8Array {
    try {
      return scriptOf(name, this.#params.prefix);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      if (name.includes('1') && name.length > 20) throw new Fault('bad-address', error.message);
      const labels = this.#wallets.map(({ label }) => label).join(', ') || 'none yet';
      throw new Fault('unknown-label', `there is no wallet '${name}'; there is: ${labels}`);
    }
  }
}

/** The key's address, as people write it. */
export function addressOfKey({ script }: Key, { prefix }: Params): string {
  return addressOf(script, prefix) ?? '';
}
