/** What help tells of the methods that tell of blocks and of the program; see `help.ts`. */
import type { HelpText } from './help.ts';

const nothing = 'null    (json null)';
const timeout = 'Milliseconds; 0 for ever, as where nothing is said.';
const tip = 'An object: hash and height of the tip at the end.';
const anyHash = '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206';

export const chainHelp: Readonly<Record<string, HelpText>> = {
  getbestblockhash: { result: '"hex"    (string) The hash of the tip.' },
  getblock: {
    arguments: {
      blockhash: 'The hash of the block.',
      verbosity: '0 its bytes, 1 ids, 2 transactions and fees, 3 coins too; else 1.',
    },
    result: 'For 0 hex; else an object with the header, its place in the chain, sizes and tx.',
    example: `${anyHash} 2`,
  },
  getblockchaininfo: {
    result: 'An object: chain, blocks, headers, bestblockhash, difficulty, chainwork and more.',
  },
  getblockcount: { result: 'n    (numeric) The height of the tip.' },
  getblockhash: {
    arguments: { height: 'Of the block in the active chain; genesis has 0.' },
    result: '"hex"    (string) The hash of the block.',
    example: '1000',
  },
  getblockheader: {
    arguments: {
      blockhash: 'The hash of the block.',
      verbose: 'Tell its fields; true where nothing is said.',
    },
    result: 'An object with the fields of the header and its place in the chain, or hex.',
    example: `${anyHash} false`,
  },
  getblockstats: {
    arguments: {
      hash_or_height: 'The hash of the block as text, or its height as a number.',
      stats: 'The names of the figures that are wanted; all where nothing is said.',
    },
    result: 'An object: avgfee, feerate_percentiles, ins, outs, subsidy, totalfee and more.',
    example: '1000 \'["txs","totalfee"]\'',
  },
  getchaintips: {
    result: 'A list, the highest first, of height, hash, branchlen and status of every tip.',
  },
  getchaintxstats: {
    arguments: {
      nblocks: 'How many blocks are counted; a month of them where nothing is said.',
      blockhash: 'The last of them; the tip where nothing is said.',
    },
    result: 'An object: time, window_block_count, window_interval, window_tx_count, txrate.',
    example: '144',
  },
  getdeploymentinfo: {
    arguments: { blockhash: 'After which block; the tip where nothing is said.' },
    result: 'An object: hash, height, and by name of every rule whether it is active.',
  },
  getdifficulty: { result: 'n    (numeric) How many times harder than the easiest in Bitcoin.' },
  getindexinfo: {
    arguments: { index_name: 'Only the index of this name.' },
    result: 'An object: for every index whether it is synced, and its best_block_height.',
    example: 'txindex',
  },
  getrpcinfo: { result: 'An object: active_commands with method and duration (µs), and logpath.' },
  gettxoutproof: {
    arguments: {
      txids: 'The ids of the transactions, all of one block.',
      blockhash: 'That block; without it the index or an unspent output must lead there.',
    },
    result: '"hex"    (string) The header and a part of the tree, as MerkleBlock of BIP37.',
    example: `'["${'ab'.repeat(32)}"]'`,
  },
  invalidateblock: {
    arguments: { blockhash: 'The hash of the block.' },
    result: nothing,
    example: anyHash,
  },
  logging: {
    arguments: {
      include: 'Kinds to log in every detail, or ["all"].',
      exclude: 'Kinds to log so no more, even if they are in include.',
    },
    result: 'An object: for every kind, whether it is logged in every detail.',
    example: `'["mempool"]' '["validation"]'`,
  },
  preciousblock: {
    arguments: { blockhash: 'The hash of the block.' },
    result: nothing,
    example: anyHash,
  },
  reconsiderblock: {
    arguments: { blockhash: 'The hash of the block.' },
    result: nothing,
    example: anyHash,
  },
  waitforblock: {
    arguments: { blockhash: 'The hash that is waited for.', timeout },
    result: tip,
    example: `${anyHash} 1`,
  },
  waitforblockheight: {
    arguments: { height: 'The height that is waited for.', timeout },
    result: tip,
    example: '1000 1',
  },
  waitfornewblock: {
    arguments: {
      timeout,
      current_tip: 'Another one is waited for; the tip where nothing is said.',
    },
    result: tip,
    example: '1',
  },
  verifychain: {
    arguments: {
      checklevel: 'How thoroughly, from 0 to 4; 3 where nothing is said.',
      nblocks: 'How many blocks from the tip down; 6 where nothing is said, 0 for all.',
    },
    result: 'true|false    (boolean) Is all well?',
    example: '1 2',
  },
  help: {
    arguments: { command: 'The name of a method; all are listed where nothing is said.' },
    result: '"str"    (string) The text.',
    example: 'getblock',
  },
  setmocktime: {
    arguments: { timestamp: 'Seconds since 1970; 0 lets the clock run again.' },
    result: nothing,
    example: '1900000000',
  },
  stop: { result: '"str"    (string) That it stops.' },
  uptime: { result: 'n    (numeric) Seconds.' },
  verifytxoutproof: {
    arguments: { proof: 'What gettxoutproof gave, in hex.' },
    result: 'A list of the ids; empty where the proof is wrong. Not in the active chain: an error.',
    example: '00',
  },
};
