/** The commands that look after the database: their words and their help. */
import { Command } from 'commander';
import { file } from './arguments.ts';
import { atDesk, examples } from './option.ts';

export function exportChain(): Command {
  return new Command('export')
    .description("write the chain's blocks into a file, as Bitcoin's bootstrap.dat")
    .argument('<file>', 'a file that is not there yet', file)
    .addHelpText('after', examples(['export bootstrap.dat']))
    .action(async (path, _options, command) => {
      const { exportChain } = await import('./export.ts');
      await atDesk(command, (desk) => exportChain(desk, path));
    });
}

export function importChain(): Command {
  return new Command('import')
    .description('take the blocks of such a file, in whichever order they are')
    .argument('<file>', "what export wrote, or Bitcoin Core's own blocks of regtest", file)
    .addHelpText('after', examples(['import bootstrap.dat', 'import blk00000.dat']))
    .action(async (path, _options, command) => {
      const { importChain } = await import('./import.ts');
      await atDesk(command, (desk) => importChain(desk, path));
    });
}
