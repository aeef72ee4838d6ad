/** The commands of wallets: their words and their help. */
import { Command } from 'commander';
import { amount, feeRate } from './arguments.ts';
import { atDesk, demand, examples, setting } from './option.ts';

export function createWallet(): Command {
  return new Command('createwallet')
    .description('make a wallet: twelve words, and its first address')
    .addOption(setting('--label <name>', 'what to call it'))
    .addHelpText('after', examples(['createwallet', 'createwallet --label alice']))
    .action(async (options, command) => {
      const { createWallet } = await import('./createwallet.ts');
      await atDesk(command, (desk) => createWallet(desk, options));
    });
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
