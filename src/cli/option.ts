/** Options of the command line, and what every command has in common. */
import { type Command, Option } from 'commander';
import { whole } from './arguments.ts';
import type { Desk, DeskWithoutWallets, GlobalOptions, WalletClasses } from './desk.ts';

/** Runs a command at its desk, and lets go of what it opened, however it ends. */
export async function atDesk(command: Command, run: (desk: Desk) => Promise<void>): Promise<void> {
  const { Keyring } = await import('./keyring.ts');
  const { WalletFiles } = await import('./walletfiles.ts');
  await runAt(command, run, { Keyring, WalletFiles });
}

/** The same for a command that asks for no wallet, and so does not wait for their code. */
export async function atChainDesk(
  command: Command,
  run: (desk: DeskWithoutWallets) => Promise<void>,
): Promise<void> {
  await runAt(command, run);
}

async function runAt(
  command: Command,
  run: (desk: Desk) => Promise<void>,
  classes?: WalletClasses,
): Promise<void> {
  const { Desk } = await import('./desk.ts');
  const desk = new Desk(command.optsWithGlobals<GlobalOptions>(), classes);
  try {
    await run(desk);
  } finally {
    await desk.close();
  }
}

/** Commander's own mandatory options would be missed before a mistyped one is found. */
export function demand(command: Command, names: readonly string[]): void {
  const missing = names.find((name) => command.getOptionValue(name) === undefined);
  if (missing) {
    const help = `chain ${command.name()} --help has examples`;
    command.error(`option '--${missing}' is missing; ${help}`);
  }
}

/** An option that can be given by environment too: `--fee-rate` as CHAIN_FEE_RATE. */
export function setting(flags: string, description: string): Option {
  const option = new Option(flags, description);
  const name = `CHAIN_${option.name().replaceAll('-', '_').toUpperCase()}`;
  // To Commander a variable counts once it is there, which nobody expects of CHAIN_JSON=0.
  const off = option.isBoolean() || option.negate ? ['', '0', 'false'] : [''];
  return off.includes(process.env[name] ?? 'unset') ? option : option.env(name);
}

export function examples(commands: readonly string[]): string {
  return `\nTry the following:\n${commands.map((each) => `  $ chain ${each}`).join('\n')}\n`;
}

/** How many threads search for blocks. */
export function threads(): Option {
  const description = 'how many threads mine; else one less than the machine has cores';
  return setting('--threads <n>', description).argParser(whole(1));
}
