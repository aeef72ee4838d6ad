/**
 * The program: every command with its words and its help. What a command does is in a file of its
 * own, loaded when it is called, so that no command pays for another.
 */
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { amount, feeRate, folder, whole } from './arguments.ts';
import { Desk, type GlobalOptions } from './desk.ts';

/** Runs a command at its desk, and lets go of what it opened, however it ends. */
async function atDesk(command: Command, run: (desk: Desk) => Promise<void>): Promise<void> {
  const desk = new Desk(command.optsWithGlobals<GlobalOptions>());
  try {
    await run(desk);
  } finally {
    await desk.close();
  }
}

export function buildProgram(): Command {
  const program = new Command('chain')
    .description('A proof-of-work blockchain on your own machine, by the rules of Bitcoin.')
    .version(readVersion(), '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', examples(['createwallet --label alice', 'mine', 'printchain']));
  for (const option of [
    setting('--network <name|file>', 'main, regtest, or the file of a network').default('main'),
    setting('--datadir <dir>', 'where all data goes').argParser(folder),
    setting('--json', 'answer with JSON'),
    setting('--quiet', 'print the answer and errors only'),
    setting('--verbose', 'tell more of an error'),
  ]) {
    program.addOption(option);
  }
  for (const make of [createWallet, getBalance, send, mine, printChain, status]) {
    const command = make().helpOption('--help', 'print this help');
    program.addCommand(command.configureHelp({ showGlobalOptions: true }));
  }
  return program;
}

function createWallet(): Command {
  return new Command('createwallet')
    .description('make a wallet: twelve words, and its first address')
    .addOption(setting('--label <name>', 'what to call it'))
    .addHelpText('after', examples(['createwallet', 'createwallet --label alice']))
    .action(async (options, command) => {
      const { createWallet } = await import('./createwallet.ts');
      await atDesk(command, (desk) => createWallet(desk, options));
    });
}

function getBalance(): Command {
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

function send(): Command {
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

function mine(): Command {
  return new Command('mine')
    .description('mine blocks now')
    .addOption(setting('--blocks <n>', 'how many').argParser(whole(1)).default(1))
    .addOption(setting('--to <address|label>', 'who is paid; else your first wallet'))
    .addHelpText('after', examples(['mine', 'mine --blocks 11 --to alice']))
    .action(async (options, command) => {
      const { mine } = await import('./mine.ts');
      await atDesk(command, (desk) => mine(desk, options));
    });
}

function printChain(): Command {
  return new Command('printchain')
    .description('print the blocks, the newest first')
    .addOption(setting('--limit <n>', 'how many').argParser(whole(1)).default(10))
    .addOption(setting('--from <height>', 'the height to begin at').argParser(whole(0)))
    .addOption(setting('--all', 'side branches too'))
    .addHelpText('after', examples(['printchain', 'printchain --limit 1 --from 0']))
    .action(async (options, command) => {
      const { printChain } = await import('./printchain.ts');
      await atDesk(command, (desk) => printChain(desk, options));
    });
}

function status(): Command {
  return new Command('status')
    .description('one look at everything')
    .addHelpText('after', examples(['status', 'status --json']))
    .action(async (_options, command) => {
      const { status } = await import('./status.ts');
      await atDesk(command, status);
    });
}

/** Commander's own mandatory options would be missed before a mistyped one is found. */
function demand(command: Command, names: readonly string[]): void {
  const missing = names.find((name) => command.getOptionValue(name) === undefined);
  if (missing) command.error(`option '--${missing}' is missing; chain send --help has examples`);
}

/** An option that can be given by environment too: `--fee-rate` as CHAIN_FEE_RATE. */
function setting(flags: string, description: string): Option {
  const option = new Option(flags, description);
  const name = `CHAIN_${option.attributeName().replace(/[A-Z]/g, '_$&').toUpperCase()}`;
  // To Commander a variable counts once it is there, which nobody expects of CHAIN_JSON=0.
  const off = option.isBoolean() ? ['', '0', 'false'] : [''];
  return off.includes(process.env[name] ?? 'unset') ? option : option.env(name);
}

function examples(commands: readonly string[]): string {
  return `\nTry the following:\n${commands.map((each) => `  $ chain ${each}`).join('\n')}\n`;
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  return version;
}
