/**
 * A peer to be held against: bcoin, the full node in JavaScript, without native parts. It is no
 * part of this project, so it is fetched into the folder for temporary files when it is asked for.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const version = '1.0.2';
const folder = join(tmpdir(), `chain-bench-bcoin-${version}`);

interface Coins {
  addTX(transaction: Transaction, height: number): void;
}
interface Transaction {
  isCoinbase(): boolean;
  verify(coins: Coins, flags: number): boolean;
}
interface Parts {
  readonly Block: {
    fromRaw(bytes: Buffer): { readonly txs: readonly Transaction[] };
  };
  readonly CoinView: new () => Coins;
}

/** Takes blocks one after the other, in memory: their scripts are checked, and little else. */
export class Bcoin {
  readonly #parts: Parts;
  readonly #coins: Coins;
  #height = 0;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.#coins = new parts.CoinView();
  }

  static load(): Bcoin {
    const place = join(folder, 'node_modules', 'bcoin');
    if (!existsSync(place)) {
      mkdirSync(folder, { recursive: true });
      const words = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder];
      execFileSync('npm', ['install', ...words, `bcoin@${version}`], { stdio: 'inherit' });
    }
    // Its own curve in JavaScript: the native one is in no way bcoin's.
    process.env['NODE_BACKEND'] = 'js';
    const load = createRequire(join(folder, 'here.cjs'));
    const parts = {
      Block: load('bcoin/lib/primitives/block'),
      CoinView: load('bcoin/lib/coins/coinview'),
    };
    return new Bcoin(parts);
  }

  /** All of a block's scripts must hold. */
  take(bytes: Uint8Array): void {
    // Pay to script hash, strict signatures, null dummies, both lock times, witnesses.
    const flags = 0x1 | 0x4 | 0x10 | 0x200 | 0x400 | 0x800;
    this.#height++;
    for (const each of this.#parts.Block.fromRaw(Buffer.from(bytes)).txs) {
      if (!each.isCoinbase() && !each.verify(this.#coins, flags)) {
        throw new Error('bcoin refuses a payment');
      }
      this.#coins.addTX(each, this.#height);
    }
  }
}
