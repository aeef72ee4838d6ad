/** What help tells of the methods of payments, waiting or not; see `help.ts`. */
import type { HelpText } from './help.ts';

const anyId = 'ab'.repeat(32);
const maxFeeRate = 'Refuse it above this fee in coins a kvB; else 0.1; 0 for no bound.';

/** Of those which are about one that waits. */
const ofOne = { txid: 'Its id.' };
const verbose = 'Tell all of each, not only the id; false where nothing is said.';
const waiting = 'A list of ids, or an object of vsize, time, fees, depends and more of each by id.';

export const paymentHelp: Readonly<Record<string, HelpText>> = {
  createrawtransaction: {
    arguments: {
      inputs: 'A list of {"txid":"hex","vout":n}, each with a "sequence" or without.',
      outputs: 'A list of {"address":amount} and {"data":"hex"}, or one object with all of them.',
      locktime: 'A height or a time; 0 where nothing is said.',
      replaceable: 'May it be replaced? BIP125; true where nothing is said.',
      version: '1, 2 or 3; 2 where nothing is said.',
    },
    result: '"hex"    (string) The transaction.',
    example: `'[{"txid":"${anyId}","vout":0}]' '[{"data":"00010203"}]'`,
  },
  decoderawtransaction: {
    arguments: {
      hexstring: 'The bytes of the transaction.',
      iswitness: 'Of no account: the bytes themselves tell it.',
    },
    result: 'An object: txid, hash, version, size, vsize, weight, locktime, vin and vout.',
    example: '00',
  },
  decodescript: {
    arguments: { hexstring: 'The bytes of the script.' },
    result: 'An object: asm, desc, type, and address where it has one.',
    example: '6a02beef',
  },
  getmempoolancestors: {
    arguments: { ...ofOne, verbose },
    result: waiting,
    example: anyId,
  },
  getmempooldescendants: {
    arguments: { ...ofOne, verbose },
    result: waiting,
    example: `${anyId} true`,
  },
  getmempoolentry: {
    arguments: ofOne,
    result: 'An object: vsize, weight, time, height, fees, depends, spentby and more.',
    example: anyId,
  },
  getmempoolinfo: {
    result: 'An object: size, bytes, usage, total_fee, maxmempool, mempoolminfee and more.',
  },
  getrawmempool: {
    arguments: { verbose, mempool_sequence: 'Only false: changes are not numbered here.' },
    result: waiting,
    example: 'true',
  },
  getrawtransaction: {
    arguments: {
      ...ofOne,
      verbosity: '0, 1 or 2; 0 where nothing is said.',
      blockhash: 'Look in this block, and nowhere else.',
    },
    result: 'For 0 hex; else an object: txid, vin, vout, blockhash, confirmations and more.',
    example: `${anyId} 1`,
  },
  gettxout: {
    arguments: {
      ...ofOne,
      n: 'The number of the output.',
      include_mempool: 'Count what waits as done; true where nothing is said.',
    },
    result: 'null, or an object: bestblock, confirmations, value, scriptPubKey and coinbase.',
    example: `${anyId} 0`,
  },
  gettxoutsetinfo: {
    arguments: {
      hash_type: '"hash_serialized_3" or "none"; the first where nothing is said.',
      hash_or_height: 'Only null: coins are counted at the tip.',
      use_index: 'Of no account: there is no such index.',
    },
    result: 'An object: height, bestblock, txouts, bogosize, total_amount and more.',
    example: 'none',
  },
  gettxspendingprevout: {
    arguments: { outputs: 'A list of {"txid":"hex","vout":n}.' },
    result: 'The same list, with spendingtxid where one that waits spends it.',
    example: `'[{"txid":"${anyId}","vout":0}]'`,
  },
  scantxoutset: {
    arguments: {
      action: '"start", "abort" or "status".',
      scanobjects: 'A list of descriptors, as "addr(...)", "raw(hex)" or "combo(key)".',
    },
    result: 'An object: success, height, bestblock, unspents and total_amount.',
    example: 'start \'["raw(6a)"]\'',
  },
  sendrawtransaction: {
    arguments: {
      hexstring: 'The bytes of the payment.',
      maxfeerate: maxFeeRate,
      maxburnamount: 'Refuse it if it burns more than this; 0 where nothing is said.',
    },
    result: '"hex"    (string) The id of the payment.',
    example: '00',
  },
  testmempoolaccept: {
    arguments: { rawtxs: 'The bytes of 1 to 25 payments.', maxfeerate: maxFeeRate },
    result: 'A list: txid, wtxid, allowed, and vsize and fees or reject-reason of each.',
    example: '\'["00"]\'',
  },
  validateaddress: {
    arguments: { address: 'What might be an address.' },
    result: 'An object: isvalid, and scriptPubKey and what it is, or error.',
    example: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080',
  },
};
