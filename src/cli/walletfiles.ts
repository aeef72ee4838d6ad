/**
 * The wallets' files: one a wallet, in a folder that only its owner can look into.
 *
 * A file is never changed in place. The new one is written beside it, brought to the disk, and put
 * in its stead in one step, so that after a crash there is the old wallet or the new one. Whoever
 * writes holds the lock since before reading, so that no two processes give out one address.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Params } from '../consensus/params.ts';
import { hashHeader } from '../primitives/block.ts';
import { DecodeError, type Hash } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import { readWallet, writeWallet } from '../wallet/file.ts';
import type { Wallet } from '../wallet/wallet.ts';
import { makeFolder } from './machine.ts';

const ending = '.json';

export class WalletFiles {
  readonly #networkFolder: string;
  readonly #folder: string;
  readonly #genesis: Hash;
  readonly #coinType: number;
  #isLocked = false;

  constructor(networkFolder: string, { genesis, coinType }: Params) {
    this.#networkFolder = networkFolder;
    this.#folder = join(networkFolder, 'wallets');
    this.#genesis = hashHeader(genesis.header);
    this.#coinType = coinType;
  }

  /** Waits until no other process writes wallets, and keeps them out until it is let go of. */
  async lock(): Promise<() => Promise<void>> {
    // Who only looks loads no LevelDB.
    const { takeWalletLock } = await import('./leveldb.ts');
    const release = await takeWalletLock(this.#networkFolder);
    this.#isLocked = true;
    return () => {
      this.#isLocked = false;
      return release();
    };
  }

  /** All wallets, the oldest first. */
  all(): readonly Wallet[] {
    return this.#labels()
      .map((label) => this.#read(label))
      .toSorted((a, b) => a.created - b.created || (a.label < b.label ? -1 : 1));
  }

  /** Throws a `Fault` where a wallet has this label, be it in another case. */
  checkFree(label: string): void {
    const taken = this.#labels().find((each) => each.toLowerCase() === label.toLowerCase());
    if (taken === undefined) return;
    const problem = `there is a wallet '${taken}' already; choose another --label`;
    throw new Fault('label-taken', problem);
  }

  /** Saves a wallet that is not there yet. */
  create(wallet: Wallet): void {
    makeFolder(this.#folder);
    this.checkFree(wallet.label);
    this.#save(wallet);
  }

  /** Puts this state of the wallet in the place of the one before. */
  replace(wallet: Wallet): void {
    this.#save(wallet);
  }

  #save(wallet: Wallet): void {
    if (!this.#isLocked) throw new Error('assertion failed: wallets are written under the lock');
    // What a process left that died here is written over by the next one.
    const draft = join(this.#folder, `.${wallet.label}.draft`);
    try {
      this.#writeDraft(draft, writeWallet(wallet));
      renameSync(draft, this.#path(wallet.label));
      this.#syncFolder();
    } catch (error) {
      const problem = `cannot write to ${this.#folder}: ${String(error)}`;
      throw new Fault('wallet-file', `${problem}; make that possible and try again`, error);
    }
  }

  #read(label: string): Wallet {
    const path = this.#path(label);
    try {
      const wallet = readWallet(readFileSync(path, 'utf8'), this.#coinType);
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

  #writeDraft(draft: string, text: string): void {
    const file = openSync(draft, 'w', 0o600);
    try {
      // `writeSync` would be content with the part that a full disk has room for.
      writeFileSync(file, text);
      fsyncSync(file);
    } catch (error) {
      rmSync(draft);
      throw error;
    } finally {
      closeSync(file);
    }
  }

  /** A new name in a folder is on the disk once the folder is. */
  #syncFolder(): void {
    const folder = openSync(this.#folder, 'r');
    fsyncSync(folder);
    closeSync(folder);
  }
}
