/** The way in: reads the command line, runs the command, and says in one line what went wrong. */
import { styleText } from 'node:util';
import { CommanderError } from 'commander';
import { Fault } from '../primitives/fault.ts';
import { buildProgram } from './program.ts';

/** Runs `chain` with these words. The exit code is 0 done, 1 refused or failed, 2 wrong usage. */
export async function main(words: readonly string[]): Promise<void> {
  process.stdout.on('error', leaveQuietly);
  const program = buildProgram();
  for (const command of [program, ...program.commands]) {
    // What is wrong with the usage is said below, as every other error.
    command.exitOverride().configureOutput({ outputError: () => {}, writeErr: () => {} });
  }
  try {
    if (words.length === 0) program.outputHelp();
    else await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    process.exitCode = report(error, words);
  }
}

/** Whoever read the answer has seen enough, as `head` has; what was done is on the disk. */
function leaveQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
}

function report(error: unknown, words: readonly string[]): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const isUsage = error instanceof CommanderError;
  const { code, message } = wordsFor(error);
  if (has('--json', words)) {
    process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
  } else process.stderr.write(`${errorWord()} ${code}: ${message}\n`);
  if (has('--verbose', words) && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return isUsage ? 2 : 1;
}

/** In red on a terminal, unless NO_COLOR says otherwise. */
function errorWord(): string {
  return styleText('red', 'error:', { stream: process.stderr });
}

function wordsFor(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof CommanderError) {
    // Commander's way of saying that there is no command, or none that `help` could tell of.
    const isHelp = error.code === 'commander.help';
    if (isHelp) return { code: 'usage', message: 'name a command; chain --help lists them' };
    const message = oneLine(error.message.replace(/^error: /, ''));
    // What is in a wrong place may be a secret: it is not repeated where others see or keep it.
    const discreet = message.replace(/(got \d+): .*$/, '$1').replace(/('--[\w-]+)=.*'/, "$1'");
    return { code: 'usage', message: discreet };
  }
  if (error instanceof Fault) return { code: error.code, message: oneLine(error.message) };
  return { code: 'internal', message: `${oneLine(String(error))}; please report this` };
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}

/** Before the command line is understood, and after it was not. */
function has(option: string, words: readonly string[]): boolean {
  const variable = process.env[`CHAIN_${option.slice(2).toUpperCase()}`] ?? '';
  return words.includes(option) || !['', '0', 'false'].includes(variable);
}
