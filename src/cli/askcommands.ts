/** The commands that ask for one thing: their words and their help. */
import { Command } from 'commander';
import { block, transactionId, whole } from './arguments.ts';
import { atChainDesk, atDesk, examples, setting } from './option.ts';

export function getBlock(): Command {
  return new Command('getblock')
    .description('one block, with what is in it')
    .argument('<hash|height>', 'which one', block)
    .addHelpText('after', examples(['getblock 0', 'getblock 11 --json']))
    .action(async (at, _options, command) => {
      const { getBlock } = await import('./getblock.ts');
      await atChainDesk(command, (desk) => getBlock(desk, at));
    });
}

export function getTransaction(): Command {
  return new Command('gettx')
    .description('one transaction: what it moves, what it pays, and where it is')
    .argument('<txid>', 'which one', transactionId)
    .addHelpText('after', examples(['gettx 5078…', 'gettx 5078… --json']))
    .action(async (id, _options, command) => {
      const { getTransaction } = await import('./gettx.ts');
      await atChainDesk(command, (desk) => getTransaction(desk, id));
    });
}

export function history(): Command {
  return new Command('history')
    .description('what happened to an address or a wallet, the newest first')
    .argument('<address|label>', 'whose')
    .addOption(setting('--limit <n>', 'how many; else all').argParser(whole(1)))
    .addHelpText('after', examples(['history alice', 'history alice --limit 10']))
    .action(async (name, options, command) => {
      const { history } = await import('./history.ts');
      await atDesk(command, (desk) => history(desk, name, options));
    });
}

export function mempool(): Command {
  return new Command('mempool')
    .description('the payments that wait for a block, those that pay most first')
    .addHelpText('after', examples(['mempool', 'mempool --json']))
    .action(async (_options, command) => {
      const { mempool } = await import('./mempool.ts');
      await atChainDesk(command, mempool);
    });
}
