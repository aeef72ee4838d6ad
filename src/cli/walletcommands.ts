/** The commands of wallets: their words and their help. */
import { Command, Option } from 'commander';
import { amount, feeRate, transactionId } from './arguments.ts';
import { atDesk, demand, examples, setting, threads } from './option.ts';

export function createWallet(): Command {
  return new Command('createwallet')
    .description('make a wallet: twelve words, and its first address')
    .addOption(setting('--label <name>', 'what to call it'))
    .addOption(protect())
    .addOption(passwordFile())
    .addHelpText(
      'after',
      examples([
        'createwallet',
        'createwallet --label alice',
        'createwallet --label savings --password',
      ]),
    )
    .action(async (options, command) => {
      const { createWallet } = await import('./createwallet.ts');
      await atDesk(command, (desk) => createWallet(desk, options));
    });
}

export function importWallet(): Command {
  return new Command('importwallet')
    .description('bring a wallet back from its words, which are read from stdin')
    .addOption(setting('--label <name>', 'what to call it'))
    .addOption(protect())
    .addOption(passwordFile())
    .addHelpText('after', examples(['importwallet', 'importwallet --label alice < words.txt']))
    .action(async (options, command) => {
      const { importWallet } = await import('./importwallet.ts');
      await atDesk(command, (desk) => importWallet(desk, options));
    });
}

export function exportWallet(): Command {
  return new Command('exportwallet')
    .description('show the words of a wallet again')
    .argument('<label>', 'which wallet')
    .addOption(passwordFile())
    .addHelpText(
      'after',
      examples(['exportwallet alice', 'exportwallet alice --password-file secret.txt']),
    )
    .action(async (label, options, command) => {
      const { exportWallet } = await import('./exportwallet.ts');
      await atDesk(command, (desk) => exportWallet(desk, label, options));
    });
}

export function newAddress(): Command {
  return new Command('newaddress')
    .description('a further address to be paid at')
    .argument('[label]', 'of which wallet; may be left out with one wallet')
    .addOption(setting('--taproot', 'of the kind P2TR'))
    .addHelpText('after', examples(['newaddress', 'newaddress alice --taproot']))
    .action(async (label, options, command) => {
      const { newAddress } = await import('./newaddress.ts');
      await atDesk(command, (desk) => newAddress(desk, label, options));
    });
}

export function listAddresses(): Command {
  return new Command('listaddresses')
    .description('every address of your wallets, and what is on it')
    .addHelpText('after', examples(['listaddresses', 'listaddresses --json']))
    .action(async (_options, command) => {
      const { listAddresses } = await import('./listaddresses.ts');
      await atDesk(command, listAddresses);
    });
}

/** Without a variable of its own: CHAIN_PASSWORD would be taken for the place of the password. */
function protect(): Option {
  return new Option('--password', 'put it under a password, which is asked for');
}

function passwordFile(): Option {
  return setting('--password-file <file>', 'a file whose first line is the password');
}

export function getBalance(): Command {
  return new Command('getbalance')
    .description('what you own, or what a wallet or an address does')
    .argument('[address|label]', 'whose; without it, all of your wallets')
    .addOption(setting('--address <address>', 'the same'))
    .addHelpText('after', examples(['getbalance', 'getbalance alice']))
    .action(async (name, options, command) => {
      const { getBalance } = await import('./getbalance.ts');
      await atDesk(command, (desk) => getBalance(desk, name, options));
    });
}

export function send(): Command {
  return new Command('send')
    .description('pay somebody')
    .addOption(setting('--from <address|label>', 'who pays; may be left out with one wallet'))
    .addOption(setting('--to <address|label>', 'who is paid'))
    .addOption(setting('--amount <coins|all>', 'how much, like 1.25').argParser(amount))
    .addOption(
      setting('--fee-rate <rate>', 'the fee in base units a virtual byte')
        .argParser(feeRate)
        .default(1_000n, '1'),
    )
    .addOption(setting('--memo <text>', 'words for all to read, 80 bytes at most'))
    .addOption(setting('--mine', 'and mine a block that holds it'))
    .addOption(threads())
    .addOption(passwordFile())
    .addHelpText(
      'after',
      examples([
        'send --from alice --to bob --amount 1.25 --mine',
        'send --to tc1q… --amount all --fee-rate 2.5',
      ]),
    )
    .action(async (options, command) => {
      demand(command, ['to', 'amount']);
      const { send } = await import('./send.ts');
      await atDesk(command, (desk) => send(desk, options));
    });
}

export function bump(): Command {
  return new Command('bump')
    .description('replace a payment of yours that waits by one with a higher fee')
    .argument('<txid>', 'which payment, as send named it', transactionId)
    .addOption(
      setting(
        '--fee-rate <rate>',
        'the new fee in base units a virtual byte; else the least that will do',
      ).argParser(feeRate),
    )
    .addOption(passwordFile())
    .addHelpText('after', examples(['bump 4a5e…', 'bump 4a5e… --fee-rate 12.5']))
    .action(async (id, options, command) => {
      const { bump } = await import('./bump.ts');
      await atDesk(command, (desk) => bump(desk, id, options));
    });
}
