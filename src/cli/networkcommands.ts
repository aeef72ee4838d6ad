/** The commands of networks: their words and their help. */
import { Command } from 'commander';
import { file, peer, whole } from './arguments.ts';
import { atDesk, demand, examples, setting } from './option.ts';

export function createNetwork(): Command {
  const seconds = '<seconds>';
  return new Command('createnetwork')
    .description('make a network of your own: its file, for all who take part')
    .addOption(setting('--name <name>', 'a-z, 0-9 and -, also the folder of its data'))
    .addOption(setting('--message <text>', 'stands in its first block for ever, 97 bytes at most'))
    .addOption(
      setting('--difficulty <rule>', 'how it sets its pace')
        .choices(['asert', 'bitcoin', 'none'])
        .default('asert'),
    )
    .addOption(setting(`--spacing ${seconds}`, 'from block to block; else 15').argParser(whole(0)))
    .addOption(
      setting(`--half-life ${seconds}`, 'of asert; else 40 times the spacing').argParser(whole(0)),
    )
    .addOption(
      setting(`--max-future ${seconds}`, 'how far a block may be ahead').argParser(whole(0)),
    )
    .addOption(setting('--subsidy <coins>', 'what the first blocks mint').default('50'))
    .addOption(
      setting('--halving <n>', 'after how many blocks that halves')
        .argParser(whole(0))
        .default(210_000),
    )
    .addOption(
      setting('--maturity <n>', 'how deep minted coins must lie').argParser(whole(0)).default(10),
    )
    .addOption(setting('--prefix <letters>', 'what addresses begin with').default('tc'))
    .addOption(setting('--port <n>', 'where its nodes listen').argParser(whole(0)).default(3000))
    .addOption(
      setting('--peer <address>', 'a node to begin with, like /ip4/10.0.0.1/tcp/3000').argParser(
        peer,
      ),
    )
    .addOption(setting('--file <path>', 'where to write it; else <name>.json').argParser(file))
    .addHelpText(
      'after',
      examples([
        'createnetwork --name class-2026 --message "Our chain"',
        'createnetwork --name fast --message Hi --difficulty none',
      ]),
    )
    .action(async (options, command) => {
      demand(command, ['name', 'message']);
      const { createNetwork } = await import('./createnetwork.ts');
      await atDesk(command, (desk) => createNetwork(desk, options));
    });
}
