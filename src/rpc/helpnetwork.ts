/** What help tells of the methods of miners and of the network; see `help.ts`. */
import type { HelpText } from './help.ts';

const nothing = 'null    (json null)';
const anyAddress = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';

export const networkHelp: Readonly<Record<string, HelpText>> = {
  addnode: {
    arguments: {
      node: 'Its address, as host:port or as a multiaddr.',
      command: '"add" to stay connected, "remove" to forget it, "onetry" to try once.',
      v2transport: 'BIP324, which is not spoken here: only false.',
    },
    result: nothing,
    example: '192.168.0.6:9333 add',
  },
  clearbanned: { result: nothing },
  disconnectnode: {
    arguments: {
      address: 'Its address as getpeerinfo tells it, or "" where nodeid is given.',
      nodeid: 'Its id as getpeerinfo tells it.',
    },
    result: nothing,
    example: '192.168.0.6:9333',
  },
  generateblock: {
    arguments: {
      output: 'The address that is paid.',
      transactions: 'A list of payments, each as hex or as the id of one that waits.',
      submit: 'Take the block; true where nothing is said.',
    },
    result: 'An object: hash, and hex where it is not submitted.',
    example: `${anyAddress} '[]'`,
  },
  generatetoaddress: {
    arguments: {
      nblocks: 'How many blocks.',
      address: 'Who is paid.',
      maxtries: 'Taken, and of no account: it tries until it finds.',
    },
    result: 'A list of the hashes of the blocks.',
    example: `1 ${anyAddress}`,
  },
  getaddednodeinfo: {
    arguments: { node: 'Only this one, as it was added.' },
    result: 'A list of addednode, connected and addresses.',
    example: '192.168.0.6:9333',
  },
  getblocktemplate: {
    arguments: {
      template_request: '{"rules":["segwit"]}, or {"mode":"proposal","data":"hex"}.',
    },
    result:
      'The template: version, previousblockhash, transactions, target, height and more; of a\n' +
      'proposal null, or why it would be refused.',
    example: '\'{"rules":["segwit"]}\'',
  },
  getconnectioncount: { result: 'n    (numeric) How many peers are connected.' },
  getmininginfo: {
    result: 'An object: blocks, bits, difficulty, target, networkhashps, pooledtx, next and more.',
  },
  getnettotals: {
    result: 'An object: totalbytesrecv, totalbytessent, timemillis and uploadtarget.',
  },
  getnetworkhashps: {
    arguments: {
      nblocks: 'Over how many blocks, 120 where nothing is said; -1 since the last retarget.',
      height: 'Up to which height; -1 for the tip, as where nothing is said.',
    },
    result: 'n    (numeric) Hashes a second.',
    example: '144 1000',
  },
  getnetworkinfo: {
    result: 'An object: version, subversion, networkactive, connections, relayfee and more.',
  },
  getpeerinfo: {
    result: 'A list: id, addr, bytessent, bytesrecv, pingtime, subver, inbound and more of each.',
  },
  listbanned: {
    result: 'A list: address, ban_created, banned_until, ban_duration and time_remaining of each.',
  },
  ping: { result: `${nothing}; getpeerinfo tells the time that it took.` },
  getprioritisedtransactions: {
    result: 'An object: fee_delta, in_mempool and modified_fee of each by its id.',
  },
  prioritisetransaction: {
    arguments: {
      txid: 'The id of the payment.',
      dummy: 'Only 0 or null.',
      fee_delta: 'Base units that its fee is taken to be higher by; below 0, lower.',
    },
    result: 'true    (boolean)',
    example: `${'ab'.repeat(32)} 0 10000`,
  },
  setban: {
    arguments: {
      subnet: 'An address, a subnet as 10.0.0.0/8, or the key of a peer.',
      command: '"add" or "remove".',
      bantime: 'Seconds; a day where it is 0 or nothing is said.',
      absolute: 'Is bantime a time since 1970? False where nothing is said.',
    },
    result: nothing,
    example: '192.168.0.0/24 add 3600',
  },
  setnetworkactive: {
    arguments: { state: 'On or off.' },
    result: 'true|false    (boolean) What was asked for.',
    example: 'true',
  },
  submitblock: {
    arguments: { hexdata: 'The bytes of the block.', dummy: 'Of no account; BIP22 has it.' },
    result:
      'null where it is the new tip; else a word as "duplicate" or why it was refused. BIP22.',
    example: '00',
  },
  submitheader: {
    arguments: { hexdata: 'The 80 bytes of the header.' },
    result: nothing,
    example: '00',
  },
};
