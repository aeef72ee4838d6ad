/** The log of a node: lines for people, or with `--json` one record a line for programs. */
import type { GlobalOptions } from './desk.ts';

/** From the gravest on. */
const levels = ['error', 'warn', 'info', 'debug'] as const;
type Level = (typeof levels)[number];

/** What is told beside the sentence. */
export type Facts = Readonly<Record<string, string | number>>;

export class Log {
  readonly #isJson: boolean;
  /** The least grave that is still told. */
  readonly #last: Level;

  readonly #output: NodeJS.WritableStream;

  constructor(
    { json = false, quiet = false, verbose = false }: GlobalOptions,
    output: NodeJS.WritableStream = process.stdout,
  ) {
    this.#output = output;
    this.#isJson = json;
    this.#last = verbose ? 'debug' : quiet ? 'warn' : 'info';
  }

  error(message: string, facts: Facts = {}): void {
    this.#write('error', message, facts);
  }

  warn(message: string, facts: Facts = {}): void {
    this.#write('warn', message, facts);
  }

  info(message: string, facts: Facts = {}): void {
    this.#write('info', message, facts);
  }

  debug(message: string, facts: Facts = {}): void {
    this.#write('debug', message, facts);
  }

  #write(level: Level, message: string, facts: Facts): void {
    if (levels.indexOf(level) > levels.indexOf(this.#last)) return;
    const time = new Date().toISOString();
    const told = Object.entries(facts).map(([name, fact]) => ` ${name}=${fact}`);
    const line = this.#isJson
      ? JSON.stringify({ time, level, message, ...facts })
      : `${time} ${level.padEnd(5)} ${message}${told.join('')}`;
    this.#output.write(`${line}\n`);
  }
}
