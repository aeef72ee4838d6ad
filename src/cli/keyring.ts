/** The keyring: whose address is it, and which coins can the wallets here spend? */
import type { Params } from '../consensus/params.ts';
import { addressOf, scriptOf } from '../primitives/address.ts';
import { DecodeError, isSameBytes } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import { type PublicKey, PublicKeys } from '../wallet/keys.ts';
import { pathsOf, type Wallet } from '../wallet/wallet.ts';

/** A wallet, opened to look into, and the one address of it that was meant, if one was. */
export interface Purse {
  readonly wallet: Wallet;
  /** The keys whose coins were asked for: all of the wallet's, or the one address's. */
  readonly chosen: readonly PublicKey[];
  readonly isWhole: boolean;
}

export class Keyring {
  readonly #params: Params;
  readonly #wallets: readonly Wallet[];

  constructor(wallets: readonly Wallet[], params: Params) {
    this.#wallets = wallets;
    this.#params = params;
  }

  /** All wallets, open. */
  purses(): readonly Purse[] {
    return this.#wallets.map((wallet) => this.#open(wallet));
  }

  /** The wallet of this label; without one the only one there is. `how` tells how to name one. */
  wallet(label: string | undefined, how = 'name one of'): Wallet {
    const [first, ...others] = this.#wallets;
    if (!first) throw new Fault('no-wallet', 'there is no wallet yet: run chain createwallet');
    if (label === undefined) {
      if (others.length === 0) return first;
      throw new Fault('which-wallet', `there are several wallets: ${how} ${this.#labels()}`);
    }
    return this.#labelled(label) ?? this.#unknown(label);
  }

  /** The wallet of this label or address; without a name the only one there is. */
  purse(name: string | undefined): Purse {
    const isLabel = name === undefined || this.#labelled(name) !== undefined;
    if (isLabel || this.#wallets.length === 0) {
      return this.#open(this.wallet(name, 'say --from one of'));
    }
    const script = this.#parse(name);
    for (const purse of this.purses()) {
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

  /** The first address that the wallet gave out. */
  firstAddress(wallet: Wallet): string {
    return addressOf(this.firstScript(wallet), this.#params.prefix) ?? '';
  }

  firstScript(wallet: Wallet): Uint8Array {
    return new PublicKeys(wallet.accounts).key({ kind: 'p2wpkh', isChange: false, index: 0 })
      .script;
  }

  #labelled(name: string): Wallet | undefined {
    return this.#wallets.find(({ label }) => label === name);
  }

  #open(wallet: Wallet): Purse {
    const keys = new PublicKeys(wallet.accounts);
    const chosen = pathsOf(wallet).map((path) => keys.key(path));
    return { wallet, chosen, isWhole: true };
  }

  /** A word that is no address was most likely meant as a label. */
  #parse(name: string): Uint8Array {
    try {
      return scriptOf(name, this.#params.prefix);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      if (name.includes('1') && name.length > 20) throw new Fault('bad-address', error.message);
      return this.#unknown(name);
    }
  }

  #unknown(name: string): never {
    const labels = this.#labels() || 'none yet';
    throw new Fault('unknown-label', `there is no wallet '${name}'; there is: ${labels}`);
  }

  #labels(): string {
    return this.#wallets.map(({ label }) => label).join(', ');
  }
}

/** The key's address, as people write it. */
export function addressOfKey({ script }: PublicKey, { prefix }: Params): string {
  return addressOf(script, prefix) ?? '';
}
