/** The commands of the chain: their words and their help. */
import { Command } from 'commander';
import { whole } from './arguments.ts';
import { atChainDesk, atDesk, examples, setting, threads } from './option.ts';

export function mine(): Command {
  return new Command('mine')
    .description('mine blocks now')
    .addOption(setting('--blocks <n>', 'how many').argParser(whole(1)).default(1))
    .addOption(setting('--to <address|label>', 'who is paid; else your first wallet'))
    .addOption(threads())
    .addOption(setting('--no-index', 'keep no transaction and address indexes'))
    .addHelpText('after', examples(['mine', 'mine --blocks 11 --to alice']))
    .action(async (options, command) => {
      const { mine } = await import('./mine.ts');
      await atDesk(command, (desk) => mine(desk, options));
    });
}

export function printChain(): Command {
  return new Command('printchain')
    .description('print the blocks, the newest first')
    .addOption(setting('--limit <n>', 'how many').argParser(whole(1)).default(10))
    .addOption(setting('--from <height>', 'the height to begin at').argParser(whole(0)))
    .addOption(setting('--all', 'side branches too'))
    .addHelpText('after', examples(['printchain', 'printchain --limit 1 --from 0']))
    .action(async (options, command) => {
      const { printChain } = await import('./printchain.ts');
      await atChainDesk(command, (desk) => printChain(desk, options));
    });
}

export function status(): Command {
  return new Command('status')
    .description('one look at everything')
    .addHelpText('after', examples(['status', 'status --json']))
    .action(async (_options, command) => {
      const { status } = await import('./status.ts');
      await atChainDesk(command, status);
    });
}
