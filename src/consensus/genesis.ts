/** Genesis: the first block, which nobody checks, for it is what all others are checked against. */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Block } from '../primitives/block.ts';
import { decode, noHash, parseHex } from '../primitives/codec.ts';
import { merkleRoot } from '../primitives/merkle.ts';
import { heightPush, push } from '../primitives/script.ts';
import { Transaction, txid } from '../primitives/transaction.ts';

export interface GenesisWords {
  /** Stands in the coinbase for ever, so that no two networks have the same first block. */
  readonly message: string;
  readonly time: number;
  readonly bits: number;
  readonly nonce: number;
}

/** The longest message in bytes: a coinbase script has 100, of which some are pushes. */
export const maxMessageBytes = 97;

/** The genesis block of a network of ours. It mints nothing: its coin could not be spent anyway. */
export function genesisBlock({ message, ...work }: GenesisWords): Block {
  const coinbase: Transaction = {
    version: 2,
    inputs: [
      {
        prevout: { txid: noHash, index: 0xffff_ffff },
        scriptSig: Uint8Array.of(...heightPush(0), ...push(utf8ToBytes(message))),
        sequence: 0xffff_ffff,
        witness: [],
      },
    ],
    outputs: [{ amount: 0n, script: Uint8Array.of(0x6a) }],
    lockTime: 0,
  };
  return blockOf(coinbase, { version: 0x2000_0000, ...work });
}

/** Bitcoin's regtest genesis block, which shares its one transaction with the main network's. */
export function bitcoinGenesis(): Block {
  return blockOf(decode(Transaction, parseHex(bitcoinCoinbase)), {
    version: 1,
    time: 1_296_688_602,
    bits: 0x207f_ffff,
    nonce: 2,
  });
}

function blockOf(
  coinbase: Transaction,
  work: { version: number; time: number; bits: number; nonce: number },
): Block {
  const { root } = merkleRoot([txid(coinbase)]);
  return { header: { ...work, parent: noHash, merkleRoot: root }, transactions: [coinbase] };
}

/** "The Times 03/Jan/2009 Chancellor on brink of second bailout for banks" */
const bitcoinCoinbase =
  '01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d' +
  '0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66' +
  '207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe55' +
  '48271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba' +
  '0b8d578a4c702b6bf11d5fac00000000';
