/** A purse: one key, with which a simulated person pays from coins of a node's chain. */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { NamedCoin } from '../primitives/coin.ts';
import { hash160, sha256 } from '../primitives/hash.ts';
import { p2wpkhScript } from '../primitives/script.ts';
import { Digests, sighash } from '../primitives/sighash.ts';
import type { Transaction } from '../primitives/transaction.ts';

/** Of every payment here: enough for its two outputs. */
const fee = 1_000n;
/** What is paid at a time where nobody says otherwise, in base units. */
const usual = 100_000n;

export class Purse {
  readonly script: Uint8Array;
  readonly #secret: Uint8Array;
  readonly #publicKey: Uint8Array;

  constructor(name: string) {
    this.#secret = sha256(utf8ToBytes(`purse ${name}`));
    this.#publicKey = secp256k1.getPublicKey(this.#secret);
    this.script = p2wpkhScript(hash160(this.#publicKey));
  }

  /** A payment from one of these coins; `undefined` where none is enough. */
  pay(coins: readonly NamedCoin[], to: Uint8Array, amount = usual): Transaction | undefined {
    const spent = coins.find(({ coin }) => coin.amount > 2n * usual);
    if (!spent) return undefined;
    const { outPoint, coin } = spent;
    const input = {
      prevout: outPoint,
      scriptSig: new Uint8Array(0),
      sequence: 0xffff_fffe,
      witness: [],
    };
    const outputs = [
      { amount, script: to },
      { amount: coin.amount - amount - fee, script: this.script },
    ];
    const bare: Transaction = { version: 2, inputs: [input], outputs, lockTime: 0 };
    const digest = new Digests(bare, [coin]).p2wpkh(0, sighash.all, hash160(this.#publicKey));
    const der = secp256k1.sign(digest, this.#secret, { prehash: false, format: 'der' });
    const witness = [Uint8Array.of(...der, sighash.all), this.#publicKey];
    return { ...bare, inputs: [{ ...input, witness }] };
  }
}
