/** Wrong uses of the command line: each is refused in one line, and changes nothing. */
import { bech32, bech32m } from '@scure/base';
import { beforeAll, describe, expect, test } from 'vitest';
import { ask, grownFolder, refused, walletFiles } from './terminal.ts';

let grown: string;
beforeAll(async () => {
  grown = await grownFolder();
});

/** Words, the code of the error, and a part of what it says. */
type Wrong = readonly [words: string, code: string, says?: string];

const anyProgram = bech32.toWords(new Uint8Array(20).fill(7));
const foreign = bech32.encode('bcrt', [0, ...anyProgram]);
const ofMain = bech32.encode('tc', [0, ...anyProgram]);
const ofBitcoin = bech32.encode('bc', [0, ...anyProgram]);
const scriptHash = bech32.encode('bcrt', [0, ...bech32.toWords(new Uint8Array(32).fill(7))]);
const offCurve = bech32m.encode('bcrt', [1, ...bech32.toWords(new Uint8Array(32))]);
const typo = foreign.slice(0, -1) + (foreign.endsWith('q') ? 'p' : 'q');
const mixed = foreign.slice(0, -1) + foreign.slice(-1).toUpperCase();

const pay = 'send --from alice --to bob --amount';
const notAmount = 'is not an amount';
const notRate = 'is not a fee rate';

const wrongWords: readonly Wrong[] = [
  ['snd', 'usage', "unknown command 'snd' (Did you mean send?)"],
  ['help snd', 'usage', 'name a command'],
  ['--quiet', 'usage', 'name a command'],
  ['send --amuont 1', 'usage', "unknown option '--amuont' (Did you mean --amount?)"],
  ['status --datdir x', 'usage', 'Did you mean --datadir?'],
  ['--datadir= status', 'usage', 'is not a folder'],
  ['status --datadir', 'usage', 'argument missing'],
  ['status --datadir --quiet', 'usage', 'is not a folder'],
  ['status now', 'usage', 'too many arguments'],
  ['createwallet bob', 'usage', 'too many arguments'],
  ['getbalance alice bob', 'usage', 'too many arguments'],
  ['mine --blocks 0', 'usage', "'0' is not a whole number from 1 on"],
  ['mine --blocks -1', 'usage', "'-1' is not a whole number from 1 on"],
  ['mine --blocks 1.5', 'usage'],
  ['mine --blocks x', 'usage'],
  ['mine --blocks 9999999999', 'usage'],
  ['printchain --limit 0', 'usage', "'0' is not a whole number from 1 on"],
  ['printchain --from -1', 'usage', "'-1' is not a whole number from 0 on"],
  ['printchain --from tip', 'usage'],
  ['status --network nope', 'unknown-network', 'built in: main, regtest'],
];

const wrongPayments: readonly Wrong[] = [
  ['send --amount 1', 'usage', "option '--to' is missing"],
  ['send --to bob', 'usage', "option '--amount' is missing"],
  [`${pay} -1`, 'usage', notAmount],
  [`${pay} 0`, 'usage', 'an amount is above zero'],
  [`${pay} 0.00000000`, 'usage', 'an amount is above zero'],
  [`${pay} 0.000000001`, 'usage', notAmount],
  [`${pay} 1e3`, 'usage', notAmount],
  [`${pay} abc`, 'usage', notAmount],
  [`${pay}=`, 'usage', notAmount],
  [`${pay} 1,5`, 'usage', notAmount],
  [`${pay} .5`, 'usage', notAmount],
  [`${pay} 21000001`, 'usage', notAmount],
  [`${pay} 0.00000293`, 'amount-dust', 'send 0.00000294 at least'],
  [`${pay} 100`, 'insufficient-funds', 'there are 100.00000000 coins to spend'],
  [`${pay} 21000000`, 'insufficient-funds'],
  [`${pay} 1 --fee-rate 0`, 'usage', notRate],
  [`${pay} 1 --fee-rate 0.5`, 'usage', notRate],
  [`${pay} 1 --fee-rate abc`, 'usage', notRate],
  [`${pay} 1 --fee-rate 999999`, 'fee-too-high', 'choose a lower --fee-rate'],
  [`${pay} 1 --memo ${'m'.repeat(81)}`, 'memo-too-long', 'this one has 81'],
  [`${pay} 1 --memo ${'€'.repeat(27)}`, 'memo-too-long', 'this one has 81'],
  ['send --to bob --amount 1', 'which-wallet', 'say --from one of'],
  ['send --from bob --to alice --amount 1', 'no-coins'],
  ['send --from bob --to alice --amount all', 'no-coins'],
  ['send --from carol --to bob --amount 1', 'unknown-label', 'there is: alice, bob'],
  ['send --from ALICE --to bob --amount 1', 'unknown-label', 'there is: alice, bob'],
  [`send --from ${foreign} --to bob --amount 1`, 'not-yours', foreign],
];

const wrongNames: readonly Wrong[] = [
  ['getbalance alice --address bob', 'which-balance', 'not both'],
  ['getbalance carol', 'unknown-label', 'there is: alice, bob'],
  ['mine --to carol', 'unknown-label', 'there is: alice, bob'],
  ...['send --from alice --amount 1 --to', 'getbalance'].flatMap((words): readonly Wrong[] => [
    [`${words} ${ofMain}`, 'bad-address', "here they begin with 'bcrt1'"],
    [`${words} ${ofBitcoin}`, 'bad-address', 'an address of another network'],
    [`${words} ${typo}`, 'bad-address', 'its checksum is wrong'],
    [`${words} ${mixed}`, 'bad-address'],
    [`${words} ${scriptHash}`, 'bad-address', 'witness version 0, 32 bytes'],
  ]),
  [`send --from alice --amount 1 --to ${offCurve}`, 'address-unspendable'],
  ['createwallet --label alice', 'label-taken', "a wallet 'alice' already"],
  ['createwallet --label Bob', 'label-taken', "a wallet 'bob' already"],
  ['createwallet --label ../alice', 'bad-label'],
  ['createwallet --label=', 'bad-label'],
  ['createwallet --label -x', 'bad-label'],
  [`createwallet --label ${'l'.repeat(33)}`, 'bad-label', 'write 1 to 32 letters'],
  [`createwallet --label ${foreign}`, 'bad-label'],
  // The shortest address-like text, from BIP173.
  ['createwallet --label A12UEL5L', 'bad-label', 'it looks like an address'],
];

describe('no wrong use changes anything:', () => {
  let files: ReadonlyMap<string, string>;
  let told: readonly unknown[];
  const look = () =>
    Promise.all(
      [['status'], ['getbalance'], ['printchain', '--limit', '1']].map((words) =>
        ask(words, { datadir: grown }),
      ),
    );
  beforeAll(async () => {
    files = walletFiles(grown);
    told = await look();
  });

  const table = [...wrongWords, ...wrongPayments, ...wrongNames];
  test.concurrent.for(table)('`chain %s` is refused as %s', async ([words, code, says]) => {
    await refused(words.split(' '), { datadir: grown }, code, says);
    expect(walletFiles(grown)).toEqual(files);
  });

  test('the chain and all balances are as before', async () => {
    expect(await look()).toEqual(told);
  });
});
