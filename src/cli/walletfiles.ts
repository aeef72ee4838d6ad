/**
 * The wallets' files: one a wallet, in a folder that only its owner can look into.
 *
 * A file is never changed in place. The new one is written beside it, brought to the disk, and put
 * in its stead in one step, so that after a crash there is the old wallet or the new one.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DecodeError, type Hash } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import { readWallet, type Wallet, writeWallet } from '../wallet/wallet.ts';
import { makeFolder } from './machine.ts';

const ending = '.json';

export class WalletFiles {
  readonly #folder: string;
  readonly #genesis: Hash;

  constructor(networkFolder: string, genesis: Hash) {
    this.#folder = join(networkFolder, 'wallets');
    this.#genesis = genesis;
  }

  /** All wallets, the oldest first. */
  all(): readonly Wallet[] {
    return this.#labels()
      .map((label) => this.#read(label))
      .toSorted((a, b) => a.created - b.created || (a.label < b.label ? -1 : 1));
  }

  /** Saves a wallet that is not there yet; labels that differ in case only are the same. */
  create(wallet: Wallet): void {
    makeFolder(this.#folder);
    const { label } = wallet;
    const taken = this.#labels().find((each) => each.toLowerCase() === label.toLowerCase());
    if (taken !== undefined) throw labelTaken(taken);
    const draft = this.#writeDraft(wallet);
    try {
      // Unlike a rename, a link fails where another process was faster.
      linkSync(draft, this.#path(label));
    } catch (error) {
      throw isThere(error) ? labelTaken(label) : this.#fault('cannot save', error);
    } finally {
      rmSync(draft);
    }
    this.#syncFolder();
  }

  /** Puts this state of the wallet in the place of the one before. */
  replace(wallet: Wallet): void {
    renameSync(this.#writeDraft(wallet), this.#path(wallet.label));
    this.#syncFolder();
  }

  #read(label: string): Wallet {
    const path = this.#path(label);
    try {
      const wallet = readWallet(readFileSync(path, 'utf8'));
      if (wallet.genesis !== this.#genesis) {
        throw new DecodeError(`it belongs to the chain that begins with ${wallet.genesis}`);
      }
      // A copy beside the original would count every coin twice.
      if (wallet.label === label) return wallet;
      throw new DecodeError(`it holds the wallet '${wallet.label}'; keep copies elsewhere`);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      throw new Fault('bad-wallet', `cannot read the wallet ${path}: ${problem}`, error);
    }
  }

  #labels(): readonly string[] {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder)
      .filter((name) => name.endsWith(ending))
      .map((name) => name.slice(0, -ending.length));
  }

  #path(label: string): string {
    return join(this.#folder, label + ending);
  }

  #writeDraft(wallet: Wallet): string {
    const draft = join(this.#folder, `.${wallet.label}.${process.pid}.draft`);
    try {
      const file = openSync(draft, 'w', 0o600);
      writeSync(file, writeWallet(wallet));
      fsyncSync(file);
      closeSync(file);
      return draft;
    } catch (error) {
      throw this.#fault('cannot write to', error);
    }
  }

  /** A new name in a folder is on the disk once the folder is. */
  #syncFolder(): void {
    const folder = openSync(this.#folder, 'r');
    fsyncSync(folder);
    closeSync(folder);
  }

  #fault(what: string, error: unknown): Fault {
    return new Fault('wallet-file', `${what} ${this.#folder}: ${String(error)}`, error);
  }
}

function isThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}

function labelTaken(label: string): Fault {
  return new Fault('label-taken', `there is a wallet '${label}' already; choose another --label`);
}
