/** The commands that look after the database: their words and their help. */
import { Command } from 'commander';
import { file } from './arguments.ts';
import { atChainDesk, examples, setting } from './option.ts';

export function exportChain(): Command {
  return new Command('export')
    .description("write the chain's blocks into a file, as Bitcoin's bootstrap.dat")
    .argument('<file>', 'a file that is not there yet', file)
    .addHelpText('after', examples(['export bootstrap.dat']))
    .action(async (path, _options, command) => {
      const { exportChain } = await import('./export.ts');
      await atChainDesk(command, (desk) => exportChain(desk, path));
    });
}

export function importChain(): Command {
  return new Command('import')
    .description('take the blocks of such a file, in whichever order they are')
    .argument('<file>', "what export wrote, or Bitcoin Core's own blocks of regtest", file)
    .addOption(setting('--no-index', 'keep no transaction and address indexes'))
    .addHelpText('after', examples(['import bootstrap.dat', 'import blk00000.dat']))
    .action(async (path, options, command) => {
      const { importChain } = await import('./import.ts');
      await atChainDesk(command, (desk) => importChain(desk, path, options));
    });
}

export function verify(): Command {
  return new Command('verify')
    .description('check every block, every coin and every index')
    .addHelpText('after', examples(['verify']))
    .action(async (_options, command) => {
      const { verify } = await import('./verify.ts');
      await atChainDesk(command, verify);
    });
}

export function reindex(): Command {
  return new Command('reindex')
    .description('build the database anew from its blocks, when it is damaged')
    .addOption(setting('--no-index', 'without transaction and address indexes'))
    .addOption(setting('--only-index', 'nothing but these indexes').conflicts('index'))
    .addHelpText('after', examples(['reindex', 'reindex --only-index', 'reindex --no-index']))
    .action(async (options, command) => {
      const { reindex } = await import('./reindex.ts');
      await atChainDesk(command, (desk) => reindex(desk, options));
    });
}

export function clear(): Command {
  return new Command('clear')
    .description('forget the chain of this network and begin anew; wallets are kept')
    .addHelpText('after', examples(['clear', 'clear --network regtest']))
    .action(async (_options, command) => {
      const { clear } = await import('./clear.ts');
      await atChainDesk(command, clear);
    });
}
